import { ELEMENT_ROWS } from './elements.ts'

export type ElementType = 'master' | 'uinteger' | 'integer' | 'float' | 'string' | 'utf-8' | 'date' | 'binary'

/** A row of the generated table. */
export type ElementRow = readonly [
  id: number,
  name: string,
  type: string,
  parentId: number,
  more?: { readonly unknownSize?: true; readonly recursive?: true; readonly default?: number | string },
]

/** What the schema says of an element (RFC 8794, section 11.1). */
export type ElementDefinition = {
  readonly id: number
  readonly name: string
  readonly type: ElementType
  /** The id of the only element that may hold it; 0 for a root element, -1 for one that may be anywhere. */
  readonly parentId: number
  /** May hold, or lie in, an element of its own kind. */
  readonly recursive: boolean
  readonly default: number | string | undefined
}

export const ANYWHERE = -1
export const ROOT = 0

const definitions = new Map<number, ElementDefinition>(
  ELEMENT_ROWS.map(([id, name, type, parentId, more]) => [
    id,
    {
      id,
      name,
      type: type as ElementType,
      parentId,
      recursive: more?.recursive ?? false,
      default: more?.default,
    },
  ]),
)

/** The schema's word on an id; `undefined` for an id that it does not know. */
export function elementDefinition(id: number): ElementDefinition | undefined {
  return definitions.get(id)
}

/** The names that lead to an element, outermost first: `Segment/Info/TimestampScale`. */
export function schemaPath(element: ElementDefinition): string {
  const parent = definitions.get(element.parentId)
  return parent === undefined ? element.name : `${schemaPath(parent)}/${element.name}`
}

/** Whether the schema lets an element lie directly in a parent (`ROOT` at the top). */
export function isChildOf(element: ElementDefinition, parentId: number): boolean {
  if (element.parentId === ANYWHERE || element.parentId === parentId) return true
  return element.recursive && element.id === parentId
}
