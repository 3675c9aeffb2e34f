import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as DidYouMean from "../../src/core/DidYouMean.ts"

const keys = ["status", "headers", "body", "duration_ms", "timeout", "retry", "url", "if", "id"]

const rows: ReadonlyArray<{ word: string; expected: string | undefined; because: string }> = [
  { word: "staus", expected: "status", because: "a letter is missing" },
  { word: "sttaus", expected: "status", because: "two neighbours are swapped" },
  { word: "Status", expected: "status", because: "letter case is free" },
  { word: "durationMs", expected: "duration_ms", because: "spelling of word borders is free" },
  { word: "time-out", expected: "timeout", because: "dashes do not count" },
  { word: "header", expected: "headers", because: "a plural" },
  { word: "ulr", expected: "url", because: "a swap in a short word" },
  { word: "parallelism", expected: undefined, because: "nothing is close" },
  { word: "x", expected: undefined, because: "replacing a whole word is no misspelling" },
  { word: "", expected: undefined, because: "there is no word" },
  { word: "a".repeat(5000), expected: undefined, because: "no name is that long" }
]

describe("DidYouMean", () => {
  for (const row of rows) {
    it(`suggests ${row.expected ?? "nothing"} for ${row.word.slice(0, 20) || "an empty word"}: ${row.because}`, () => {
      assert.strictEqual(DidYouMean.suggest(row.word, keys), row.expected)
    })
  }

  it("never suggests the word itself, and only candidates", () => {
    fc.assert(fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
      const found = DidYouMean.suggest(word, candidates)
      assert.isTrue(found === undefined || (found !== word && candidates.includes(found)))
    }))
  })

  it("writes the hint as a question", () => {
    assert.strictEqual(DidYouMean.hint("bdoy", keys), "did you mean \"body\"?")
    assert.isUndefined(DidYouMean.hint("zzzzzz", keys))
  })
})
