import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { XMLValidator } from 'fast-xml-parser'
import { type Chart, draw } from '../../benchmarks/harness/chart.ts'

const BARS: Chart = {
  title: 'Bars & more',
  kind: 'bars',
  valueName: 'CPU s/GB',
  categories: ['video', 'call'],
  series: [
    { name: 'drain', values: [1, 2] },
    { name: 'reader', values: [3, null] },
  ],
}
const CURVES: Chart = {
  title: 'Curves',
  kind: 'curves',
  valueName: 'MB',
  xName: 'GB read',
  series: [
    { name: 'RSS', values: Array.from({ length: 100 }, (_, index) => [index, 100 + index] as const) },
    { name: 'limit', isLimit: true, values: [[0, 120] as const, [99, 120] as const] },
  ],
}

for (const chart of [BARS, CURVES]) {
  describe(`a picture of ${chart.kind}`, () => {
    const svg = draw(chart)

    it('is SVG that a browser shows as an image: well formed, and with no script in it', () => {
      assert.equal(XMLValidator.validate(svg), true)
      assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
      assert.doesNotMatch(svg, /<script|<foreignObject|javascript:|\son\w+=/)
    })

    it('names its axes and everything that it shows', () => {
      for (const { name } of chart.series) assert.equal(svg.includes(`>${name}<`), true, name)
      assert.equal(svg.includes(`>${chart.valueName}<`), true)
    })

    it('has no background, so that it is seen on white and on black', () => {
      assert.doesNotMatch(svg, /<rect[^>]*fill="(#fff|#ffffff|white|#000|black)/)
    })

    it('is small, and the same each time', () => {
      assert.equal(svg.length < 40_000, true)
      assert.equal(draw(chart), svg)
    })
  })
}
