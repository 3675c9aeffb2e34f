import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Style from "../../../../src/core/Style.ts"
import * as TerminalText from "../../../../src/core/TerminalText.ts"
import * as Fold from "../../../../src/programs/load/report/Fold.ts"

const words = fc.array(fc.stringMatching(/^[a-z·é日]{1,9}$/), { minLength: 1, maxLength: 30 })

// oxlint-disable-next-line no-control-regex -- colours begin with one
const codes = (shown: string) => shown.match(/\u001b\[\d+m/g)

describe("Fold", () => {
  it("stands behind the label of the first line, or two columns further in", () => {
    assert.deepStrictEqual(Fold.line("dropped  none: every one was started", 24), [
      "dropped  none: every one",
      "         was started"
    ])
    assert.deepStrictEqual(Fold.line("  a sentence that is long", 14), ["  a sentence", "    that is", "    long"])
  })

  it("leaves a line that fits as it is, and a word that is too long whole", () => {
    assert.deepStrictEqual(Fold.line("one  two", 8), ["one  two"])
    assert.deepStrictEqual(Fold.line("see http://127.0.0.1:8080/orders there", 12), [
      "see",
      "  http://127.0.0.1:8080/orders",
      "  there"
    ])
  })

  it("keeps a size and its unit together", () => {
    assert.deepStrictEqual(Fold.line("requests  10 in all, 925.5 kB in", 27), [
      "requests  10 in all,",
      "          925.5 kB in"
    ])
  })

  it("loses no word and no colour, and is never too wide", () => {
    const { dim, red } = Style.make(true)
    fc.assert(fc.property(words, fc.integer({ min: 26, max: 60 }), (words, columns) => {
      const text = `${red("label")}  ${dim(words.join(" "))}`
      const lines = Fold.line(text, columns)

      assert.deepStrictEqual(TerminalText.strip(lines.join(" ")).split(/\s+/), ["label", ...words])
      assert.deepStrictEqual(codes(lines.join("\n")), codes(text))
      for (const line of lines) assert.isAtMost(TerminalText.width(TerminalText.strip(line)), columns)
    }))
  })
})
