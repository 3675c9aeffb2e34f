import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as DotEnv from "../../src/core/DotEnv.ts"

const read = (text: string) => ({ ...DotEnv.parse({ path: ".env", text }).values })

describe("DotEnv", () => {
  it("reads names, quotes, comments and escapes", () => {
    const rows: ReadonlyArray<readonly [because: string, text: string, values: Readonly<Record<string, string>>]> = [
      ["plain", "A=1\nB = two words \n", { A: "1", B: "two words" }],
      ["export and a byte order mark", "\ufeffexport A=1\r\nB=2\r\n", { A: "1", B: "2" }],
      ["empty", "A=\nB=\"\"\n", { A: "", B: "" }],
      ["comments", "# A=1\n\nA=1 # one\nB=#none\n  # x\n", { A: "1", B: "" }],
      ["a hash inside a word is no comment", "A=pa#ss\n", { A: "pa#ss" }],
      ["nothing is expanded", "A=$HOME${B}\nB=\"$A\"\n", { A: "$HOME${B}", B: "$A" }],
      ["single quotes keep everything", "A='a\\n\"b\" # c'\n", { A: "a\\n\"b\" # c" }],
      ["double quotes know escapes", "A=\"a\\nb\\\"c\\\\d\\x\" # c\n", { A: "a\nb\"c\\d\\x" }],
      ["quoted values span lines", "A=\"-----\nkey\n-----\"\nB=`x\ny`\n", { A: "-----\nkey\n-----", B: "x\ny" }],
      ["the last one counts", "A=1\nA=2\n", { A: "2" }],
      ["equals signs belong to the value", "A=b=c==\n", { A: "b=c==" }]
    ]
    for (const [because, text, values] of rows) assert.deepStrictEqual(read(text), values, because)
  })

  it("R03 keeps __proto__ a name", () => {
    const { values } = DotEnv.parse({ path: ".env", text: "__proto__=x\nconstructor=y\n" })
    assert.deepStrictEqual(Object.entries(values), [["__proto__", "x"], ["constructor", "y"]])
  })

  it("warns of lines that cannot be read and goes on", () => {
    const { problems, values } = DotEnv.parse({ path: ".env", text: "A=1\nnonsense\nB=\"open\nC=3\n" })

    assert.deepStrictEqual({ ...values }, { A: "1", C: "3" })
    assert.deepStrictEqual(
      problems.map((problem) => CodeFrame.toJson(problem)).map(({ line, severity }) => [line, severity]),
      [
        [2, "warning"],
        [3, "warning"]
      ]
    )
  })

  it("ends on every text, and reads back what it can hold", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."A=\"'`\\#\n \r") }), (text) => void read(text)))
    fc.assert(fc.property(fc.string(), (value) => {
      const escaped = value.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n").replaceAll(
        "\r",
        "\\r"
      )
      assert.strictEqual(read(`A="${escaped}"`)["A"], value)
    }))
  })
})
