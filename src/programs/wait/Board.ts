/** How a wait stands, folded from its events, and the lines that show it. Knows no clock and no terminal. */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Style from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import * as RowText from "../output/RowText.ts"
import type { Ended, Event, Item, Outcome, Result, Seen } from "../WorkflowWait.ts"
import { type Handle, keyOf, toJson } from "./Handles.ts"

export class Board {
  private readonly handles: ReadonlyMap<string, Handle>
  private readonly open: Map<string, Seen | undefined>
  private readonly counts = new Map<Outcome, number>()
  private lines = 0
  /** Outcomes so far, by `keyOf`. */
  readonly ended = new Map<string, Ended>()

  constructor(handles: ReadonlyArray<Handle>, before: ReadonlyArray<Ended>) {
    this.handles = new Map(handles.map((handle) => [keyOf(handle), handle]))
    this.open = new Map([...this.handles.keys()].map((key) => [key, undefined]))
    for (const ended of before) this.end(ended)
  }

  /** Adds one event; answers with the line that tells it, if it is worth one. */
  add(event: Event, options: { readonly style: Style.Style; readonly verbose: boolean }): string | undefined {
    const { style, verbose } = options
    switch (event._tag) {
      case "Changed": {
        const key = keyOf(event.item)
        const before = this.open.get(key)
        this.open.set(key, event.seen)
        const { message, progress, state, text } = event.seen
        const isNews = before?.text !== text
        if (state === "unknown" && isNews) {
          return style.yellow(`unknown    ${this.nameOf(event.item)}: its state is ${show(text)}`)
        }
        if (!verbose || state === "done" || state === "failed") return undefined
        return `${"running".padEnd(11)}${this.nameOf(event.item)}${
          detail([percent(progress), isNews ? text : "", message])
        }`
      }
      case "Ended": {
        this.end(event.item)
        if (event.item.outcome === "not awaited" || ++this.lines > mostLines) return undefined
        return this.lines < mostLines ? this.endedLine(event.item, style) : "further ones are in the result"
      }
      case "Trouble":
        return style.yellow(
          `cannot look${event.parent === "" ? "" : ` at ${show(event.parent)}`}: ${TerminalText.escape(event.problem)}`
        )
      case "Finished":
        return undefined
    }
  }

  /** The live area: a line for each of the first that run, then the counts. No line is wider than `width`. */
  frame(
    width: number,
    elapsed: number,
    options: { readonly style: Style.Style; readonly rows?: number }
  ): ReadonlyArray<string> {
    const most = options.rows ?? 12
    const lines: Array<string> = []
    for (const [key, seen] of this.open) {
      if (lines.length === most) break
      lines.push(this.runningLine(this.handles.get(key)!, seen, width, options.style))
    }
    const more = this.open.size - lines.length
    if (more > 0) lines.push(options.style.dim(TerminalText.cut(`and ${more} more`, width)))
    const total = this.handles.size
    const status = `${bar(this.ended.size / Math.max(1, total), 20)} ${this.ended.size}/${total}${
      this.summary() === "" ? "" : `  ${this.summary()}`
    }  ${time(Math.floor(elapsed / 1_000) * 1_000)}`
    return ["", ...lines, TerminalText.cut(status, width)]
  }

  /** `2 done, 1 failed`; empty when none has ended. */
  summary(): string {
    return outcomes.flatMap((outcome) => {
      const count = this.counts.get(outcome) ?? 0
      return count === 0 ? [] : [`${count} ${outcome}`]
    }).join(", ")
  }

  private end(ended: Ended): void {
    const key = keyOf(ended)
    if (!this.open.delete(key)) return
    this.ended.set(key, ended)
    this.counts.set(ended.outcome, (this.counts.get(ended.outcome) ?? 0) + 1)
  }

  private nameOf(item: Item): string {
    return TerminalText.escape(this.handles.get(keyOf(item))?.text ?? item.id)
  }

  private endedLine(ended: Ended, style: Style.Style): string {
    const { outcome, problem, seen } = ended
    const color = outcome === "done" ? style.green : outcome === "not awaited" ? style.dim : style.red
    const why = problem ?? seen?.message ?? (outcome === "done" ? undefined : seen?.text)
    return `${color(outcome.padEnd(11))}${this.nameOf(ended)}  ${style.dim(time(ended.durationMs))}${detail([why])}`
  }

  private runningLine(handle: Handle, seen: Seen | undefined, width: number, style: Style.Style): string {
    const name = TerminalText.pad(TerminalText.escape(handle.text), Math.max(10, Math.min(44, Math.floor(width * 0.4))))
    const done = seen?.progress === undefined
      ? " ".repeat(17)
      : `${bar(seen.progress, 12)} ${percent(seen.progress).padStart(4)}`
    const said = seen === undefined
      ? "not seen yet"
      : [seen.text, seen.message].filter((part) => part !== undefined).join("  ")
    const line = TerminalText.cut(`${name} ${done} ${TerminalText.escape(said)}`, width)
    return seen?.state === "unknown" ? style.yellow(line) : line
  }
}

/** Ends that are told one by one. */
const mostLines = 1_000

/** The result for people: a row for each workflow and the counts. */
export const text = (
  result: Result,
  handles: ReadonlyArray<Handle>,
  board: Board,
  options: { readonly style: Style.Style; readonly width?: number | undefined }
): string => {
  const byKey = new Map(result.items.map((ended) => [keyOf(ended), ended]))
  const rows = handles.map((handle) => {
    const ended = byKey.get(keyOf(handle))!
    return {
      handle: handle.text,
      outcome: ended.outcome,
      state: ended.seen?.text ?? "",
      took: time(ended.durationMs),
      message: ended.problem ?? ended.seen?.message ?? ""
    }
  })
  return `${RowText.render("table", rows, options)}\n${
    board.summary() === "" ? "nothing to wait for" : board.summary()
  }`
}

/** The result for programs. */
export const json = (result: Result, handles: ReadonlyArray<Handle>) => {
  const byKey = new Map(result.items.map((ended) => [keyOf(ended), ended]))
  const count = (outcome: Outcome) => result.items.filter((item) => item.outcome === outcome).length
  return {
    verdict: result.verdict,
    total: result.items.length,
    ...Object.fromEntries(outcomes.map((outcome) => [outcome.replace(" ", "_"), count(outcome)])),
    polls: result.polls,
    items: handles.map((handle) => toJson(handle, byKey.get(keyOf(handle))))
  }
}

const outcomes: ReadonlyArray<Outcome> = ["done", "failed", "missing", "timed out", "unreachable", "not awaited"]

const time = (millis: number): string => millis < 1 ? "0ms" : DurationText.format(Duration.millis(millis))
const percent = (share: number | undefined): string => share === undefined ? "" : `${Math.floor(share * 100)}%`
const show = (text: string): string => JSON.stringify(TerminalText.escape(text))

const bar = (share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return "█".repeat(full) + "░".repeat(width - full)
}

const detail = (parts: ReadonlyArray<string | undefined>): string => {
  const said = parts.filter((part) => part !== undefined && part !== "")
  return said.length === 0 ? "" : `  ${TerminalText.escape(said.join("  "))}`
}
