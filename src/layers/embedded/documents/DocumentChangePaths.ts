/** Changes at paths of documents, which are not changed in place: what is on the way to a change is new, the rest is shared. */
import { invalid, shown } from "./DocumentFailure.ts"
import type { Test } from "./DocumentFilter.ts"
import { type Fields, identical, isDocument, own, put } from "./DocumentKinds.ts"

/** What becomes of the value at a path; `undefined` goes in when it is missing, and out when it shall be. */
export type Change = (value: unknown) => unknown

export interface At {
  readonly parts: ReadonlyArray<string>
  /** Whether documents on the way are made. */
  readonly creates: boolean
}

/** What `$`, `$[]` and `$[name]` stand for. */
export interface Positions {
  /** Index of the element that matched the filter; throws when none did. */
  readonly matched: (list: ReadonlyArray<string>) => number
  readonly filters: ReadonlyMap<string, Test>
}

/** How far a list may be filled up with nulls. */
const maxFill = 1_500_000

/** The value with the change done; the same one when nothing changed. */
export const change = (value: Fields, at: At, positions: Positions, how: Change): Fields =>
  inside(value, 0, at, positions, how) as Fields

const inside = (value: unknown, depth: number, at: At, positions: Positions, how: Change): unknown => {
  if (isDocument(value)) return inDocument(value, depth, at, positions, how)
  if (Array.isArray(value)) return inList(value, depth, at, positions, how)
  if (!at.creates) return value
  throw invalid(
    `cannot create the field ${at.parts[depth]} of ${at.parts.join(".")} in ${shown(value)}`,
    "PathNotViable"
  )
}

const below = (value: unknown, depth: number, at: At, positions: Positions, how: Change): unknown => {
  if (depth + 1 === at.parts.length) return how(value)
  if (value !== undefined) return inside(value, depth + 1, at, positions, how)
  if (!at.creates) return undefined
  const empty = {}
  const made = inside(empty, depth + 1, at, positions, how)
  return made === empty ? undefined : made
}

const inDocument = (value: Fields, depth: number, at: At, positions: Positions, how: Change): unknown => {
  const name = at.parts[depth]!
  if (name === "$" || name.startsWith("$[")) {
    throw invalid(`${at.parts.join(".")} wants a list at ${at.parts.slice(0, depth).join(".")}`)
  }
  const before = own(value, name)
  const after = below(before, depth, at, positions, how)
  if (after === before || after !== undefined && before !== undefined && identical(after, before)) return value
  const made = { ...value }
  if (after === undefined) delete made[name]
  else put(made, name, after)
  return made
}

const inList = (
  value: ReadonlyArray<unknown>,
  depth: number,
  at: At,
  positions: Positions,
  how: Change
): ReadonlyArray<unknown> => {
  let made: Array<unknown> | undefined
  for (const index of indexes(value, depth, at, positions)) {
    const before = value[index]
    const after = below(before, depth, at, positions, how)
    if (after === before || after !== undefined && before !== undefined && identical(after, before)) continue
    made ??= [...value]
    while (made.length < index) made.push(null)
    // An element that is unset leaves a hole: the others keep their places.
    made[index] = after ?? null
  }
  return made ?? value
}

const indexes = (
  value: ReadonlyArray<unknown>,
  depth: number,
  at: At,
  positions: Positions
): Iterable<number> => {
  const part = at.parts[depth]!
  if (part === "$") return [positions.matched(at.parts.slice(0, depth))]
  if (part === "$[]") return value.keys()
  if (part.startsWith("$[")) {
    const filter = positions.filters.get(part.slice(2, -1))
    if (filter === undefined) throw invalid(`no array filter is about ${part.slice(2, -1)} of ${at.parts.join(".")}`)
    return [...value.keys()].filter((index) => filter(value[index]))
  }
  if (/^(?:0|[1-9]\d{0,9})$/.test(part)) {
    const index = Number(part)
    if (index < value.length || at.creates && index <= value.length + maxFill) return [index]
    if (!at.creates) return []
    throw invalid(`${at.parts.join(".")} would fill a list up with more than ${maxFill} nulls`)
  }
  if (!at.creates) return []
  throw invalid(`cannot create the field ${part} of ${at.parts.join(".")} in a list`, "PathNotViable")
}

/** Why two paths cannot both be changed: one is the other, or inside of it. */
export const collide = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)
