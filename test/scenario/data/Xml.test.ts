import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as Xml from "../../../src/scenario/data/Xml.ts"
import { processorMillis } from "../../support/processorTime.ts"

const parse = (text: string, localNames = false) =>
  Result.match(Xml.parse(text, { localNames }), {
    onFailure: (problem) => `! ${problem.message}`,
    onSuccess: (value) => JSON.stringify(value)
  })

const build = (value: Value, root = "r") =>
  Result.match(Xml.build(value, { root, declaration: false }), {
    onFailure: (problem) => `! ${problem.message}`,
    onSuccess: (text) => text
  })

const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth)

const bomb = `<!DOCTYPE a [<!ENTITY x "${"x".repeat(10)}">${
  Array.from({ length: 9 }, (_, at) => `<!ENTITY y${at} "${"&x;".repeat(10)}">`).join("")
}]><a>&y8;</a>`

describe("Xml.parse", () => {
  const rows: ReadonlyArray<readonly [text: string, json: string, because: string]> = [
    ["<a/>", "{\"a\":{}}", "an empty element is an empty object"],
    ["<a> x </a>", "{\"a\":{\"#text\":\"x\"}}", "text is trimmed"],
    ["<a i=\"1\"/>", "{\"a\":{\"@attributes\":{\"i\":\"1\"}}}", "attributes have a key of their own"],
    ["<a><b>1</b><b>2</b></a>", "{\"a\":{\"b\":[{\"#text\":\"1\"},{\"#text\":\"2\"}]}}", "what repeats is a list"],
    ["<a>x<b/>y</a>", "{\"a\":{\"#text\":\"xy\",\"b\":{}}}", "mixed text is joined"],
    ["<a>&lt;&#65;<![CDATA[<&]]></a>", "{\"a\":{\"#text\":\"<A<&\"}}", "references and CDATA are text"],
    ["<!-- out --><a><!-- in --></a>", "{\"a\":{\"#comments\":\"in\"}}", "comments inside are kept"],
    ["\uFEFF<?xml version=\"1.0\"?><a/>", "{\"a\":{}}", "a byte order mark and a declaration are no content"],
    [
      "<s:a xmlns:s=\"u\"><s:b/></s:a>",
      "{\"s:a\":{\"@attributes\":{\"xmlns:s\":\"u\"},\"s:b\":{}}}",
      "names keep their prefixes"
    ],
    ["<__proto__><toString/></__proto__>", "{\"__proto__\":{\"toString\":{}}}", "R03 names of JavaScript are data"]
  ]
  for (const [text, json, because] of rows) it(because, () => assert.strictEqual(parse(text), json))

  it("drops prefixes when asked", () => {
    assert.strictEqual(
      parse("<s:a xmlns:s=\"u\"><s:b/></s:a>", true),
      "{\"a\":{\"@attributes\":{\"s\":\"u\"},\"b\":{}}}"
    )
  })

  it("refuses what is no document, with its line and column", () => {
    assert.strictEqual(parse("<a>\n<b></a>"), "! 2:7: unexpected close tag.")
    assert.strictEqual(parse("<a>&nbsp;</a>"), "! 1:9: undefined entity.")
    assert.strictEqual(parse("<a/><b/>"), "! 1:7: documents may contain only one root.")
    assert.strictEqual(parse("hello"), "! 1:5: text data outside of root node.")
    assert.strictEqual(parse(""), "! 1:0: document must contain a root element.")
  })

  it("refuses a DOCTYPE, and with it external files and entities that grow", () => {
    const start = processorMillis()
    assert.include(parse("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"), "DOCTYPE")
    assert.include(parse("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/x.dtd\"><a/>"), "DOCTYPE")
    assert.include(parse(bomb), "DOCTYPE")
    assert.isBelow(processorMillis() - start, 200)
  })

  it("reads a comment about a DOCTYPE", () => {
    assert.strictEqual(parse("<!-- <!DOCTYPE a> --><a/>"), "{\"a\":{}}")
  })

  it("bounds depth and size", () => {
    assert.notInclude(parse(nested(Xml.maxDepth)), "!")
    assert.include(parse(nested(Xml.maxDepth + 1)), "! it is nested deeper than 1000 levels")
    assert.include(parse("<a>".repeat(200_000)), "! it is nested deeper than 1000 levels")
    assert.include(parse(`<a>${" ".repeat(Xml.maxLength)}</a>`), "! it is longer than")
  })

  it("takes many attributes and many equal children in linear time", () => {
    const start = processorMillis()
    assert.isAbove(parse(`<a ${Array.from({ length: 20_000 }, (_, at) => `a${at}="1"`).join(" ")}/>`).length, 1000)
    assert.isAbove(parse(`<a>${"<b/>".repeat(50_000)}</a>`).length, 1000)
    assert.isBelow(processorMillis() - start, 3_000)
  })
})

describe("Xml.build", () => {
  const rows: ReadonlyArray<readonly [value: Value, text: string, because: string]> = [
    [{ b: 1, a: true }, "<r>\n  <b>1</b>\n  <a>true</a>\n</r>\n", "keys keep their order"],
    [{ a: [1, 2] }, "<r>\n  <a>1</a>\n  <a>2</a>\n</r>\n", "a list repeats its element"],
    [{ "@attributes": { i: 1, n: null }, "#text": "x" }, "<r i=\"1\" n=\"\">x</r>\n", "attributes and text"],
    [{ text: "x" }, "<r>x</r>\n", "text may be called text"],
    [{ "#text": "x", a: null }, "<r>\n  x\n  <a/>\n</r>\n", "text beside children has its own line"],
    [{ "#comments": "hi", a: "" }, "<r>\n  <!-- hi -->\n  <a/>\n</r>\n", "comments"],
    [{ a: "<&>\"" }, "<r>\n  <a>&lt;&amp;&gt;\"</a>\n</r>\n", "text is escaped"],
    [{ "@attributes": { a: "\"<&>\n\t" } }, "<r a=\"&quot;&lt;&amp;&gt;&#10;&#9;\"/>\n", "attributes are escaped"],
    [{ "__proto__x": 1 }, "<r>\n  <__proto__x>1</__proto__x>\n</r>\n", "R03 such names are names"],
    [null, "<r/>\n", "null is empty"],
    [
      { a: { "@attributes": { i: 1 }, b: { c: 1 } } },
      "<r>\n  <a i=\"1\">\n    <b>\n      <c>1</c>\n    </b>\n  </a>\n</r>\n",
      "nesting"
    ]
  ]
  for (const [value, text, because] of rows) it(because, () => assert.strictEqual(build(value), text))

  it("refuses what XML cannot hold instead of writing something broken", () => {
    assert.strictEqual(build({ "a b": 1 }), "! \"a b\" is no name of an element")
    assert.strictEqual(build({ "a><script>": 1 }), "! \"a><script>\" is no name of an element")
    assert.strictEqual(build({ "@attributes": { "x=\"1\" y": 1 } }), "! \"x=\\\"1\\\" y\" is no name of an attribute")
    assert.strictEqual(build({ a: "\u0000" }), "! the character U+0000 cannot stand in XML")
    assert.strictEqual(build({ a: "\uD800" }), "! the character U+D800 cannot stand in XML")
    assert.strictEqual(build({ "#comments": "a--b" }), "! a comment cannot have -- in it")
    assert.include(build([1, 2]), "! a document has one root element")
  })

  it("writes what it reads back, whatever the text", () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,8}$/).filter((name) => name !== "text")
    const text = fc.string({ unit: "binary" }).map((text) => text.trim()).filter((text) =>
      text !== "" && !/[\r\n]/.test(text)
    )
    fc.assert(fc.property(fc.dictionary(name, fc.array(text, { minLength: 2, maxLength: 3 })), (data) => {
      const written = Xml.build(data, { root: "r", declaration: true })
      if (Result.isFailure(written)) return /cannot stand in XML|is no name/.test(written.failure.message)
      const fields = Object.entries(data).map(([key, texts]) => [key, texts.map((text) => ({ "#text": text }))])
      assert.strictEqual(parse(written.success), JSON.stringify({ r: Object.fromEntries(fields) }))
      return true
    }))
  })
})
