import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Style from "../../src/core/Style.ts"
import * as TerminalText from "../../src/core/TerminalText.ts"
import { processorMillis } from "../support/processorTime.ts"

const hostile: ReadonlyArray<readonly [because: string, text: string, stripped: string]> = [
  ["a clipboard write ends with BEL", "a\u001b]52;c;ZXZpbA==\u0007b", "ab"],
  ["a clipboard write ends with ST", "a\u001b]52;c;ZXZpbA==\u001b\\b", "ab"],
  ["a title", "\u001b]0;owned\u0007x", "x"],
  ["a link keeps its text", "\u001b]8;;http://evil\u0007text\u001b]8;;\u0007", "text"],
  ["colours and cursor moves", "\u001b[31mred\u001b[2J\u001b[1;1H", "red"],
  ["C1 introducers", "\u009b31mred\u009d0;t\u009cx\u0090q\u009cy", "redxy"],
  ["a device request", "\u001bP+q544e\u001b\\z", "z"],
  ["a sequence without its end", "a\u001b]0;never ends", "a0;never ends"],
  ["full reset", "\u001bcx\u001b(0", "x"],
  ["an overwritten line", "PASS\rFAIL\r\nx", "PASS\nFAIL\nx"],
  ["backspace and delete", "ab\b\u007f", "ab"],
  ["text that runs backwards", "\u202etxt.exe\u2066\u200f", "txt.exe"],
  ["invisible tags", "a\u{e0041}b\ufeff", "ab"],
  ["nothing to do", "a\tb\nä 中 👍🏽", "a\tb\nä 中 👍🏽"]
]

const dangerous = new RegExp(
  String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]`
)
const nasty = fc.array(
  fc.constantFrom(
    "\u001b",
    "[",
    "]",
    "52;c;",
    "\u0007",
    "\u009b",
    "\u009c",
    "\u0090",
    "\\",
    "m",
    "\r",
    "\n",
    "\t",
    "x",
    "\u202e"
  ),
  { maxLength: 40 }
).map((parts) => parts.join(""))

describe("TerminalText", () => {
  it("R18 strips escape sequences with their payload, C1 controls and reordering marks", () => {
    for (const [because, text, stripped] of hostile) assert.strictEqual(TerminalText.strip(text), stripped, because)
  })

  it("R18 lets no control byte through, whatever the pieces", () => {
    fc.assert(fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (text) => {
      assert.notMatch(TerminalText.strip(text), dangerous)
      assert.notMatch(TerminalText.escape(text), dangerous)
      assert.notMatch(TerminalText.escape(text), /[\n\t]/)
      assert.notMatch(TerminalText.escapeLines(text), dangerous)
    }))
  })

  it("R18 strips a long text of unfinished sequences in linear time", () => {
    for (const unit of ["\u001b]", "\u0090", "\u001b[1", "\u009b;", "\u001b]a\u001b"]) {
      const began = processorMillis()
      TerminalText.strip(unit.repeat(200_000))
      assert.isBelow(processorMillis() - began, 1_000)
    }
  })

  it("shows what it escapes", () => {
    assert.strictEqual(TerminalText.escape("a\u001b[1m\n\u009b\u202e\u007f"), "a␛[1m␊<U+009B><U+202E>␡")
    assert.strictEqual(TerminalText.escapeLines("a\u0007\nb"), "a␇\nb")
  })

  it("measures text in columns", () => {
    const rows: ReadonlyArray<readonly [text: string, columns: number]> = [
      ["", 0],
      ["abc", 3],
      ["中文", 4],
      ["ｆｕ", 4],
      ["한글", 4],
      ["e\u0301", 1],
      ["👍🏽", 2],
      ["👨‍👩‍👧", 2],
      ["🇩🇪", 2],
      ["❤️", 2],
      ["❤", 1],
      ["…│", 2],
      ["a\u200bb", 2]
    ]
    for (const [text, columns] of rows) assert.strictEqual(TerminalText.width(text), columns, text)
  })

  it("cuts whole characters to a width and says so with an ellipsis", () => {
    const rows: ReadonlyArray<readonly [text: string, columns: number, cut: string]> = [
      ["abcdef", 6, "abcdef"],
      ["abcdef", 5, "abcd…"],
      ["中文字", 6, "中文字"],
      ["中文字", 5, "中文…"],
      ["中文字", 4, "中…"],
      ["👨‍👩‍👧x", 2, "…"],
      ["abc", 1, "…"],
      ["abc", 0, ""]
    ]
    for (const [text, columns, cut] of rows) {
      assert.strictEqual(TerminalText.cut(text, columns), cut, `${text} ${columns}`)
    }
    assert.strictEqual(TerminalText.pad("中", 4), "中  ")
  })

  it("pads and cuts to exactly the columns asked for", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
      assert.strictEqual(TerminalText.width(TerminalText.pad(text, columns)), columns)
    }))
  })
})

describe("Style", () => {
  it("colours when on, goes on after an inner style, and leaves text alone when off", () => {
    const on = Style.make(true)
    assert.strictEqual(on.red("x"), "\u001b[31mx\u001b[39m")
    assert.strictEqual(on.red(`a${on.green("b")}c`), "\u001b[31ma\u001b[32mb\u001b[39m\u001b[31mc\u001b[39m")
    assert.strictEqual(Style.make(false).bold("x"), "x")
  })
})
