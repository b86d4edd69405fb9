import { init } from 'echarts'

/** A picture: bars beside each other, or curves. */
export type Chart = {
  readonly title: string
  readonly kind: 'bars' | 'curves'
  /** What the value axis shows, with its unit. */
  readonly valueName: string
  /** For very unlike values. @default false */
  readonly isLogarithmic?: boolean
  /** Names of the groups of bars, or of nothing where the curves have their own x. */
  readonly categories?: readonly string[]
  /** What the x axis of curves shows. */
  readonly xName?: string
  readonly series: readonly Series[]
}

/** A bar in each category, or a curve of points. `null` where there is no value. */
export type Series = {
  readonly name: string
  readonly values: readonly (number | null | readonly [x: number, y: number])[]
  /** A goal or a limit: drawn dashed. */
  readonly isLimit?: boolean
}

/** A value as a picture needs it: four digits, nothing where there is none. */
export function chartValue(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null
}

// Seen well on white and on black.
const INK = '#808890'
const COLOURS = [
  '#8a929a',
  '#2f9e6e',
  '#3f83d6',
  '#d9822b',
  '#c2589b',
  '#8f6bd1',
  '#c94f4f',
  '#4aa3a8',
  '#a08a3c',
]
const WIDTH = 860
const FONT = { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: 12, color: INK }
// A viewer's font may be wider than the one that echarts reckons with: each name has a line of its own, and room.
const LEGEND_ROW = 18
const LETTER = 7.2
const BELOW = 52

/** The picture as SVG: no script in it, and no background. */
export function draw(chart: Chart): string {
  const isOne = chart.series.length === 1
  const top = 40 + (isOne ? 0 : chart.series.length * LEGEND_ROW + 8)
  const height = top + plotHeight(chart) + BELOW
  const picture = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  try {
    picture.setOption({
      animation: false,
      color: isOne ? COLOURS.slice(1) : COLOURS,
      textStyle: FONT,
      title: { text: chart.title, left: 8, top: 6, textStyle: { ...FONT, fontSize: 14 } },
      legend: {
        show: !isOne,
        orient: 'vertical',
        top: 32,
        left: 8,
        textStyle: FONT,
        itemWidth: 14,
        itemHeight: 10,
        itemGap: 8,
      },
      grid: { left: leftOf(chart), right: 28, top, bottom: BELOW },
      ...(chart.kind === 'bars' ? bars(chart) : curves(chart)),
    })
    return settled(picture.renderToSVGString())
  } finally {
    picture.dispose()
  }
}

/** Without what echarts counts up from picture to picture, and its styles for a pointer that is never there. */
function settled(svg: string): string {
  return svg
    .replace(/<style[^>]*>.*?<\/style>\n?/gs, '')
    .replace(/ class="[^"]*"| pointer-events="[^"]*"/g, '')
    .replace(/zr\d+-/g, 'zr-')
}

function plotHeight({ kind, categories = [], series }: Chart): number {
  return kind === 'curves' ? 300 : categories.length * (series.length * 11 + 12)
}

function leftOf({ kind, categories = [] }: Chart): number {
  return kind === 'curves' ? 70 : Math.max(...categories.map(({ length }) => length)) * LETTER + 16
}

function valueAxis(chart: Chart) {
  const common = { name: chart.valueName, nameLocation: 'middle' as const, ...axisStyle() }
  if (!chart.isLogarithmic) return { type: 'value' as const, ...common }
  const least = powerBelow(chart)
  return { type: 'log' as const, min: least, startValue: least, ...common }
}

/** Bars begin there: the power of ten below the smallest value. */
function powerBelow({ series }: Chart): number {
  const values = series.flatMap(one => one.values.filter(value => typeof value === 'number' && value > 0))
  return 10 ** Math.floor(Math.log10(Math.min(...(values as number[]))))
}

function axisStyle() {
  return {
    nameTextStyle: FONT,
    axisLabel: FONT,
    axisLine: { onZero: false, lineStyle: { color: INK } },
    splitLine: { lineStyle: { color: INK, opacity: 0.25 } },
  }
}

/** Lying, so that the names of the categories have room. */
function bars(chart: Chart) {
  return {
    xAxis: { ...valueAxis(chart), nameGap: 28 },
    yAxis: { type: 'category' as const, data: [...(chart.categories ?? [])], inverse: true, ...axisStyle() },
    series: chart.series.map(({ name, values }) => ({
      type: 'bar' as const,
      name,
      silent: true,
      data: values.map(value => (typeof value === 'number' ? value : '-')),
    })),
  }
}

function curves(chart: Chart) {
  const name = chart.xName ?? ''
  return {
    xAxis: { type: 'value' as const, name, nameLocation: 'middle' as const, nameGap: 28, ...axisStyle() },
    yAxis: { ...valueAxis(chart), nameGap: 48 },
    series: chart.series.map(({ name, values, isLimit = false }) => ({
      type: 'line' as const,
      name,
      silent: true,
      showSymbol: values.length < 20,
      lineStyle: { width: isLimit ? 1 : 2, type: isLimit ? ('dashed' as const) : ('solid' as const) },
      data: values.flatMap(value => (typeof value === 'object' && value !== null ? [[...value]] : [])),
    })),
  }
}
