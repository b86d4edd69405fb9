/** A phrase that readers had to decode, and the plain words for it. */
export type ProseRule = {
  readonly pattern: RegExp
  /** What to write instead. */
  readonly advice: string
}

/** Phrases of comments, of strings and of Markdown. */
export const PHRASES: readonly ProseRule[] = [
  {
    pattern:
      /(?:^|[.:;] )(?:What|Who|Whoever|Those (?:that|who)|Of (?:what|which|whom|the|a|each))\b[^?]*?(?=[.?;]|$)(?!\?)/g,
    advice: 'name the subject first: a sentence does not start with What, Who, Those that or Of',
  },
  {
    pattern: /(?<!\b(?:there|where) )\b(?:is|are|was|were|be) no (?!longer\b|more\b)[a-z]+/gi,
    advice: '"is not a …"',
  },
  { pattern: /\bto be had\b/gi, advice: '"available" or "unavailable"' },
  { pattern: /\banew\b/gi, advice: '"again"' },
  { pattern: /\b(?:is|are|was|were) under way\b|\bunder way\b/gi, advice: '"in progress"' },
  {
    pattern: /\bso (?:many|much|often|long|far into)\b(?! as\b| that\b)/gi,
    advice: '"N", "at most N" or "up to N"',
  },
  { pattern: /\bbehind (?:the|it|that|this|a|an|its|them|each|one|all)\b/gi, advice: '"after"' },
  { pattern: /\b(?:is|are|was|were|be|been) told\b/gi, advice: '"is notified" or "is reported"' },
  {
    pattern: /\btells? (?:of|it|so|that|whether|what|how)\b|\btelling of\b/gi,
    advice: '"reports", "says" or "notifies"',
  },
  {
    pattern: /\b(?:gives?|given|hands?|handed|passes|passed) on\b/gi,
    advice: '"emits", "pushes" or "delivers"',
  },
  { pattern: /\bheld back\b|\bholds? back\b/gi, advice: '"paused" or "buffered"' },
  { pattern: /\b(?:goes|go|went|going) on\b/gi, advice: '"continues" or "resumes"' },
  { pattern: /\bmust be a text\b|\bis a text\b/gi, advice: '"a non-empty string"' },
  { pattern: /\bto the end\b(?= (?:it|that|of what))/gi, advice: 'name what ends' },
  {
    pattern: /\b(?:takes|took) (?:nothing|all|none)\b/gi,
    advice: 'name the verb of the role: reads, accepts, acquires',
  },
  {
    pattern: /\bnobody\b|\bsomebody\b|\bwhoever\b/gi,
    advice: 'name the consumer, the producer or the caller',
  },
  { pattern: /\bknown again\b/gi, advice: '"recognised" or "deduplicated"' },
  { pattern: /\bat (?:its|their) word\b|\bof the word\b/gi, advice: 'say which value is used' },
]

/** Identifiers, and names of files. */
export const NAMES: readonly ProseRule[] = [
  {
    pattern: /\b(?:MOST|LONGEST|ENOUGH|LEAST|SHORTEST)_[A-Z_]+/g,
    advice: 'MAX_<THING>_<UNIT>, MIN_… or DEFAULT_…',
  },
  {
    pattern: /(?:^|(?<=[a-z_-]))(?:Lane|Outlet|Seam|Gate|ShortWay|Room|Notices|Placer)(?=$|[A-Z_-])/g,
    advice: 'no metaphor: output, splicer, limiter, fast path, preallocation, mapper',
  },
]
