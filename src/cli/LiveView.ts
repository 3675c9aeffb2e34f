/**
 * A few lines at the bottom of a terminal that are drawn again and again, with ordinary lines scrolling above them. On
 * stderr, so that stdout keeps the result.
 */
import { Effect, Ref, Schedule, type Scope, Semaphore, Stdio, Stream } from "effect"
import * as TerminalText from "../core/TerminalText.ts"
import { Invocation } from "./Invocation.ts"

export interface LiveView {
  /** Writes lines above the view. */
  readonly print: (text: string) => Effect.Effect<void>
}

/**
 * Draws what `frame` answers, at most ten times a second, until the scope closes; then the view is gone and the cursor back.
 *
 * `frame` gets the columns of the terminal and keeps its lines shorter. A terminal that went away is ignored.
 */
export const open = Effect.fnUntraced(function*(
  frame: (columns: number) => Effect.Effect<ReadonlyArray<string>>
): Effect.fn.Return<LiveView, never, Scope.Scope | Stdio.Stdio | Invocation> {
  const stdio = yield* Stdio.Stdio
  const { columns } = yield* Invocation
  const drawn = yield* Ref.make<ReadonlyArray<string>>([])
  const turn = yield* Semaphore.make(1)

  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
  const redraw = (above: string) =>
    Effect.gen(function*() {
      const width = yield* columns
      const before = yield* Ref.get(drawn)
      const lines = yield* frame(width)
      if (above === "" && sameLines(before, lines)) return
      yield* Ref.set(drawn, lines)
      yield* write(erase(before, width) + above + lines.join("\n"))
    }).pipe(Semaphore.withPermit(turn))

  yield* Effect.acquireRelease(write(hideCursor), () =>
    Effect.gen(function*() {
      yield* write(erase(yield* Ref.get(drawn), yield* columns) + showCursor)
    }))
  yield* Effect.forkScoped(Effect.repeat(redraw(""), Schedule.spaced("100 millis")))
  return { print: (text) => redraw(`${text}\n`) }
})

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"

/** Goes back to where the view began and erases from there on. A narrower terminal has wrapped the lines since. */
const erase = (lines: ReadonlyArray<string>, columns: number): string => {
  const rows = lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(TerminalText.width(TerminalText.strip(line)) / columns)),
    0
  )
  return lines.length === 0 ? "" : `\r${rows > 1 ? `\u001b[${rows - 1}A` : ""}\u001b[J`
}

const sameLines = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((line, index) => line === b[index])
