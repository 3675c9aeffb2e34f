/** How many changes are remembered: by number, and by what their documents take. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { History } from "../../../src/layers/embedded/documents/DocumentChanges.ts"

/** One text for all: only what is counted is large. */
const mebibyte = "x".repeat(1024 * 1024)

const change = (texts: number) => ({
  kind: "insert" as const,
  database: "test",
  collection: "files",
  after: { _id: 1, texts: Array.from({ length: texts }, () => mebibyte) }
})

const canGoOnAfter = (history: History, number: number): boolean =>
  Result.isSuccess(Result.try(() => history.after(number, 1)))

describe("History", () => {
  it("small documents are remembered by number, whatever their content", () => {
    const history = new History(100)
    for (let at = 0; at < 1_000; at++) history.add(change(0), at)

    assert.isTrue(canGoOnAfter(history, 900))
    assert.isFalse(canGoOnAfter(history, 899))
  })

  it("large documents are forgotten before memory is full of them", () => {
    const history = new History(50_000)
    for (let at = 0; at < 1_000; at++) history.add(change(1), at)

    assert.isTrue(canGoOnAfter(history, 1_000 - 127))
    assert.isFalse(canGoOnAfter(history, 1_000 - 257))
  })

  it("the last change can be read, however large it is", () => {
    const history = new History(50_000)
    for (let at = 0; at < 3; at++) history.add(change(300), at)

    assert.lengthOf(history.after(2, 10), 1)
    assert.isFalse(canGoOnAfter(history, 1))
  })
})
