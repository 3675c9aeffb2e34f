/** Rows as tables, JSON, JSON lines and CSV. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Json from "../../../src/core/Json.ts"
import * as Style from "../../../src/core/Style.ts"
import * as TerminalText from "../../../src/core/TerminalText.ts"
import type { Value } from "../../../src/core/Value.ts"
import * as Fields from "../../../src/programs/output/Fields.ts"
import * as RowText from "../../../src/programs/output/RowText.ts"
import * as Csv from "../../../src/scenario/data/Csv.ts"

const sites: ReadonlyArray<Value> = [
  { id: 1, name: "shop", owner: { mail: "a@b" }, tags: ["x", "y"] },
  { id: 22, name: "日本", owner: { mail: null }, tags: [] }
]

const fields = (text: string) => Fields.parse(text)!

const numbered = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ id: from + at }))

/** Rows in pages of some sizes, written one after the other, by a new writer for each page when `resumed`. */
const inPages = (format: RowText.Format, rows: ReadonlyArray<Value>, size: number, resumed: boolean): string => {
  let writer = RowText.make(format)
  let text = ""
  for (let at = 0; at < rows.length; at += size) {
    text += writer.write(rows.slice(at, at + size))
    if (resumed) writer = RowText.make(format, { after: JSON.parse(JSON.stringify(writer.state())) as RowText.State })
  }
  return text + writer.end()
}

describe("fields", () => {
  it("are names and paths, with another name where one is given", () => {
    assert.deepStrictEqual(fields("id, mail=owner.mail,tags.0").map(({ name, path }) => [name, path.join("/")]), [
      ["id", "id"],
      ["mail", "owner/mail"],
      ["tags.0", "tags/0"]
    ])
    for (const wrong of ["", "a,,b", "a..b", "a,a", "=x", "x="]) assert.isUndefined(Fields.parse(wrong), wrong)
  })

  it("that a row does not have are null, and never those of a prototype", () => {
    const picked = Fields.pick(sites[1]!, fields("id,owner.mail,tags.0,gone.x,constructor,owner.toString"))

    assert.strictEqual(
      Json.stringify(picked),
      "{\"id\":22,\"owner.mail\":null,\"tags.0\":null,\"gone.x\":null,\"constructor\":null,\"owner.toString\":null}"
    )
  })

  it("with a dot in their own name are found", () => {
    assert.strictEqual(Fields.get({ "a.b": 1 }, fields("a.b")[0]!), 1)
  })
})

describe("a table", () => {
  it("is aligned, numbers to the right, wide characters counted as two columns", () => {
    assert.strictEqual(
      RowText.render("table", sites, { fields: fields("id,name,mail=owner.mail,tags") }),
      "id  name  mail  tags\n 1  shop  a@b   [\"x\",\"y\"]\n22  日本        []\n"
    )
  })

  it("fits into the terminal: the widest columns are cut", () => {
    const text = RowText.render("table", [{ id: "a", text: "x".repeat(200), more: "y".repeat(30) }], { width: 40 })

    for (const line of text.trimEnd().split("\n")) assert.isAtMost(TerminalText.width(line), 40)
    assert.match(text, /^a {3}x+… {2}y+…$/m)
  })

  it("has colours only in its heading, and lets no control character through", () => {
    const evil = "\u001b]52;c;aGk=\u0007\u001b[31mred\nnext\u202e"
    const text = RowText.render("table", [{ [`na${evil}`]: evil }], { style: Style.make(true) })

    assert.match(text, /^\u001b\[1m[^\u001b]*\u001b\[22m\n[^\u001b\u0007\u202e]*\n$/)
    assert.lengthOf(text.split("\n"), 3)
  })

  it("without rows has its heading when fields were named, and is empty else", () => {
    assert.strictEqual(RowText.render("table", [], { fields: fields("id,name") }), "id  name\n")
    assert.strictEqual(RowText.render("table", []), "")
  })

  it("of many rows begins after the first hundred", () => {
    const writer = RowText.make("table")

    assert.strictEqual(writer.write(numbered(0, 99)), "")
    assert.lengthOf(writer.write(numbered(99, 1)).split("\n"), 102)
    assert.strictEqual(writer.write(numbered(100, 1)), "100\n")
    assert.strictEqual(writer.end(), "")
  })
})

describe("CSV", () => {
  it("is quoted where it must be", () => {
    const rows = [{ a: "x,y", b: "say \"hi\"", c: "two\nlines", d: " edge", e: null, f: [1] }]

    assert.strictEqual(
      RowText.render("csv", rows),
      "a,b,c,d,e,f\n\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\",\" edge\",,[1]\n"
    )
    assert.strictEqual(RowText.render("csv", [{ a: "" }, { a: "x" }]), "a\n\"\"\nx\n")
  })

  it("calculates nothing in a spreadsheet, unless that is asked for; numbers stay numbers", () => {
    const rows = [{ a: "=HYPERLINK(\"x\")", b: "@SUM(1)", c: "+cmd", d: "-5", e: -5 }]

    assert.strictEqual(
      RowText.render("csv", rows),
      "a,b,c,d,e\n\"'=HYPERLINK(\"\"x\"\")\",'@SUM(1),'+cmd,-5,-5\n"
    )
    assert.include(RowText.render("csv", rows, { guardFormulas: false }), "\n\"=HYPERLINK")
  })

  it("says which fields of later rows it has no column for", () => {
    const writer = RowText.make("csv")
    const text = writer.write([{ a: 1 }]) + writer.write([{ a: 2, b: 3 }]) + writer.end()

    assert.deepStrictEqual([text, writer.leftOut()], ["a\n1\n2\n", ["b"]])
  })

  it("is read back as it was written, whatever the text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\"", ",", "\n", "\r", " ", "=", "é", "\t") })
    const table = fc.array(fc.record({ one: text, two: text }), { minLength: 1, maxLength: 5 })
    fc.assert(fc.property(table, (rows) => {
      const read = Csv.parse(RowText.render("csv", rows, { guardFormulas: false }))
      assert.deepStrictEqual(
        read._tag === "Success" ? read.success.cells : [],
        rows.map(({ one, two }) => [one, two])
      )
    }))
  })
})

describe("JSON and JSON lines", () => {
  it("keep whole numbers of any size", () => {
    assert.strictEqual(RowText.render("jsonl", [{ id: 2n ** 70n }]), "{\"id\":1180591620717411303424}\n")
  })

  it("of no rows are an empty list and an empty text", () => {
    assert.deepStrictEqual([RowText.render("json", []), RowText.render("jsonl", [])], ["[]\n", ""])
  })
})

it("the text of a list is the same in pages of any size, and when another writer goes on after any of them", () => {
  const row = fc.record({ id: fc.integer(), text: fc.string() })
  const formats = fc.constantFrom(...RowText.formats.filter((format) => format !== "table"))
  fc.assert(
    fc.property(formats, fc.array(row), fc.integer({ min: 1, max: 4 }), (format, rows, size) => {
      const whole = RowText.render(format, rows)
      assert.strictEqual(inPages(format, rows, size, false), whole)
      assert.strictEqual(inPages(format, rows, size, true), whole)
      if (format === "json") assert.deepStrictEqual(JSON.parse(whole), rows)
    })
  )
})

it("a file's name says its format", () => {
  assert.deepStrictEqual(
    ["a.jsonl", "a.NDJSON", "a.b.json", "a.csv", "a.txt", "json"].map(RowText.formatOfFile),
    ["jsonl", "jsonl", "json", "csv", undefined, undefined]
  )
})
