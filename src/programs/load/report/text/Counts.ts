/** What came back of a load run, and what went wrong, in numbers. */
import * as TerminalText from "../../../../core/TerminalText.ts"
import * as ReportText from "../../../report/ReportText.ts"
import type { LoadResult } from "../../LoadResult.ts"
import * as Amounts from "../Amounts.ts"
import * as Table from "../Table.ts"
import { maxRows, more, type Screen } from "./Screen.ts"

/** Returns a line for each kind of number, those that say nothing left out, and one for each kind of error. */
export const counts = (result: LoadResult, { columns, style }: Screen): ReadonlyArray<string> => {
  const { checks, errors, iterations, requests, statuses } = result
  const bad = (n: number, text: string) => n === 0 ? style.dim(text) : style.red(text)
  const isUrl = iterations.completed === requests.total && iterations.failed === requests.failed
  const rows = [
    [
      "requests",
      `${style.bold(Amounts.rate(requests.per_second))}  ${Amounts.count(requests.total)} in all, ${
        bad(requests.failed, `${Amounts.count(requests.failed)} failed`)
      }  ${style.dim(`${Amounts.bytes(requests.bytes_in)} in, ${Amounts.bytes(requests.bytes_out)} out`)}`
    ],
    ...(isUrl && iterations.dropped === 0 && iterations.cut_off === 0 ? [] : [[
      "iterations",
      `${style.bold(Amounts.rate(iterations.per_second))}  ${Amounts.count(iterations.completed)} completed, ${
        bad(iterations.failed, `${Amounts.count(iterations.failed)} failed`)
      }, ${Amounts.count(iterations.cut_off)} cut off`
    ]]),
    ...(result.model === "closed" ? [] : [[
      "dropped",
      iterations.dropped === 0
        ? style.dim("none: every iteration that was due was started")
        : style.red(
          `${Amounts.count(iterations.dropped)} of ${
            Amounts.count(iterations.started + iterations.dropped)
          } due were never started: all users were waiting for the target`
        )
    ]]),
    ...(Object.keys(statuses).length === 0 ? [] : [[
      "statuses",
      Object.entries(statuses).map(([status, n]) => {
        const times = Object.keys(statuses).length > 1 ? result.by_status_ms[status] : undefined
        const text = `${ReportText.name(status)}: ${Amounts.count(n)}${
          times === undefined ? "" : ` (p95 ${Amounts.time(times.p95)})`
        }`
        return /^[123]/.test(status) ? text : style.red(text)
      }).join("  ")
    ]]),
    ...(checks.passed + checks.failed === 0 ? [] : [[
      "checks",
      `${Amounts.percent(checks.rate)} of ${Amounts.count(checks.passed + checks.failed)} held${
        checks.failed === 0 ? "" : `, ${style.red(`${Amounts.count(checks.failed)} did not`)}`
      }`
    ]]),
    ...(errors.total === 0 ? [] : [[
      "errors",
      style.red(`${Amounts.count(errors.total)} (${Amounts.percent(errors.rate)})`)
    ]])
  ]
  const kinds = Table.lines(
    errors.kinds.slice(0, maxRows).map(({ count, example, kind }) => [
      { text: `  ${TerminalText.cut(ReportText.name(kind), 28)}`, paint: style.red },
      Amounts.count(count),
      { text: TerminalText.cut(ReportText.oneLine(example, 400), Math.max(60, 2 * columns - 60)), paint: style.dim }
    ]),
    { left: 1, prose: true }
  )
  return [
    ...rows.map(([name = "", text = ""]) => `${style.bold(name.padEnd(12))}${text}`),
    ...kinds,
    ...more(errors.kinds.length, "kind of error", style)
  ]
}
