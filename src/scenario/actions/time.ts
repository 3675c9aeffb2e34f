/** `time` and `sleep`. Both go by the run's clock, so tests can turn it. */
import { Clock, DateTime, Duration, Effect, Option, Schema } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as GoTime from "../data/GoTime.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"

export const time = Action.make({
  name: "time",
  family: "basics",
  summary: "Answers with a point in time, now unless told otherwise",
  input: Schema.Struct({
    format: Fields.optional(
      Fields.Text,
      `How to write it: unix, unix_ms (numbers), ${Object.keys(GoTime.named).join(", ")}, a pattern such as ` +
        "\"yyyy-MM-dd HH:mm:ss\", or Go's way, \"2006-01-02\" [default: iso]"
    ),
    offset: Fields.optional(Fields.Text, "Later or earlier: +1h, -2d, +1h30m"),
    zone: Fields.optional(Fields.Text, "The zone to write it in: Europe/Berlin, +02:00, local [default: UTC]"),
    at: Fields.optional(Fields.Value, "Another moment: ISO 8601 text or milliseconds since 1970 [default: now]")
  }),
  positional: ["format"],
  output: Schema.Union([Schema.String, Schema.Finite]),
  effect: "none",
  robogo: { names: ["get_time"], input: (args, options, name) => ({ ...options, ...timeArguments(args, name) }) },
  examples: [
    {
      title: "A day from now, as a date",
      yaml:
        "steps:\n  - time: { format: iso_date, offset: +1d }\n    expect: matches(value, '^\\d{4}-\\d{2}-\\d{2}$')\n"
    },
    {
      title: "A moment in another zone",
      yaml: `steps:
  - time: { at: "2024-05-06T22:30:00Z", zone: Europe/Berlin, format: "dd.MM.yyyy HH:mm" }
    expect: value == '07.05.2024 00:30'
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const moment = yield* momentOf(input.at)
    const offset = yield* offsetOf(input.offset)
    const zone = yield* zoneOf(input.zone ?? (context.robogo ? "local" : "UTC"))
    const zoned = DateTime.setZone(DateTime.addDuration(moment, offset), zone)
    const written = write(input.format ?? "iso", zoned, context.robogo)
    // Robogo's result is always text.
    return context.robogo ? String(written) : written
  })
})

export const sleep = Action.make({
  name: "sleep",
  family: "basics",
  summary: "Waits; prefer wait_for where something is awaited",
  input: Schema.Struct({ duration: Fields.describe(Fields.Duration, "How long: 200ms, 1m30s, or seconds") }),
  positional: ["duration"],
  output: Schema.Struct({ duration: Schema.String, duration_ms: Schema.Finite }),
  effect: "none",
  robogo: {
    // The first generation took seconds, as text too.
    input: ([duration], options) => ({
      ...options,
      ...duration === undefined ? {} : { duration: typeof duration === "string" ? secondsOf(duration) : duration }
    }),
    result: (output, input) => ({
      ...(output as ValueRecord),
      duration_parsed: goDuration(Duration.toMillis(input.duration))
    })
  },
  examples: [
    { title: "A short pause", yaml: "steps:\n  - sleep: 10ms\n    expect: duration_ms == 10\n" },
    { title: "A pause whose length is a variable", yaml: "vars: { pause: 5ms }\nsteps:\n  - sleep: \"${pause}\"\n" }
  ],
  run: (input) =>
    Effect.as(Effect.sleep(input.duration), {
      duration: DurationText.format(input.duration),
      duration_ms: Duration.toMillis(input.duration)
    })
})

/**
 * Robogo's `time` takes a layout. Its `get_time` takes a name, a layout, `now+1h` or a zone, in any order, and writes
 * `2006-01-02 15:04:05` without any.
 */
const timeArguments = (args: ReadonlyArray<Value>, name: string): ValueRecord => {
  const input: { [key: string]: Value } = {}
  for (const arg of args.map(Text.write)) {
    const shifted = /^now(?:\s*([+-].*))?$/.exec(arg.trim())
    if (shifted !== null) {
      if (shifted[1] !== undefined) input["offset"] = shifted[1]
    } else if (input["format"] !== undefined && Option.isSome(zoneNamed(arg))) input["zone"] = arg
    else input["format"] = arg
  }
  return name === "get_time" && input["format"] === undefined ? { format: "datetime", ...input } : input
}

const write = (format: string, time: DateTime.Zoned, robogo: boolean): string | number => {
  const name = format.toLowerCase()
  if (name === "unix") return Math.floor(DateTime.toEpochMillis(time) / 1000)
  if (name === "unix_ms") return DateTime.toEpochMillis(time)
  const layout = Object.hasOwn(GoTime.named, name) ? GoTime.named[name]! : format
  return !robogo && layout === format && pattern.test(format) ? byPattern(format, time) : GoTime.format(layout, time)
}

const pattern = /yyyy|MM|dd|HH|mm|ss|SSS/

/** The patterns of the function `format_date`. */
const byPattern = (format: string, time: DateTime.Zoned): string => {
  const parts = DateTime.toParts(time)
  const tokens: Readonly<Record<string, string>> = {
    yyyy: String(parts.year).padStart(4, "0"),
    MM: two(parts.month),
    dd: two(parts.day),
    HH: two(parts.hour),
    mm: two(parts.minute),
    ss: two(parts.second),
    SSS: String(parts.millisecond).padStart(3, "0")
  }
  return format.replaceAll(new RegExp(pattern, "g"), (token) => tokens[token]!)
}

const two = (number: number): string => String(number).padStart(2, "0")

const momentOf = Effect.fnUntraced(
  function*(at: Value | undefined): Effect.fn.Return<DateTime.DateTime, Action.ActionError> {
    if (at === undefined) return DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
    const moment = typeof at === "number" || typeof at === "string" ? DateTime.make(at) : Option.none()
    return Option.isSome(moment)
      ? moment.value
      : yield* invalid(`${Text.show(at)} is no moment`, "Write 2024-05-06T07:08:09Z")
  }
)

const offsetOf = (text: string | undefined): Effect.Effect<Duration.Duration, Action.ActionError> => {
  const offset = text === undefined ? Duration.zero : DurationText.parse(text)
  return offset === undefined
    ? invalid(`${JSON.stringify(text)} is no offset`, "Write +1h, -2d or +1h30m")
    : Effect.succeed(offset)
}

const zoneOf = (name: string): Effect.Effect<DateTime.TimeZone, Action.ActionError> =>
  Option.match(zoneNamed(name), {
    onNone: () => invalid(`there is no time zone ${JSON.stringify(name)}`, "Write Europe/Berlin, +02:00 or UTC"),
    onSome: Effect.succeed
  })

const zoneNamed = (name: string): Option.Option<DateTime.TimeZone> =>
  name.toLowerCase() === "local" ? Option.some(DateTime.zoneMakeLocal()) : DateTime.zoneFromString(name)

const invalid = (message: string, hint: string) =>
  Effect.fail(new Action.ActionError({ reason: "Invalid", message: `time: ${message}`, hint }))

const secondsOf = (text: string): string | number => /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text

/** As Go writes a duration: `1m30s`, `500ms`, `2h0m0s`. */
const goDuration = (millis: number): string => {
  if (millis === 0) return "0s"
  if (millis < 1) return `${Number((millis * 1000).toFixed(3))}µs`
  if (millis < 1000) return `${millis}ms`
  const seconds = Math.floor(millis / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const rest = Number((millis / 1000 - hours * 3600 - minutes * 60).toFixed(9))
  return `${hours > 0 ? `${hours}h` : ""}${seconds >= 60 ? `${minutes}m` : ""}${rest}s`
}
