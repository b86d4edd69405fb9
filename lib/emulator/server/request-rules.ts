/** What an operation's JSON body may hold: declared once for each operation, and the type of a checked body from it. */

/** A text member. */
export type StringRule = {
  readonly type: 'string'
  readonly required?: true
  readonly minLength?: number
  readonly maxLength?: number
  /** Must match the whole value. */
  readonly pattern?: RegExp
  readonly choices?: readonly string[]
  /** The exception for a breach. @default 'InvalidArgumentException' */
  readonly breachType?: string
}

/** A number member; a timestamp is one, in epoch seconds. */
export type NumberRule = {
  readonly type: 'number'
  readonly required?: true
  readonly min?: number
  readonly max?: number
  readonly integer?: true
}

/** A member that is an object of its own. */
export type StructureRule = {
  readonly type: 'structure'
  readonly required?: true
  readonly members: Members
  /** Members of which one at least must be there. */
  readonly oneOf?: readonly string[]
  /** `{ member: 'Type', needs: { NOW: undefined, FRAGMENT_NUMBER: 'AfterFragmentNumber' } }`: what a choice needs beside it. */
  readonly companions?: {
    readonly member: string
    readonly needs: Readonly<Record<string, string | undefined>>
  }
}

/** How many entries a list or a map may hold. */
type Size = {
  readonly minSize?: number
  readonly maxSize?: number
  /** The exception for too many entries. @default 'InvalidArgumentException' */
  readonly tooManyType?: string
}

/** A member that is a list. */
export type ListRule = Size & { readonly type: 'list'; readonly required?: true; readonly of: MemberRule }

/** A member that is an object with keys of the client's own choice, and texts. */
export type MapRule = Size & {
  readonly type: 'map'
  readonly required?: true
  readonly key: StringRule
  readonly value: StringRule
}

/** The rule of one member. */
export type MemberRule = StringRule | NumberRule | StructureRule | ListRule | MapRule

/** The rules of an object's members, by their names on the wire. */
export type Members = { readonly [name: string]: MemberRule }

/** The type of a body that fits the rules. */
export type RequestOf<M extends Members> = {
  readonly [K in keyof M as M[K] extends { required: true } ? K : never]: ValueOf<M[K]>
} & {
  readonly [K in keyof M as M[K] extends { required: true } ? never : K]?: ValueOf<M[K]>
}

type ValueOf<R> = R extends { type: 'string'; choices: readonly (infer C)[] }
  ? C
  : R extends { type: 'string' }
    ? string
    : R extends { type: 'number' }
      ? number
      : R extends { type: 'structure'; members: infer M extends Members }
        ? RequestOf<M>
        : R extends { type: 'list'; of: infer E }
          ? readonly ValueOf<E>[]
          : R extends { type: 'map' }
            ? Readonly<Record<string, string>>
            : never
