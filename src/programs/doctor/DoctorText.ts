/** The table of `skein doctor`: a line for each server, and below it what is wrong and what to do. */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { Style } from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type { Check } from "../Doctor.ts"

/** Writes the table and a last line that counts. What servers say is shown with its control characters made visible. */
export const text = (checks: ReadonlyArray<Check>, style: Style): string => {
  const rows = checks.map((check) =>
    [check.status, check.name, check.server, ...factsOf(check)].map(TerminalText.escape)
  )
  const widths = rows.reduce<ReadonlyArray<number>>(
    (widths, row) => row.map((cell, at) => Math.max(TerminalText.width(cell), widths[at] ?? 0)),
    []
  )
  const lines = checks.flatMap((check, index) => {
    const [status = "", ...cells] = rows[index]!.map((cell, at) => TerminalText.pad(cell, widths[at]!))
    const indent = " ".repeat(widths[0]! + 2)
    return [
      `${colorOf(check, style)(status)}  ${cells.join("  ")}`.trimEnd(),
      ...[check.problem, check.hint].flatMap((line) =>
        line === undefined ? [] : TerminalText.escapeLines(line).split("\n").map((one) => indent + one)
      )
    ]
  })
  return [...lines, "", summary(checks)].join("\n")
}

/** Version, latency and pool: each empty where there is none. */
const factsOf = ({ latency_ms, pool, version }: Check): readonly [string, string, string] => [
  version ?? "",
  latency_ms === undefined ? "" : DurationText.format(Duration.millis(latency_ms)),
  pool === undefined
    ? ""
    : `${pool.open} of ${pool.max} open, ${pool.busy} busy${pool.waiting === 0 ? "" : `, ${pool.waiting} waiting`}`
]

const colorOf = ({ status }: Check, style: Style): (text: string) => string =>
  ({ up: style.green, degraded: style.yellow, down: style.red, embedded: style.dim })[status]

const summary = (checks: ReadonlyArray<Check>): string =>
  (["up", "degraded", "down", "embedded"] as const).flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length
    return count === 0 ? [] : [`${count} ${status}`]
  }).join(", ")
