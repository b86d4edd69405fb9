/** The known name that a misspelt one most likely stands for; `undefined` where none is near. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  const distances = known.map(candidate => ({ candidate, distance: distanceOf(wanted, plain(candidate)) }))
  const [best] = distances.toSorted((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= maxDistance(wanted) ? best.candidate : undefined
}

/** Case, dashes and underscores differ from language to language: `stream_arn`, `StreamARN`. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** A third of the letters may be wrong, and of a short name one. */
function maxDistance(name: string): number {
  return Math.max(SHARED_HEAD_DISTANCE, Math.floor(name.length / 3))
}

/** Zero for equal names, less than 1 where one begins or ends with the other, else the edits between them. */
function distanceOf(one: string, other: string): number {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (short.length < 3) return one === other ? 0 : Number.POSITIVE_INFINITY
  if (long.startsWith(short) || long.endsWith(short)) return 1 - short.length / long.length
  // `retry` and `retries`: half a name is too much to be a slip of the pen, and more than chance.
  const edits = editDistance(one, other)
  return sharesItsHead(short, long) ? Math.min(edits, SHARED_HEAD_DISTANCE) : edits
}

/** Farther than one slip of the pen. */
const SHARED_HEAD_DISTANCE = 1.5

function sharesItsHead(short: string, long: string): boolean {
  const headLength = Math.max(4, Math.ceil(long.length / 2))
  return short.length >= headLength && long.startsWith(short.slice(0, headLength))
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const above = rows[row - 1]!
      const cost = one[row - 1] === other[column - 1] ? 0 : 1
      const edits = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + cost)
      const isSwap =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current.push(isSwap ? Math.min(edits, rows[row - 2]![column - 2]! + 1) : edits)
    }
    rows.push(current)
  }
  return rows[one.length]![other.length]!
}
