import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Ref, Scope, Sink, Stdio } from "effect"
import { TestClock } from "effect/testing"
import { Invocation } from "../../src/cli/Invocation.ts"
import * as LiveView from "../../src/cli/LiveView.ts"
import { invocation } from "./invocation.ts"

// Written as text because it is about a control character.
const tokens = new RegExp(String.raw`\u001b\[(?:\?25[lh]|\d*[AJ])|[\s\S]`, "g")

/** As much of a terminal as the view uses: wrapping, up, erase to the end, the cursor. */
class Screen {
  rows: Array<string> = [""]
  cursorShown = true
  writes = 0
  private row = 0
  private column = 0
  columns: number

  constructor(columns: number) {
    this.columns = columns
  }

  write(text: string): void {
    this.writes++
    for (const [token] of text.matchAll(tokens)) {
      if (token === "\r") this.column = 0
      else if (token === "\n") this.down()
      else if (token.endsWith("?25l") || token.endsWith("?25h")) this.cursorShown = token.endsWith("h")
      else if (token.endsWith("A") && token.length > 1) this.row -= Number(token.slice(2, -1))
      else if (token === "\u001b[J") this.eraseBelow()
      else this.put(token)
    }
  }

  /** Lines are wrapped again, as terminals do; the cursor stays in its line. */
  resize(columns: number): void {
    const before = this.rows.slice(0, this.row)
    const last = this.rows.slice(this.row)
    const wrap = (line: string) => line.match(new RegExp(`.{1,${columns}}`, "g")) ?? [""]
    this.rows = [...before.flatMap(wrap), ...last.flatMap(wrap)]
    this.row = this.rows.length - 1
    this.columns = columns
  }

  private put(character: string): void {
    if (this.column === this.columns) this.down()
    const line = this.rows[this.row]!.padEnd(this.column)
    this.rows[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1)
    this.column++
  }

  private down(): void {
    this.row++
    this.column = 0
    this.rows[this.row] ??= ""
  }

  private eraseBelow(): void {
    this.rows = this.rows.slice(0, this.row + 1)
    this.rows[this.row] = this.rows[this.row]!.slice(0, this.column)
  }
}

/** A view of `lines` on `screen`; the returned scope closes it. */
const open = (screen: Screen, lines: Ref.Ref<ReadonlyArray<string>>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const { print } = yield* Scope.provide(
      LiveView.open((columns) => Effect.map(Ref.get(lines), (all) => all.map((line) => line.slice(0, columns - 1)))),
      scope
    )
    yield* TestClock.adjust("1 millis")
    return { print, close: Scope.close(scope, Exit.void) }
  }).pipe(Effect.provide(Layer.merge(
    Stdio.layerTest({
      stderr: () => Sink.forEach((text) => Effect.sync(() => screen.write(String(text))))
    }),
    Layer.effect(
      Invocation,
      Effect.map(Invocation, (one) => ({ ...one, columns: Effect.sync(() => screen.columns) }))
    ).pipe(Layer.provide(invocation()))
  )))

describe("LiveView", () => {
  it.effect("draws the frame, and draws it again in place when it changes", () =>
    Effect.gen(function*() {
      const screen = new Screen(40)
      const lines = yield* Ref.make<ReadonlyArray<string>>(["1 of 3", "shop.yaml"])
      yield* open(screen, lines)
      assert.deepStrictEqual(screen.rows, ["1 of 3", "shop.yaml"])

      yield* Ref.set(lines, ["2 of 3"])
      yield* TestClock.adjust("100 millis")

      assert.deepStrictEqual(screen.rows, ["2 of 3"])
      assert.isFalse(screen.cursorShown)
    }))

  it.effect("writes at most ten times a second, and not at all while nothing changes", () =>
    Effect.gen(function*() {
      const screen = new Screen(40)
      const lines = yield* Ref.make<ReadonlyArray<string>>(["0"])
      yield* open(screen, lines)
      const before = screen.writes

      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(screen.writes, before)

      for (let i = 1; i <= 100; i++) {
        yield* Ref.set(lines, [String(i)])
        yield* TestClock.adjust("10 millis")
      }
      assert.isAtMost(screen.writes - before, 10)
    }))

  it.effect("prints lines above the frame", () =>
    Effect.gen(function*() {
      const screen = new Screen(40)
      const view = yield* open(screen, yield* Ref.make<ReadonlyArray<string>>(["1 of 3", "shop.yaml"]))

      yield* view.print("failed a.yaml\n  status was 500")
      yield* view.print("failed b.yaml")

      assert.deepStrictEqual(screen.rows, ["failed a.yaml", "  status was 500", "failed b.yaml", "1 of 3", "shop.yaml"])
    }))

  it.effect("leaves the printed lines and the cursor when it closes", () =>
    Effect.gen(function*() {
      const screen = new Screen(40)
      const view = yield* open(screen, yield* Ref.make<ReadonlyArray<string>>(["1 of 3"]))
      yield* view.print("failed a.yaml")

      yield* view.close

      assert.deepStrictEqual(screen.rows, ["failed a.yaml", ""])
      assert.isTrue(screen.cursorShown)
    }))

  it.effect("R28 survives a terminal that gets narrower", () =>
    Effect.gen(function*() {
      const screen = new Screen(40)
      const lines = yield* Ref.make<ReadonlyArray<string>>(["a line of thirty characters 30", "second"])
      const view = yield* open(screen, lines)
      yield* view.print("above")

      screen.resize(20)
      yield* Ref.set(lines, ["a line of thirty characters 30", "third"])
      yield* TestClock.adjust("100 millis")

      assert.deepStrictEqual(screen.rows, ["above", "a line of thirty ch", "third"])
    }))
})
