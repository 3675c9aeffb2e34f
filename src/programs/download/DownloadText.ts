/** Downloads as text for people, and as data for programs. */
import { Duration } from "effect"
import * as ByteSize from "../../core/ByteSize.ts"
import * as DurationText from "../../core/DurationText.ts"
import type { Style } from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type { Done, Event, FileResult, Report } from "../Download.ts"
import type { FileProgress, Snapshot } from "./Meter.ts"

/** The line about an event; `undefined` for one that needs none. */
export const line = (event: Event, style: Style): string | undefined => {
  switch (event._tag) {
    case "Started":
      return event.resumed === 0
        ? undefined
        : `${TerminalText.escape(event.name)}: goes on after ${ByteSize.format(event.resumed)}`
    case "Retrying":
      return style.yellow(
        `${TerminalText.escape(event.label)}: ${TerminalText.escape(event.because)}; tried again after ${
          DurationText.format(event.wait)
        }`
      )
    case "Finished":
      return event.result._tag === "Done"
        ? `${style.green("✓")} ${done(event.result)}`
        : `${style.red("✗")} ${failed(event.result)}`
    case "Progress":
      return undefined
  }
}

const done = ({ bytes, checks, kept, name, pieces }: Done): string => {
  const how = kept ? "was there" : pieces > 1 ? `${ByteSize.format(bytes)} in ${pieces} pieces` : ByteSize.format(bytes)
  const compared = checks.length === 0 ? "nothing to compare with" : checks.map(({ what }) => what).join(", ")
  return `${TerminalText.escape(name)}: ${how}; checked: ${compared}`
}

const failed = (result: Extract<FileResult, { readonly _tag: "Failed" }>): string => {
  const { hint, message } = result.error
  const told = `${TerminalText.escape(result.label)}: ${TerminalText.escape(message)}`
  return hint === undefined ? told : `${told}\n  ${hint}`
}

/** What is drawn again and again: a line for each file under way, and one for all of them. */
export const frame = (snapshot: Snapshot, columns: number, style: Style): ReadonlyArray<string> => {
  const { bytes, bytesPerSecond, finished, secondsLeft, total } = snapshot
  const left = secondsLeft === undefined
    ? ""
    : `, ${DurationText.format(Duration.seconds(Math.ceil(secondsLeft)))} left`
  const all = `${finished} of ${total} files, ${ByteSize.format(bytes)}, ${
    ByteSize.format(Math.round(bytesPerSecond))
  }/s${left}`
  return [...snapshot.files.map((file) => bar(file, columns, style)), TerminalText.cut(all, columns)]
}

const barColumns = 20

const bar = ({ bytes, name, size }: FileProgress, columns: number, style: Style): string => {
  const part = size === undefined || size === 0 ? undefined : Math.min(1, bytes / size)
  const full = Math.round((part ?? 0) * barColumns)
  const drawn = part === undefined
    ? " ".repeat(barColumns)
    : style.cyan("━".repeat(full)) + style.dim("─".repeat(barColumns - full))
  const percent = part === undefined ? "    " : `${String(Math.floor(part * 100)).padStart(3)}%`
  const amount = ByteSize.format(bytes).padStart(9)
  const room = Math.max(8, columns - barColumns - 17)
  return `${drawn} ${percent} ${amount}  ${TerminalText.cut(TerminalText.escape(name), room)}`
}

/** One line per file on stdout: where it is. */
export const paths = (report: Report): string =>
  report.flatMap((result) => result._tag === "Done" ? [TerminalText.escape(result.path)] : []).join("\n")

/** As `--format json` prints it. */
export const json = (report: Report): object => ({
  files: report.map((result) => {
    if (result._tag === "Failed") {
      const { hint, message, reason, status } = result.error
      return { label: result.label, ok: false, retries: result.retries, reason, message, hint, status }
    }
    const { _tag, index: _, ...file } = result
    return { ...file, ok: true }
  }),
  done: report.filter(({ _tag }) => _tag === "Done").length,
  failed: report.filter(({ _tag }) => _tag === "Failed").length,
  bytes: report.reduce((sum, result) => sum + (result._tag === "Done" && !result.kept ? result.bytes : 0), 0)
})
