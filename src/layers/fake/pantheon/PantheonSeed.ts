/** Numbers and ids that look random and are the same for the same seed and name, in whatever order they are asked for. */

export interface Seeded {
  /** From 0 up to 1, without 1. */
  readonly next: () => number
  /** A whole number from 0 up to `end`, without it. */
  readonly below: (end: number) => number
  readonly uuid: () => string
  /** Hexadecimal digits. */
  readonly hex: (length: number) => string
}

/** Its own sequence for every name. */
export const seeded = (seed: number, name: string): Seeded => {
  let state = hash(`${seed}/${name}`)
  // Mulberry32: one multiplication chain over a counter, plenty for names and sizes.
  const next = (): number => {
    state = state + 0x6d2b79f5 | 0
    let mixed = Math.imul(state ^ state >>> 15, 1 | state)
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join("")
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + below(4)).toString(16)}${hex(3)}-${hex(12)}`
  return { next, below, hex, uuid }
}

/** FNV-1a. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value
}
