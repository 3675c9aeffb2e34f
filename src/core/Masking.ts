/**
 * The one masking sink: whatever leaves the process as text passes through it, and no secret does.
 *
 * A secret is found as it is and as other programs would have written it: percent- and form-encoded, JSON-escaped (also
 * twice), HTML-escaped, in hex, and in base64, also in the middle of a longer base64 text such as basic auth. Escapes may
 * be mixed freely. Where `...` or `…` says that a text was cut, the beginning of a secret is found. Not found: a secret that
 * was cut otherwise, compressed, encrypted, reversed or spelled out by a program.
 * `core/SecretSpelling.ts` knows the spellings.
 */
import { Context, Layer, Redacted } from "effect"
import * as SecretSpelling from "./SecretSpelling.ts"
import { isRecord } from "./Value.ts"

/** Signs of cut text that are looked at, from the end of a text. */
const maxCuts = 200

/** What stands in place of a secret. */
export const mask = "***"

/** The fewest characters a secret needs to be masked: shorter ones would blot out every text. */
export const minLength = 4

/** UTF-16 offsets of a part that must not be shown; `end` is exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Masks a text that arrives in pieces. Together the results are what `text` makes of the whole. */
export interface MaskingStream {
  /** Returns what can be shown by now; keeps back an end that may be the beginning of a secret. */
  readonly push: (chunk: string) => string
  /** Returns the rest. */
  readonly end: () => string
}

export class Masking extends Context.Service<Masking, {
  /**
   * Makes `secret` known; it is masked from now on, also by streams that are under way. Adding it again, or an empty one, does nothing.
   * One shorter than {@link minLength} is not masked: a warning that carries `name` says so.
   */
  readonly add: (secret: Redacted.Redacted<string> | string, name?: string) => void
  /** Replaces every secret in `text`, and every password in a URL, by `***`. */
  readonly text: (text: string) => string
  /**
   * Replaces every secret in plain data from outside: texts, keys, bytes, and numbers that are a secret. What holds none is
   * returned as it is. Data goes through here before it is written as JSON: masking the JSON text may break its syntax.
   */
  readonly deep: <A>(value: A) => A
  /** Returns the parts of `text` that are secret: in order, apart from each other. */
  readonly find: (text: string) => ReadonlyArray<Range>
  /** Begins a text that comes in pieces. */
  readonly stream: () => MaskingStream
  /** One sentence per secret that is too short to be masked. */
  readonly warnings: () => ReadonlyArray<string>
}>()("skein/core/Masking") {
  static readonly layer: Layer.Layer<Masking> = Layer.sync(Masking, () => make())
}

/** Makes a sink that knows no secret yet. */
export const make = (): Masking["Service"] => {
  const index = new Index()
  const known = new Set<string>()
  const warnings: Array<string> = []

  const add = (secret: Redacted.Redacted<string> | string, name?: string): void => {
    const value = Redacted.isRedacted(secret) ? Redacted.value(secret) : secret
    if (value === "" || known.has(value)) return
    known.add(value)
    if ([...value].length < minLength) {
      warnings.push(`secret ${name ?? "(without a name)"} has fewer than ${minLength} characters and is not masked`)
    } else {
      for (const spelling of SecretSpelling.of(value, minLength)) index.add(spelling)
    }
  }
  const find = (text: string): ReadonlyArray<Range> => joined(index.find(text), urlPasswords(text))
  const text = (text: string): string => replace(text, find(text))
  return {
    add,
    text,
    deep: (value) => deep(value, text) as typeof value,
    find,
    stream: () => stream(index),
    warnings: () => [...warnings]
  }
}

/** The passwords of URLs such as `postgres://user:password@host`: secret wherever they stand, known or not. */
const urlPasswords = (text: string): ReadonlyArray<Range> => {
  if (!text.includes("://")) return []
  return joined(rangesOf(text, urlPassword), rangesOf(text, unescapedPassword))
}

const rangesOf = (text: string, pattern: RegExp): ReadonlyArray<Range> =>
  [...text.matchAll(pattern)].map((match) => {
    const start = match.index + match[1]!.length
    return { start, end: start + match[2]!.length }
  })

const urlPassword = /(:\/\/[^\s:/?#@"'<>]{0,200}:)([^\s/?#@"'<>]{1,1000})@/g
/** In the URL of a server a password with a bare `/`, `?`, `#` or `@` is a mistake that people make: it ends at the last `@`. */
const unescapedPassword =
  /((?:postgres|postgresql|mongodb|mongodb\+srv|amqps?|rediss?):\/\/[^\s:/?#@"'<>]{0,200}:)([^\s"'<>]{1,1000})@/gi

/** Two lists of ranges as one, in order and apart. */
const joined = (first: ReadonlyArray<Range>, second: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  if (second.length === 0) return first
  const ranges: Array<{ start: number; end: number }> = []
  for (const range of [...first, ...second].sort((a, b) => a.start - b.start)) {
    const last = ranges.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else ranges.push({ ...range })
  }
  return ranges
}

const replace = (text: string, ranges: ReadonlyArray<Range>): string => {
  if (ranges.length === 0) return text
  let shown = ""
  let at = 0
  for (const range of ranges) {
    shown += text.slice(at, range.start) + mask
    at = range.end
  }
  return shown + text.slice(at)
}

const deep = (value: unknown, text: (text: string) => string): unknown => {
  if (typeof value === "string") return text(value)
  if (typeof value === "number" || typeof value === "bigint") return text(String(value)) === mask ? mask : value
  if (Redacted.isRedacted(value)) return mask
  if (value instanceof Uint8Array) return maskBytes(value, text)
  if (Array.isArray(value)) {
    const items = value.map((item) => deep(item, text))
    return items.some((item, at) => !Object.is(item, value[at])) ? items : value
  }
  return isRecord(value) && isPlain(value) ? deepRecord(value, text) : value
}

const maskBytes = (bytes: Uint8Array, text: (text: string) => string): unknown => {
  const written = new TextDecoder().decode(bytes)
  const masked = text(written)
  return masked === written ? bytes : masked
}

/** Most records hold no secret: a copy is begun only at the first field that changes. */
const deepRecord = (value: Readonly<Record<string, unknown>>, text: (text: string) => string): unknown => {
  let masked: Record<string, unknown> | undefined
  const keys = Object.keys(value)
  for (const [at, key] of keys.entries()) {
    const field = deep(value[key], text)
    const maskedKey = text(key)
    if (masked === undefined) {
      if (maskedKey === key && Object.is(field, value[key])) continue
      masked = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>
      for (const before of keys.slice(0, at)) define(masked, before, value[before])
    }
    define(masked, maskedKey, field)
  }
  return masked ?? value
}

const define = (record: Record<string, unknown>, key: string, value: unknown): void => {
  let free = key
  // Two keys may become one; none of their values should be lost.
  while (Object.hasOwn(record, free)) free += "*"
  Object.defineProperty(record, free, { value, enumerable: true, configurable: true, writable: true })
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const stream = (index: Index): MaskingStream => {
  let pending = ""
  // So many of the first characters of `pending` belong to a secret whose mask was already given out.
  let covered = 0

  const release = (text: string, upTo: number): string => {
    let shown = ""
    let at = Math.min(covered, upTo)
    let end = covered
    for (const range of index.find(text)) {
      if (range.start >= upTo) break
      if (range.start < end) {
        end = Math.max(end, range.end)
      } else {
        shown += text.slice(at, range.start) + mask
        end = range.end
      }
      at = Math.min(end, upTo)
    }
    pending = text.slice(upTo)
    covered = Math.max(0, end - upTo)
    return shown + text.slice(at, upTo)
  }
  return {
    push: (chunk) => {
      const text = pending + chunk
      return release(text, index.unfinished(text))
    },
    end: () => release(pending, pending.length)
  }
}

const hashBits = 20
const hashMask = (1 << hashBits) - 1

/** Each step shifts a character's contribution left; after four it is gone, so a hash speaks of the last four characters only. */
const roll = (hash: number, code: number): number => ((hash << 5) ^ code) & hashMask

/** Finds spellings by a hash of their first four characters: one cheap look per character of the text, 128 KiB of bits. */
class Index {
  private readonly bits = new Uint32Array((hashMask + 1) / 32)
  private readonly byHash = new Map<number, Array<SecretSpelling.Spelling>>()
  private readonly byFirst = new Map<number, Array<SecretSpelling.Spelling>>()
  private longest = 0

  add(spelling: SecretSpelling.Spelling): void {
    this.longest = Math.max(this.longest, spelling.maxLength)
    for (const beginning of SecretSpelling.beginnings(spelling, 4)) {
      let hash = 0
      for (let at = 0; at < 4; at++) hash = roll(hash, beginning.charCodeAt(at))
      this.bits[hash >>> 5]! |= 1 << (hash & 31)
      addTo(this.byHash, hash, spelling)
      addTo(this.byFirst, beginning.charCodeAt(0), spelling)
    }
  }

  /** All parts of `text` that are a spelling, or were one before somebody cut the text there: `begin...`. */
  find(text: string): ReadonlyArray<Range> {
    const whole = this.whole(text)
    const cut = this.longest === 0 ? [] : this.cutOff(text)
    if (cut.length === 0) return whole
    const ranges: Array<{ start: number; end: number }> = []
    for (const { end, start } of [...whole, ...cut].sort((a, b) => a.start - b.start)) join(ranges, start, end)
    return ranges
  }

  /** Overlapping spellings are one part, so that no rest of a secret stays between. */
  private whole(text: string): Array<Range> {
    const ranges: Array<{ start: number; end: number }> = []
    if (this.longest === 0) return ranges
    const bits = this.bits
    let hash = 0
    for (let at = 0; at < text.length; at++) {
      hash = ((hash << 5) ^ text.charCodeAt(at)) & hashMask
      if ((bits[hash >>> 5]! & (1 << (hash & 31))) === 0 || at < 3) continue
      const end = this.matchAt(text, at - 3, hash)
      if (end !== -1) join(ranges, at - 3, end)
    }
    return ranges
  }

  /** Beginnings of spellings before a sign that the rest was left out. Only the last signs are looked at: a text may be full of them. */
  private cutOff(text: string): Array<Range> {
    const ranges: Array<Range> = []
    for (const sign of ["\u2026", "..."]) {
      let at = text.lastIndexOf(sign)
      for (let looks = 0; at > 0 && looks < maxCuts; looks++) {
        const from = Math.max(0, at - this.longest)
        const start = from + this.unfinished(text.slice(from, at))
        if (at - start >= minLength) ranges.push({ start, end: at })
        at = text.lastIndexOf(sign, at - 1)
      }
    }
    return ranges
  }

  /** Where the first spelling begins that the end of `text` may have cut off; the length of `text` when none does. */
  unfinished(text: string): number {
    for (let at = Math.max(0, text.length - this.longest); at < text.length; at++) {
      const spellings = this.byFirst.get(text.charCodeAt(at))
      if (spellings?.some((spelling) => SecretSpelling.isCutOff(spelling, text, at))) return at
    }
    return text.length
  }

  private matchAt(text: string, start: number, hash: number): number {
    let end = -1
    for (const spelling of this.byHash.get(hash) ?? []) {
      end = Math.max(end, SecretSpelling.matchEnd(spelling, text, start))
    }
    return end
  }
}

const addTo = (
  map: Map<number, Array<SecretSpelling.Spelling>>,
  key: number,
  spelling: SecretSpelling.Spelling
): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, [spelling])
  else if (!known.includes(spelling)) known.push(spelling)
}

const join = (ranges: Array<{ start: number; end: number }>, start: number, end: number): void => {
  const last = ranges.at(-1)
  if (last === undefined || start >= last.end) ranges.push({ start, end })
  else last.end = Math.max(last.end, end)
}
