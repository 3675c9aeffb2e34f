/**
 * Times by a layout as Go writes them: an example of the moment `Mon Jan 2 15:04:05 MST 2006`.
 *
 * @see https://pkg.go.dev/time#pkg-constants
 */
import { DateTime } from "effect"

/** Layouts that Robogo's `get_time` and skein's `time` call by name. */
export const named: Readonly<Record<string, string>> = {
  iso: "2006-01-02T15:04:05Z07:00",
  iso_date: "2006-01-02",
  iso_time: "15:04:05",
  datetime: "2006-01-02 15:04:05",
  date: "2006-01-02",
  time: "15:04:05",
  timestamp: "20060102150405",
  rfc3339: "2006-01-02T15:04:05Z07:00",
  rfc3339_nano: "2006-01-02T15:04:05.999999999Z07:00",
  rfc1123: "Mon, 02 Jan 2006 15:04:05 MST",
  rfc1123z: "Mon, 02 Jan 2006 15:04:05 -0700",
  rfc822: "02 Jan 06 15:04 MST",
  rfc850: "Monday, 02-Jan-06 15:04:05 MST",
  ansic: "Mon Jan _2 15:04:05 2006",
  kitchen: "3:04PM"
}

/** Writes `time` by `layout`. What is no part of a layout stays as it is. */
export const format = (layout: string, time: DateTime.Zoned): string => {
  const parts = partsOf(time)
  return layout.replaceAll(token, (found, ...rest) => {
    const source = rest.at(-1) as string
    const at = rest.at(-2) as number
    return fraction.test(found) ? fractionOf(found, time, source, at) : written(found, parts)
  })
}

// Longest first where one starts like another. A fraction follows the seconds.
const token =
  /January|Jan|Monday|Mon|MST|2006|Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07|002|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|_2|PM|pm|1|2|3|4|5/g

const fraction = /^[.,]/

interface Parts {
  readonly local: DateTime.DateTime.PartsWithWeekday
  readonly offsetMinutes: number
  readonly zone: string
  readonly dayOfYear: number
}

const partsOf = (time: DateTime.Zoned): Parts => {
  const local = DateTime.toParts(time)
  const midnight = Date.UTC(local.year, local.month - 1, local.day)
  const offsetMinutes = Math.round(DateTime.zonedOffset(time) / 60_000)
  return {
    local,
    offsetMinutes,
    zone: zoneName(time, offsetMinutes),
    dayOfYear: Math.round((midnight - Date.UTC(local.year, 0, 1)) / 86_400_000) + 1
  }
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December"
]
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

const two = (number: number): string => String(number).padStart(2, "0")

const written = (token: string, { dayOfYear, local, offsetMinutes, zone }: Parts): string => {
  const month = months[local.month - 1]!
  const day = days[local.weekDay]!
  const hour12 = local.hour % 12 === 0 ? 12 : local.hour % 12
  const plain: Readonly<Record<string, string>> = {
    "2006": String(local.year).padStart(4, "0"),
    "06": two(local.year % 100),
    January: month,
    Jan: month.slice(0, 3),
    "01": two(local.month),
    "1": String(local.month),
    Monday: day,
    Mon: day.slice(0, 3),
    "02": two(local.day),
    _2: String(local.day).padStart(2, " "),
    "2": String(local.day),
    "002": String(dayOfYear).padStart(3, "0"),
    "15": two(local.hour),
    "03": two(hour12),
    "3": String(hour12),
    PM: local.hour < 12 ? "AM" : "PM",
    pm: local.hour < 12 ? "am" : "pm",
    "04": two(local.minute),
    "4": String(local.minute),
    "05": two(local.second),
    "5": String(local.second),
    MST: zone
  }
  return plain[token] ?? offset(token, offsetMinutes)
}

/** `Z07:00` writes `Z` for UTC, `-07:00` never does. */
const offset = (token: string, minutes: number): string => {
  if (token.startsWith("Z") && minutes === 0) return "Z"
  const sign = minutes < 0 ? "-" : "+"
  const [hour, minute] = [two(Math.floor(Math.abs(minutes) / 60)), two(Math.abs(minutes) % 60)]
  const colon = token.includes(":") ? ":" : ""
  const length = token.replaceAll(/[^\d]/g, "").length
  return `${sign}${hour}${length > 2 ? colon + minute : ""}${length > 4 ? `${colon}00` : ""}`
}

/** `.000` has all digits, `.999` drops zeros at the end. Without seconds before it, it is no fraction. */
const fractionOf = (found: string, time: DateTime.Zoned, layout: string, at: number): string => {
  if (!/(?:05|5)$/.test(layout.slice(0, at))) return found
  const digits = String(DateTime.toParts(time).millisecond).padStart(3, "0").padEnd(found.length - 1, "0").slice(
    0,
    found.length - 1
  )
  if (found[1] === "0") return found[0] + digits
  const short = digits.replace(/0+$/, "")
  return short === "" ? "" : found[0] + short
}

/** The abbreviation that is usual in English, else the offset. */
const zoneName = (time: DateTime.Zoned, offsetMinutes: number): string => {
  if (offsetMinutes === 0 && DateTime.zoneToString(time.zone) === "UTC") return "UTC"
  const name = time.zone._tag === "Named"
    ? new Intl.DateTimeFormat("en-US", { timeZone: time.zone.id, timeZoneName: "short" })
      .formatToParts(DateTime.toDateUtc(time)).find((part) => part.type === "timeZoneName")?.value
    : undefined
  return name === undefined || /^GMT[+-]/.test(name) ? offset("-07", offsetMinutes) : name
}
