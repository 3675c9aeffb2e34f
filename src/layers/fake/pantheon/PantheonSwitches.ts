/**
 * How the fake API behaves, as switches with text for values: one spelling for tests, the command line and HTTP.
 *
 * A switch may be set for one thing only, named after a space: `latency GET sites/:site` for a route,
 * `workflow_duration deploy` for a type of workflow. What is set for the thing comes before what is set for all.
 */
import { Duration } from "effect"
import * as DidYouMean from "../../../core/DidYouMean.ts"
import * as DurationText from "../../../core/DurationText.ts"
import type { Value } from "../../../core/Value.ts"

/** One kind of switch. `read` answers with `undefined` for what is no value of it. */
interface Kind<A> {
  readonly initial: string
  readonly expects: string
  readonly read: (text: string) => { readonly value: A } | undefined
  /** What it may be set for; absent for a switch that is for all. */
  readonly of?: "route" | "workflow type" | undefined
}

const oneOf = <const A extends string>(initial: A, ...others: ReadonlyArray<A>): Kind<A> => {
  const words = [initial, ...others]
  return {
    initial,
    expects: words.join(", "),
    read: (text) => words.includes(text as A) ? { value: text as A } : undefined
  }
}

const onOff = (initial: "on" | "off"): Kind<boolean> => ({
  initial,
  expects: "on or off",
  read: (text) =>
    text === "on" || text === "true"
      ? { value: true }
      : text === "off" || text === "false"
      ? { value: false }
      : undefined
})

/** Milliseconds. */
const duration = (initial: string, of?: Kind<number>["of"]): Kind<number> => ({
  initial,
  of,
  expects: "a duration such as 600ms",
  read: (text) => {
    const duration = DurationText.parse(text)
    return duration === undefined ? undefined : { value: Duration.toMillis(duration) }
  }
})

const orNone = <A>(kind: Kind<A>): Kind<A | undefined> => ({
  ...kind,
  expects: `${kind.expects}, or none`,
  read: (text) => text === "none" ? { value: undefined } : kind.read(text)
})

const number = (initial: string, of?: Kind<number>["of"]): Kind<number> => ({
  initial,
  of,
  expects: "a number",
  read: (text) => /^-?\d+(\.\d+)?$/.test(text) ? { value: Number(text) } : undefined
})

const word = (initial: string, of: Kind<string>["of"]): Kind<string> => ({
  initial,
  of,
  expects: "a word",
  read: (text) => /^\w+$/.test(text) ? { value: text } : undefined
})

/** What goes wrong with requests, and with how many of the next ones; absent for all of them. */
export interface Fault {
  readonly what: (typeof faults)[number]
  readonly times: number | undefined
}

/** `reset` comes before anything is done, `lost` after it was; the rest are answers in the place of the right one. */
const faults = ["reset", "lost", "truncated", "html", "500", "502", "503", "504"] as const

const fault: Kind<Fault | undefined> = {
  initial: "none",
  of: "route",
  expects: `${faults.join(", ")}, with *3 behind it for the next three requests; or none`,
  read: (text) => {
    if (text === "none") return { value: undefined }
    const [, what, times] = /^(\w+)(?:\*(\d+))?$/.exec(text) ?? []
    const found = faults.find((fault) => fault === what)
    return found && { value: { what: found, times: times === undefined ? undefined : Number(times) } }
  }
}

const kinds = {
  /** Which ids lead to a next page. `strict-boundary`: those at the end of a page that was given; others lead to page 1. */
  cursor: oneOf("exclusive-any", "inclusive-any", "strict-boundary"),
  /** Of ids: as text, or as two signed numbers of 64 bits. */
  order: oneOf("ascending", "signed"),
  /** The most rows of a page, whatever `limit` asks for. */
  page_cap: orNone(number("100")),
  /** What follows the last page under `strict-boundary`. */
  past_end: oneOf("empty", "first-page"),
  /** Whether `page=` is understood, with `x-total-count`. */
  page_numbers: onOff("off"),
  /** Whether some lists of memberships have a weak `ETag`. */
  list_etags: onOff("on"),
  /** Before each answer. */
  latency: duration("0ms", "route"),
  /** Before the answer to a list without a cursor. */
  first_page_latency: orNone(duration("none")),
  /** Requests a second. */
  rate: orNone(number("none")),
  burst: number("20"),
  /** How a request too many is answered. */
  refusal: oneOf("429-seconds", "429-date", "429", "403", "503"),
  rate_headers: oneOf("none", "draft", "x-ratelimit"),
  fault,
  /** Seconds for which a login is good. */
  session_seconds: number("2419200"),
  /** The first so many organisations give their members no privileges. */
  unprivileged: number("0"),
  /** Absent: as long as was recorded for the type. */
  workflow_duration: orNone(duration("none", "workflow type")),
  /** How much longer or shorter single workflows are, from 0 to 1. */
  workflow_spread: number("0.1"),
  workflow_steps: orNone(number("none", "workflow type")),
  workflow_result: word("succeeded", "workflow type"),
  /** Every n-th workflow fails. */
  workflow_fail_every: orNone(number("none", "workflow type")),
  /** The step at which one that does not succeed ends; absent for the last. */
  workflow_fail_at: orNone(number("none", "workflow type")),
  workflow_reason: oneOf("text", "object"),
  /** Whether `result` is there five seconds before `finished_at`. */
  result_before_finished: onOff("off"),
  /** The answers to the next so many starts get lost. */
  lost_starts: number("0"),
  ranges: onOff("on"),
  /** Seconds for which the URL of a backup is good. */
  url_seconds: number("3600"),
  /** Bytes of each element of a backup, before compression. */
  backup_bytes: number("100000"),
  /** Bytes that the catalog says too much. */
  wrong_size: number("0"),
  /** The place of the byte that is wrong. */
  corrupt_byte: orNone(number("none")),
  etag: oneOf("md5", "multipart", "none"),
  /** Bytes a second of the bodies of files. */
  body_rate: orNone(number("none")),
  /** The byte of an answer with a file at which the connection breaks. */
  disconnect_at: orNone(number("none"))
} as const satisfies Readonly<Record<string, Kind<unknown>>>

export type Name = keyof typeof kinds
type ValueOf<N extends Name> = (typeof kinds)[N] extends Kind<infer A> ? A : never

/** Values by switch, with a thing behind the name where it is for that only: `{ "latency GET sites/:site": "2s" }`. */
export type Values = { readonly [N in Name | `${Name} ${string}`]?: string | number | boolean }

export class Switches {
  private readonly texts = new Map<string, string>()
  private readonly values = new Map<string, { readonly value: unknown }>()

  /** What holds for a thing, or for all. */
  get<N extends Name>(name: N, of?: string): ValueOf<N> {
    const set = (of === undefined ? undefined : this.values.get(`${name} ${of}`)) ?? this.values.get(name)
    return (set ?? kinds[name].read(kinds[name].initial)!).value as ValueOf<N>
  }

  /** The key that decides: that of the thing where there is one. */
  keyOf(name: Name, of: string): string {
    return this.values.has(`${name} ${of}`) ? `${name} ${of}` : name
  }

  /** Sets one; answers with a sentence when that cannot be. */
  set(key: string, given: string | number | boolean): string | undefined {
    const [name = "", ...rest] = key.split(" ")
    const kind: Kind<unknown> | undefined = Object.hasOwn(kinds, name) ? kinds[name as Name] : undefined
    if (kind === undefined) {
      const hint = DidYouMean.hint(name, Object.keys(kinds))
      return `there is no switch "${name}"${hint === undefined ? "" : `; ${hint}`}`
    }
    if (rest.length > 0 && kind.of === undefined) {
      return `the switch "${name}" is for everything, not for "${rest.join(" ")}"`
    }
    const text = given === true ? "on" : given === false ? "off" : String(given)
    const value = kind.read(text)
    if (value === undefined) return `the switch "${name}" is ${kind.expects}, not "${text}"`
    this.texts.set(key, text)
    this.values.set(key, value)
    return undefined
  }

  /** Every switch as it stands, as text. */
  all(): Readonly<Record<string, Value>> {
    const initial = Object.entries(kinds).map(([name, { initial }]) => [name, initial] as const)
    return { ...Object.fromEntries(initial), ...Object.fromEntries(this.texts) }
  }
}
