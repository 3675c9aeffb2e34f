/** Functions on points in time, which are milliseconds since the epoch. */
import * as Preview from "../../../core/Preview.ts"
import type { Call, FunctionDefinition } from "./Call.ts"

export const time: ReadonlyArray<FunctionDefinition> = [
  {
    name: "now",
    family: "time",
    signature: "now(): number",
    summary: "This moment, in milliseconds since 1970",
    example: ["now() > date('2020-01-01')", "true"],
    impure: true,
    run: (call) => call.machine.now()
  },
  {
    name: "now_iso",
    family: "time",
    signature: "now_iso(): text",
    summary: "This moment as 2024-05-06T07:08:09.123Z",
    example: ["ends_with(now_iso(), 'Z')", "true"],
    impure: true,
    run: (call) => iso(call, call.machine.now())
  },
  {
    name: "date",
    family: "time",
    signature: "date(text: text): number",
    summary: "The milliseconds since 1970 of an ISO 8601 date or date and time; without a zone it is UTC",
    example: ["date('2024-05-06T07:08:09Z') - date('2024-05-06')", "7h8m9s"],
    run: (call) => parse(call)
  },
  {
    name: "format_date",
    family: "time",
    signature: "format_date(time: number, pattern?: text, zone?: text): text",
    summary:
      "The time by a pattern of yyyy MM dd HH mm ss SSS (default: ISO 8601) in a zone such as Europe/Berlin (default: UTC)",
    example: ["format_date(date('2024-05-06T22:30:00Z'), 'dd.MM.yyyy HH:mm', 'Europe/Berlin')", "'07.05.2024 00:30'"],
    run: (call) => format(call)
  }
]

const pattern =
  /^(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i

const parse = (call: Call): number => {
  const text = call.text(0).trim()
  const match = pattern.exec(text)
  const unknown = () =>
    call.bad(
      `${JSON.stringify(Preview.cut(text, 60))} is no date`,
      "dates are written 2024-05-06 or 2024-05-06T07:08:09Z"
    )
  if (match === null) return unknown()
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((at) =>
    Number(match[at] ?? (at === 3 ? 1 : 0))
  )
  const millis = Math.floor(Number(`0.${match[7] ?? "0"}`) * 1000)
  const time = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, millis)
  // An impossible day such as 02-30 would roll over. A leap second counts as the first of the next minute.
  const real = new Date(Date.UTC(year!, month! - 1, day!))
  if (real.getUTCMonth() !== month! - 1 || hour! > 23 || minute! > 59 || second! > 60) return unknown()
  return time - offsetOf(match[8] ?? "Z")
}

const offsetOf = (zone: string): number => {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  return match === null ? 0 : (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000
}

const iso = (call: Call, millis: number): string => instant(call, millis).toISOString()

const instant = (call: Call, millis: number): Date => {
  const date = new Date(millis)
  return Number.isNaN(date.getTime()) ? call.bad("the time is out of range") : date
}

const format = (call: Call): string => {
  const millis = call.number(0)
  const date = instant(call, Number(millis))
  if (!call.has(1)) return date.toISOString()
  call.charge(50)
  const parts = partsOf(call, date, call.text(2, "UTC"))
  return call.text(1).replaceAll(/yyyy|MM|dd|HH|mm|ss|SSS/g, (token) => parts[token]!)
}

const partsOf = (call: Call, date: Date, zone: string): Readonly<Record<string, string>> => {
  const local = Object.fromEntries(formatterOf(call, zone).formatToParts(date).map(({ type, value }) => [type, value]))
  return {
    yyyy: local["year"]!.padStart(4, "0"),
    MM: local["month"]!,
    dd: local["day"]!,
    HH: local["hour"]!,
    mm: local["minute"]!,
    ss: local["second"]!,
    SSS: String(date.getUTCMilliseconds()).padStart(3, "0")
  }
}

const formatterOf = (call: Call, timeZone: string): Intl.DateTimeFormat => {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    })
  } catch {
    return call.bad(
      `unknown time zone ${JSON.stringify(Preview.cut(timeZone, 60))}`,
      "zones are written Europe/Berlin or UTC"
    )
  }
}
