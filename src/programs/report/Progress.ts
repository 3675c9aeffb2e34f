/**
 * Where a run stands, folded from its events, and the few lines that show it on a terminal while it goes on.
 *
 * `src/cli` draws the lines again and again below the ones of `Console.ts`; nothing here knows a clock or a terminal.
 */
import * as Style from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type { Event, Status, Summary } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import * as ReportText from "./ReportText.ts"
import * as SummaryText from "./SummaryText.ts"

/** A run under way. Changes as events are added; belongs to one run. */
export interface Progress {
  /** Milliseconds since the epoch, as in the events; 0 before the run has started. */
  startedAt: number
  total: number
  /** Cases that have ended, by how. A case that runs again is taken out until it ends again. */
  readonly counts: { -readonly [K in keyof Summary]: number }
  readonly running: Map<string, RunningCase>
  readonly ended: Map<string, Status>
}

interface RunningCase {
  readonly name: string
  readonly file: string
  readonly attempt: number
  readonly startedAt: number
  step: string | undefined
}

export const make = (): Progress => ({
  startedAt: 0,
  total: 0,
  counts: { total: 0, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 },
  running: new Map(),
  ended: new Map()
})

/** Adds one event. */
export const add = (progress: Progress, event: Event): void => {
  switch (event._tag) {
    case "RunStarted":
      progress.startedAt = event.at
      progress.total = event.total
      return
    case "CaseStarted": {
      const before = progress.ended.get(event.case)
      if (before !== undefined) count(progress, before, -1)
      progress.ended.delete(event.case)
      progress.running.set(event.case, {
        name: event.name,
        file: event.file,
        attempt: event.attempt,
        startedAt: event.at,
        step: undefined
      })
      return
    }
    case "StepStarted": {
      const running = progress.running.get(event.case)
      if (running !== undefined) running.step = event.name
      return
    }
    case "CaseFinished":
      progress.running.delete(event.case)
      progress.ended.set(event.case, event.status)
      count(progress, event.status, 1)
      progress.total = Math.max(progress.total, progress.counts.total)
      return
  }
}

const count = (progress: Progress, status: Status, by: 1 | -1): void => {
  progress.counts[status] += by
  progress.counts.total += by
}

export interface FrameOptions {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** Running cases shown, those that run longest first. @default 8 */
  readonly rows?: number | undefined
}

/**
 * Returns the live area: a line per running case, then one with a bar, the counts and the time. No line is wider than
 * `width` columns. `now` is in milliseconds since the epoch. Empty before the run has started.
 */
export const frame = (
  progress: Progress,
  width: number,
  now: number,
  options: FrameOptions = {}
): ReadonlyArray<string> => {
  if (progress.startedAt === 0) return []
  const style = options.style ?? Style.plain
  const max = options.rows ?? 8
  const running = [...progress.running.values()].sort((a, b) => a.startedAt - b.startedAt)
  // One more that is left over stands in the place of the line that would say so.
  const shown = running.length === max + 1 ? running : running.slice(0, max)
  const more = running.length - shown.length
  return [
    "",
    ...shown.map((one) => runningLine(one, width, now, style)),
    ...(more === 0 ? [] : [style.dim(TerminalText.cut(`   and ${more} more`, width))]),
    statusLine(progress, width, now, style)
  ]
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

const runningLine = (one: RunningCase, width: number, now: number, style: Style.Style): string => {
  const elapsed = Math.max(0, now - one.startedAt)
  const time = FailureText.time(elapsed < 1_000 ? elapsed : Math.floor(elapsed / 100) * 100).padStart(7)
  const spin = spinner[Math.floor(now / 100) % spinner.length]!
  const again = one.attempt > 1 ? ` (attempt ${one.attempt})` : ""
  const room = Math.max(0, width - 12)
  const name = TerminalText.pad(ReportText.name(one.name) + again, Math.min(44, Math.floor(room * 0.55)))
  const step = one.step === undefined ? ReportText.name(one.file, "") : `› ${ReportText.name(one.step)}`
  const rest = TerminalText.cut(step, Math.max(0, room - TerminalText.width(name) - 2))
  const color = elapsed > 10_000 ? style.yellow : style.dim
  return TerminalText.width(name) < 8
    ? TerminalText.cut(` ${spin} ${ReportText.name(one.name)}`, width)
    : ` ${style.cyan(spin)} ${name} ${color(time)} ${style.dim(rest)}`
}

const statusLine = (progress: Progress, width: number, now: number, style: Style.Style): string => {
  const { counts, startedAt, total } = progress
  const elapsed = Math.max(0, now - startedAt)
  const parts = SummaryText.order.filter((status) => counts[status] > 0).map((status) => ({
    plain: `${counts[status]} ${status}`,
    shown: SummaryText.color(style, status)(`${counts[status]} ${status}`)
  }))
  const done = `${counts.total}/${total}`
  const left = remaining(progress, elapsed)
  const clock = FailureText.time(Math.floor(elapsed / 1_000) * 1_000).replace("0ms", "0s") +
    (left === "" ? "" : `, ${left} left`)
  const tail = [done, ...parts.map((part) => part.plain), clock].join("  ")
  const room = Math.min(40, width - TerminalText.width(tail) - 4)
  if (room < 8) return TerminalText.cut(` ${tail}`, width)
  return ` ${bar(progress, room, style)}  ${
    [style.bold(done), ...parts.map((part) => part.shown), style.dim(clock)].join("  ")
  }`
}

const bar = ({ counts, total }: Progress, width: number, style: Style.Style): string => {
  const filled = total === 0 ? 0 : Math.min(width, Math.floor((counts.total / total) * width))
  const bad = counts.failed + counts.error
  const badCells = bad === 0 || filled === 0 ? 0 : Math.max(1, Math.round((bad / counts.total) * filled))
  return style.green("━".repeat(filled - badCells)) + style.red("━".repeat(badCells)) +
    style.dim("─".repeat(width - filled))
}

/** A guess is worth showing once a twentieth is done and it is not over at once. */
const remaining = ({ counts, total }: Progress, elapsed: number): string => {
  if (counts.total === 0 || counts.total * 20 < total || elapsed < 3_000) return ""
  const left = (elapsed / counts.total) * (total - counts.total)
  return left < 2_000 ? "" : `about ${FailureText.time(left < 60_000 ? Math.ceil(left / 1_000) * 1_000 : left)}`
}
