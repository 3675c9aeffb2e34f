/**
 * The ways in which programs write a secret down, and the matching of them in a text. Part of `core/Masking.ts`.
 */
import { Base64, Base64Url, Hex } from "effect/encoding"

/** A run of parts, each of which may be written in several ways. A text without special characters has one part with one way. */
export interface Spelling {
  readonly parts: ReadonlyArray<ReadonlyArray<string>>
  /** In UTF-16 units. */
  readonly maxLength: number
}

/**
 * Returns all spellings of a secret that are at least `minLength` long: escaped, hex, base64, and the same for its trimmed
 * form and for each long line of it, since logs and headers break texts there.
 */
export const of = (secret: string, minLength: number): ReadonlyArray<Spelling> => {
  const literals = new Set<string>()
  const spellings: Array<Spelling> = []
  for (const form of formsOf(secret.toWellFormed(), minLength)) {
    spellings.push(escaped(form))
    const bytes = new TextEncoder().encode(form)
    const hex = Hex.encode(bytes)
    for (const literal of [hex, hex.toUpperCase(), ...base64(bytes)]) {
      if (literal.length >= minLength) literals.add(literal)
    }
  }
  // Base64 has characters that are escaped in turn: `+`, `/` and `=` in a query, `/` in some JSON.
  return [...spellings, ...Array.from(literals, escaped)]
}

/** Returns where the longest match of `spelling` that begins at `start` ends, or -1. */
export const matchEnd = (spelling: Spelling, text: string, start: number): number => {
  const only = spelling.parts[0]!
  if (spelling.parts.length === 1 && only.length === 1) {
    return text.startsWith(only[0]!, start)
      ? start + only[0]!.length
      : -1
  }
  let ends: ReadonlyArray<number> = [start]
  for (const part of spelling.parts) {
    ends = advance(part, text, ends)
    if (ends.length === 0) return -1
  }
  return Math.max(...ends)
}

/** True when `text` ends in the middle of a `spelling` that begins at `start`, or where a longer match could go on. */
export const isCutOff = (spelling: Spelling, text: string, start: number): boolean => {
  let ends: ReadonlyArray<number> = [start]
  for (const part of spelling.parts) {
    if (ends.some((end) => part.some((way) => end + way.length > text.length && way.startsWith(text.slice(end))))) {
      return true
    }
    ends = advance(part, text, ends)
    if (ends.length === 0) return false
  }
  return false
}

/** Returns every text of `length` characters with which a match can begin. */
export const beginnings = (spelling: Spelling, length: number): ReadonlySet<string> => {
  let open = new Set([""])
  const done = new Set<string>()
  for (const part of spelling.parts) {
    const longer = new Set<string>()
    for (const beginning of open) {
      for (const way of part) {
        const next = beginning + way
        if (next.length >= length) done.add(next.slice(0, length))
        else longer.add(next)
      }
    }
    open = longer
    if (open.size === 0) break
  }
  return done
}

const advance = (part: ReadonlyArray<string>, text: string, ends: ReadonlyArray<number>): ReadonlyArray<number> => {
  const next = new Set<number>()
  for (const end of ends) {
    for (const way of part) if (text.startsWith(way, end)) next.add(end + way.length)
  }
  return [...next]
}

const spelling = (parts: ReadonlyArray<ReadonlyArray<string>>): Spelling => ({
  parts,
  maxLength: parts.reduce((sum, ways) => sum + ways.reduce((most, way) => Math.max(most, way.length), 0), 0)
})

/** Lines of a key file are as secret as the whole; lines with spaces are prose or structure. */
const longLine = 16

const formsOf = (secret: string, minLength: number): ReadonlySet<string> => {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  const forms = new Set([secret])
  if (secret.trim().length >= minLength) forms.add(secret.trim())
  if (lines.length > 1) {
    for (const line of lines) if (line.length >= longLine && !/\s/.test(line)) forms.add(line)
  }
  return forms
}

const escaped = (form: string): Spelling => {
  const parts: Array<ReadonlyArray<string>> = []
  for (const [run] of form.matchAll(/[\w.-]+|\r\n|[^]/gu)) {
    parts.push(/^[\w.-]+$/.test(run) ? [run] : waysOf(run))
  }
  return spelling(parts)
}

const shortJson: Readonly<Record<string, string>> = {
  "\"": "\\\"",
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\r\n": "\\r\\n"
}

const entities: Readonly<Record<string, ReadonlyArray<string>>> = {
  "&": ["&amp;"],
  "<": ["&lt;"],
  ">": ["&gt;"],
  "\"": ["&quot;"],
  "'": ["&apos;"]
}

/** Every way to write one special character. */
const waysOf = (character: string): ReadonlyArray<string> => {
  const percent = Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, "0")}`)
    .join("")
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const unicode = units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")
  const json = [unicode, upperDigits(unicode)]
  const short = shortJson[character]
  if (short !== undefined) json.push(short)
  const code = character.codePointAt(0)!
  const html = character.length > 2 || character === "\r\n"
    ? []
    : [
      `&#${code};`,
      `&#x${code.toString(16)};`,
      `&#x${code.toString(16).toUpperCase()};`,
      ...(entities[character] ?? [])
    ]
  const all = [
    character,
    percent,
    percent.toUpperCase(),
    ...[percent, percent.toUpperCase()].map((text) => text.replaceAll("%", "%25")),
    ...json,
    // A JSON text as a string inside another JSON text, and a JSON text shown on a page.
    ...json.map((text) => JSON.stringify(text).slice(1, -1)),
    ...html
  ]
  if (character === " ") all.push("+")
  if (character === "\"") all.push("\\&quot;", "\\&#34;")
  if (character === "\n") all.push("\r\n")
  return [...new Set(all)]
}

const upperDigits = (unicode: string): string => unicode.replaceAll(/[0-9a-f]{4}/g, (digits) => digits.toUpperCase())

/**
 * Base64 of the bytes, alone and in the middle of a longer text: after 0, 1 or 2 bytes of something else, and before
 * anything. Only the characters that depend on nothing but the secret are kept.
 */
const base64 = (bytes: Uint8Array): ReadonlyArray<string> => {
  const texts: Array<string> = []
  for (const [before, dependent] of [[0, 0], [1, 2], [2, 3]] as const) {
    const shifted = new Uint8Array(before + bytes.length)
    shifted.set(bytes, before)
    const whole = Math.floor(shifted.length * 8 / 6)
    for (const encoded of [Base64.encode(shifted), Base64Url.encodePadded(shifted)]) {
      const unpadded = encoded.replace(/=+$/, "")
      texts.push(encoded.slice(dependent, whole), unpadded.slice(dependent), encoded.slice(dependent))
    }
  }
  return texts
}
