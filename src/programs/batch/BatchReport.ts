/** What a batch says at its end, as plain data, and what it says on its way. */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Preview from "../../core/Preview.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import { isArray, isRecord, type ValueRecord } from "../../core/Value.ts"
import type * as Batch from "../Batch.ts"

/** Failures that are named; the others are counted. */
const maxNamed = 50

export interface Report {
  readonly summary: Batch.Summary
  /** The first of those that were not done. */
  readonly failures: ReadonlyArray<ValueRecord>
  /** What was started and can be waited for. */
  readonly handles: ReadonlyArray<string>
}

export interface Fold {
  readonly add: (item: Batch.Ended) => void
  readonly report: (summary: Batch.Summary) => Report
}

export const fold = (): Fold => {
  const failures: Array<ValueRecord> = []
  const handles: Array<string> = []
  return {
    add: (item) => {
      if (isRecord(item.output) && isArray(item.output["handles"])) handles.push(...item.output["handles"].map(String))
      if (isBad(item.outcome) && failures.length < maxNamed) failures.push(row(item))
    },
    report: (summary) => ({ summary, failures, handles })
  }
}

/** An item as a row of a table, of CSV or of JSON. */
export const row = (
  { attempts, durationMs, index, key, outcome, output, problem, value }: Batch.Ended
): ValueRecord => ({
  index,
  item: value,
  outcome: outcome.replace(" ", "_"),
  problem: problem ?? null,
  attempts,
  duration_ms: Math.round(durationMs * 1_000) / 1_000,
  key,
  output: output ?? null
})

/** An item that was not done, for people. */
export const failureLine = (row: ValueRecord): string => {
  const item = typeof row["item"] === "string" ? row["item"] : Preview.json(row["item"] ?? null, 200)
  const problem = typeof row["problem"] === "string" ? `: ${row["problem"]}` : ""
  return TerminalText.escape(`${String(row["outcome"])}  ${item}${problem}`)
}

/** Counts and what ended it, for `--format json`. */
export const toJson = ({ failures, handles, summary }: Report): ValueRecord => {
  const { counts, durationMs, halted } = summary
  return {
    summary: {
      total: totalOf(counts),
      ...Object.fromEntries(Object.entries(counts).map(([outcome, count]) => [outcome.replace(" ", "_"), count])),
      duration_ms: Math.round(durationMs)
    },
    halted: halted === undefined ? null : { by: halted.by, reason: halted.reason },
    failures,
    handles
  }
}

/** One line: `97 succeeded, 3 failed of 100 in 4.2s`. */
export const sentence = ({ counts, durationMs }: Batch.Summary): string => {
  const named = Object.entries(counts).filter(([outcome, count]) => count > 0 || outcome === "succeeded")
  const parts = named.map(([outcome, count]) => `${count} ${outcome}`).join(", ")
  return `${parts} of ${totalOf(counts)} in ${DurationText.format(Duration.millis(Math.round(durationMs)))}`
}

/** Whether all, some or none of the items are done by now, those of earlier runs included. */
export const verdict = ({ counts, halted }: Batch.Summary): "all" | "some" | "none" => {
  const good = counts.succeeded + counts["done before"]
  const bad = counts.failed + counts.unknown + counts["failed before"]
  if (bad === 0 && halted === undefined) return "all"
  return good > 0 ? "some" : "none"
}

export const isBad = (outcome: Batch.Outcome): boolean =>
  outcome === "failed" || outcome === "unknown" || outcome === "failed before"

const totalOf = (counts: Batch.Summary["counts"]): number => Object.values(counts).reduce((sum, n) => sum + n, 0)

/** How far it is: `120 of 500, 3 not done, 24/s, 16s left`. `total` is absent while nobody knows it. */
export const progress = (
  done: { readonly items: number; readonly bad: number; readonly elapsedMs: number },
  total: number | undefined
): string => {
  const rate = done.elapsedMs < 1 ? 0 : 1_000 * done.items / done.elapsedMs
  const left = total === undefined || rate === 0 ? undefined : (total - done.items) / rate * 1_000
  return [
    total === undefined ? `${done.items} items` : `${done.items} of ${total}`,
    ...(done.bad === 0 ? [] : [`${done.bad} not done`]),
    `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`,
    ...(left === undefined ? [] : [`${DurationText.format(Duration.seconds(Math.ceil(left / 1_000)))} left`])
  ].join(", ")
}
