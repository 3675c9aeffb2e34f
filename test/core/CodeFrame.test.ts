import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as Masking from "../../src/core/Masking.ts"
import type { Problem, SourceText, Span } from "../../src/core/SourceText.ts"
import * as Style from "../../src/core/Style.ts"
import * as TerminalText from "../../src/core/TerminalText.ts"
import { processorMillis } from "../support/processorTime.ts"

const sourceOf = (text: string, path = "shop.yaml"): SourceText => ({ path, text })

const spanOf = (source: SourceText, part: string): Span => {
  const start = source.text.indexOf(part)
  return { source, start, end: start + part.length }
}

const problemAt = (span: Span, more: Partial<Problem> = {}): Problem => ({
  code: "unknown-key",
  message: "a scenario has no such key",
  severity: "error",
  span,
  ...more
})

const shop = sourceOf("name: Checkout\nstpes:\n  - log: hi\n\n\n\nsteps: []\n")

const golden = (actual: string, ...lines: ReadonlyArray<string>) => assert.strictEqual(actual, lines.join("\n"))

describe("CodeFrame", () => {
  it("shows the place, the line before, the line, a caret under the part, and what to do", () => {
    golden(
      CodeFrame.render(problemAt(spanOf(shop, "stpes"), { hint: "did you mean steps?" })),
      "shop.yaml:2:1: error: a scenario has no such key (unknown-key)",
      "  1 | name: Checkout",
      "  2 | stpes:",
      "    | ^^^^^",
      "    = did you mean steps?"
    )
  })

  it("shows several labels, also in another file, and leaves out what lies between", () => {
    const lib = sourceOf("a: 1\n", "lib.yaml")
    golden(
      CodeFrame.render(problemAt(spanOf(shop, "steps: []"), {
        severity: "warning",
        labels: [
          { span: spanOf(shop, "stpes"), text: "first here" },
          { span: spanOf(shop, "[]"), text: "empty" },
          { span: spanOf(lib, "a"), text: "included here" }
        ]
      })),
      "shop.yaml:7:1: warning: a scenario has no such key (unknown-key)",
      "  1 | name: Checkout",
      "  2 | stpes:",
      "    | ----- first here",
      "   ...",
      "  7 | steps: []",
      "    | ^^^^^^^^^",
      "    |        -- empty",
      "    : lib.yaml:1:1",
      "  1 | a: 1",
      "    | - included here"
    )
  })

  it("puts the caret right after tabs, wide characters and emoji", () => {
    const source = sourceOf("\tkey: { 中文: 👍🏽, e\u0301: bad }\n")
    golden(
      CodeFrame.frame([{ span: spanOf(source, "bad"), text: "here" }]),
      "  1 |     key: { 中文: 👍🏽, e\u0301: bad }",
      "    |                         ^^^ here"
    )
  })

  it("cuts a long line around the part, on both sides", () => {
    const source = sourceOf(`${"x".repeat(200)} bad ${"y".repeat(300)}\n`)
    golden(
      CodeFrame.frame([{ span: spanOf(source, "bad"), text: "" }], { columns: 46 }),
      "  1 | …xxxxxxxxxxx bad yyyyyyyyyyyyyyyyyyyyyy…",
      "    |              ^^^"
    )
    const start = sourceOf(`bad ${"y".repeat(300)}`)
    golden(
      CodeFrame.frame([{ span: spanOf(start, "bad"), text: "" }], { columns: 26 }),
      "  1 | bad yyyyyyyyyyyyyy…",
      "    | ^^^"
    )
  })

  it("marks one column for an empty place, the end of the file, and the first line of a longer part", () => {
    const end = { source: shop, start: shop.text.length, end: shop.text.length }
    golden(CodeFrame.frame([{ span: end, text: "" }]), "  7 | steps: []", "  8 |", "    | ^")
    const whole = { source: shop, start: 0, end: shop.text.length }
    golden(CodeFrame.frame([{ span: whole, text: "" }]), "  1 | name: Checkout", "    | ^^^^^^^^^^^^^^")
  })

  it("shows only the place when the file is empty", () => {
    const empty = { source: sourceOf("", "empty.yaml"), start: 0, end: 0 }
    golden(
      CodeFrame.render(problemAt(empty, { code: "empty", message: "the file is empty" })),
      "empty.yaml:1:1: error: the file is empty (empty)"
    )
  })

  it("sorts by file and place, and keeps the order of equals", () => {
    const other = sourceOf("a: 1\n", "a.yaml")
    const problems = [
      problemAt(spanOf(shop, "steps"), { message: "3" }),
      problemAt(spanOf(shop, "name"), { message: "1" }),
      problemAt(spanOf(shop, "name"), { message: "2" }),
      problemAt(spanOf(other, "a"), { message: "0" })
    ]

    assert.deepStrictEqual(CodeFrame.sort(problems).map(({ message }) => message), ["0", "1", "2", "3"])
    assert.strictEqual(CodeFrame.renderAll(problems).split("\n\n").length, 4)
  })

  it("colours only when asked", () => {
    const problem = problemAt(spanOf(shop, "stpes"), { hint: "x" })
    const coloured = CodeFrame.render(problem, { style: Style.make(true) })

    assert.include(coloured, "\u001b[31m^^^^^\u001b[39m")
    assert.strictEqual(TerminalText.strip(coloured), CodeFrame.render(problem))
  })

  it("R15 hides secrets in lines, messages and hints, and the caret stays right", () => {
    const masking = Masking.make()
    masking.add("hunter2222")
    const source = sourceOf("url: \"http://ada:hunter2222@x\"\ntoken: hunter2222 bad\nnext: 1\n")
    const rendered = CodeFrame.render(
      problemAt(spanOf(source, "bad"), { message: "no hunter2222", hint: "remove hunter2222" }),
      { masking }
    )

    golden(
      rendered,
      "shop.yaml:2:19: error: no *** (unknown-key)",
      "  1 | url: \"http://ada:***@x\"",
      "  2 | token: *** bad",
      "    |            ^^^",
      "    = remove ***"
    )
    golden(
      CodeFrame.frame([{ span: spanOf(source, "ter22"), text: "" }], { masking }).split("\n").slice(0, 2).join("\n"),
      "  1 | url: \"http://ada:***@x\"",
      "    |                  ^"
    )
  })

  it("R15 hides a secret that spans lines", () => {
    const masking = Masking.make()
    masking.add("line one\nline two")
    const source = sourceOf("key: |\n  a line one\nline two b\nc: 1\n")

    golden(
      CodeFrame.frame([{ span: spanOf(source, "b\nc"), text: "" }], { masking }),
      "  2 |   a ***",
      "  3 | *** b",
      "    |     ^"
    )
  })

  it("R18 makes control characters of files, names and messages visible", () => {
    const source = sourceOf("a\u001b]52;c;x\u0007b: \u202ebad\n", "evil\u001b[2J\nname.yaml")
    const rendered = CodeFrame.render(problemAt(spanOf(source, "bad"), { message: "x\r\ny\u009b", hint: "\u0007" }))

    golden(
      rendered,
      "evil␛[2J␊name.yaml:1:15: error: x␍␊y<U+009B> (unknown-key)",
      "  1 | a␛]52;c;x␇b: <U+202E>bad",
      "    |                      ^^^",
      "    = ␇"
    )
  })

  it("R18 keeps a GitHub annotation on one line and inside its fields", () => {
    const source = sourceOf("a: 1\n", "a,b:c%0A.yaml")
    const annotation = CodeFrame.toGithub(problemAt(spanOf(source, "1"), {
      message: "50 %\n::set-output name=x::y\r\n\u001b[31mred",
      hint: "fix it",
      severity: "warning"
    }))

    assert.strictEqual(
      annotation,
      "::warning file=a%2Cb%3Ac%250A.yaml,line=1,endLine=1,col=4,endColumn=5,title=unknown-key::" +
        "50 %25%0A::set-output name=x::y%0Ared%0Afix it"
    )
  })

  it("R18 writes one harmless line, whatever the texts", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (path, message) => {
        const span = { source: sourceOf(message, path), start: 0, end: message.length }
        const annotation = CodeFrame.toGithub(problemAt(span, { message, hint: path }))
        assert.strictEqual(annotation, TerminalText.strip(annotation))
        assert.notInclude(annotation, "\n")
        for (const line of CodeFrame.render(problemAt(span, { message, hint: path })).split("\n")) {
          assert.strictEqual(line, TerminalText.escape(line))
        }
      }),
      { numRuns: 50 }
    )
  })

  it("has the problem as JSON with 1-based places", () => {
    const span = { source: shop, start: 15, end: 25 }
    assert.deepStrictEqual(CodeFrame.toJson(problemAt(span)), {
      code: "unknown-key",
      message: "a scenario has no such key",
      hint: null,
      severity: "error",
      file: "shop.yaml",
      line: 2,
      column: 1,
      end_line: 3,
      end_column: 4
    })
  })

  it("draws a place in a line of five million characters at once", () => {
    const source = sourceOf(`${"x".repeat(2_500_000)}bad${"y".repeat(2_500_000)}`)
    const began = processorMillis()
    CodeFrame.frame([{ span: spanOf(source, "bad"), text: "" }])

    assert.isBelow(processorMillis() - began, 500)
  })
})
