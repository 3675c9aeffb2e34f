/** The kinds of values that settings have: how each is read from a file, from text, and shown. */
import { Duration, Redacted } from "effect"
import * as ByteSize from "../../core/ByteSize.ts"
import type { Value } from "../../core/Value.ts"
import type { Scalar } from "../../scenario/read/Node.ts"
import * as Reader from "../../scenario/read/Reader.ts"

export interface Kind<A> {
  /** What stands in the reference under "value": `duration`, `size`, `text`. */
  readonly name: string
  readonly reader: Reader.Reader<A>
  /** What a text of the environment would be in a file; the reader then judges it. */
  readonly scalar: (text: string) => Scalar | ReadonlyArray<Scalar>
  /** As a person would write it; passwords hidden. */
  readonly show: (value: A) => string
  /** As actions see it. */
  readonly toValue: (value: A) => Value
  /** True for files and folders: relative ones start where they were written. */
  readonly isPath?: boolean | undefined
}

const unchanged = (text: string): Scalar => text

/** A whole number of at least `minimum`. */
export const count = (minimum: number): Kind<number> => ({
  name: "number",
  reader: Reader.int(minimum),
  scalar: (text) => /^[+-]?\d+$/.test(text.trim()) ? Number(text) : text,
  show: String,
  toValue: (value) => value
})

export const duration: Kind<Duration.Duration> = {
  name: "duration",
  reader: Reader.duration,
  scalar: unchanged,
  show: shortest,
  toValue: shortest
}

/** A number of bytes. */
export const size: Kind<number> = {
  name: "size",
  reader: {
    schema: { type: ["string", "integer"], examples: ["10MB", "64KiB"] },
    read: (node, notes) => {
      const value = node._tag === "Scalar" ? node.value : undefined
      const bytes = typeof value === "string" ? ByteSize.parse(value) : value
      return typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0
        ? bytes
        : Reader.note(notes, "bad-size", "expected a size", node.span, "write it as 10MB or 64KiB")
    }
  },
  scalar: unchanged,
  show: exactSize,
  toValue: (value) => value
}

export const flag: Kind<boolean> = {
  name: "true or false",
  reader: Reader.flag,
  scalar: (text) => switches.get(text.trim().toLowerCase()) ?? text,
  show: String,
  toValue: (value) => value
}

export const text: Kind<string> = {
  name: "text",
  reader: Reader.name,
  scalar: unchanged,
  show: (value) => value,
  toValue: (value) => value
}

export const path: Kind<string> = { ...text, name: "path", isPath: true }

/** Several paths; separated by commas in the environment. */
export const paths: Kind<ReadonlyArray<string>> = {
  name: "list of paths",
  reader: Reader.oneOrMany(Reader.name),
  scalar: (text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""),
  show: (value) => value.length === 0 ? "none" : value.join(", "),
  toValue: (value) => value,
  isPath: true
}

/** A URL that may hold a password. */
export const url: Kind<Redacted.Redacted<string>> = {
  name: "URL",
  reader: Reader.map(Reader.name, (value) => Redacted.make(value, { label: "URL" })),
  scalar: unchanged,
  show: (value) => Redacted.value(value).replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, "$1:***@"),
  toValue: (value) => Redacted.value(value)
}

export const oneOf = <const Word extends string>(words: ReadonlyArray<Word>): Kind<Word> => ({
  name: words.join(", "),
  reader: Reader.oneOf(words),
  scalar: unchanged,
  show: (value) => value,
  toValue: (value) => value
})

const switches: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["off", false],
  ["no", false],
  ["0", false]
])

/** Exactly, in the largest unit that needs no fraction: `90s`, `5m`, `1500ms`. */
function shortest(value: Duration.Duration): string {
  const millis = Duration.toMillis(value)
  const fitting = ([["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const).find(([, unit]) =>
    millis >= unit && millis % unit === 0
  )
  return fitting === undefined ? millis === 0 ? "0" : `${millis}ms` : `${millis / fitting[1]}${fitting[0]}`
}

/** Exactly, in the largest unit that keeps it so: `64KiB`, `64MiB`, `10MB`, `1234567`. */
function exactSize(bytes: number): string {
  const binary = ([["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const).find(([, unit]) => bytes > 0 && bytes % unit === 0)
  if (binary !== undefined) return `${bytes / binary[1]}${binary[0]}`
  const short = ByteSize.format(bytes).replace(" ", "")
  return ByteSize.parse(short) === bytes ? short : String(bytes)
}
