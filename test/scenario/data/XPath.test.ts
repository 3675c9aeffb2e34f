import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as XPath from "../../../src/scenario/data/XPath.ts"
import { processorMillis } from "../../support/processorTime.ts"

const order = `<?xml version="1.0"?>
<o:order xmlns:o="urn:order" xmlns="urn:item" o:id="7">
  <item sku="A1"><price>9.5</price></item>
  <item sku="B2"><price>20</price></item>
  <from>here</from><to>there</to><!-- note -->
</o:order>`

const find = (expression: string, options?: XPath.Options, text = order) =>
  Result.match(XPath.evaluate(text, expression, options), {
    onFailure: (problem) => `! ${problem.message}`,
    onSuccess: (values) => values
  })

describe("XPath", () => {
  const rows: ReadonlyArray<readonly [expression: string, found: ReadonlyArray<Value>, because: string]> = [
    ["//price", ["9.5", "20"], "the text of each node, in order; a default namespace needs no prefix"],
    ["/o:order/@o:id", ["7"], "names match with the prefix that the document writes"],
    ["//item/@sku", ["A1", "B2"], "attributes"],
    ["//item[price > 10]/@sku", ["B2"], "predicates compare numbers"],
    ["count(//item)", [2], "numbers stay numbers"],
    ["sum(//price) > 29", [true], "booleans stay booleans"],
    ["string-join(//item/@sku, '-')", ["A1-B2"], "functions"],
    ["//nosuch", [], "nothing found is nothing"],
    ["//x:item", [], "a prefix that the document has not finds nothing"],
    ["normalize-space(//comment())", ["note"], "comments"],
    ["//item[matches(@sku, '^[AB]1$')]/price", ["9.5"], "patterns"],
    ["fn:replace('a-b', '-', '+')", ["a+b"], "replace"],
    ["tokenize('a, b,c', ',\\s*')", ["a", "b", "c"], "tokenize by a pattern"],
    ["tokenize('  a  b ')", ["a", "b"], "tokenize by white space"],
    ["//*[from and to]/to", ["there"], "to may be the name of an element"]
  ]
  for (const [expression, found, because] of rows) {
    it(`${because}: ${expression}`, () => assert.deepEqual(find(expression), found as Array<Value>))
  }

  it("matches by namespace when namespaces are given", () => {
    assert.deepEqual(find("//i:item/@sku", { namespaces: { i: "urn:item" } }), ["A1", "B2"])
    assert.deepEqual(find("//item", { namespaces: { i: "urn:item" } }), [])
    assert.deepEqual(find("//item/@sku", { namespaces: { "": "urn:item" } }), ["A1", "B2"])
    assert.deepEqual(find("namespace-uri(/x:order)", { namespaces: { x: "urn:order" } }), ["urn:order"])
    assert.include(String(find("//z:item", { namespaces: {} })), "! XPST0081")
  })

  it("says why an expression or a document cannot be used", () => {
    assert.strictEqual(find("//a["), "! XPST0003: Failed to parse script. Expected end of input")
    assert.strictEqual(find(" "), "! the expression is empty")
    assert.include(String(find("matches('a', '(')")), "is no pattern")
    assert.strictEqual(find("/a", {}, "<a>"), "! the document is not well-formed XML: 1:3: unclosed tag: a")
  })

  it("reads no file and refuses a DOCTYPE", () => {
    assert.include(String(find("doc('/etc/passwd')")), "! XPST0017")
    assert.include(String(find("unparsed-text('/etc/passwd')")), "! XPST0017")
    const entity = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"
    assert.include(String(find("/a", {}, entity)), "DOCTYPE")
  })

  it("ends an expression that takes too many steps through a long document", () => {
    const long = `<a>${"<b/>".repeat(10_000)}</a>`
    assert.deepEqual(find("count(//b)", {}, long), [10_000])
    assert.strictEqual(
      find("count(//b[preceding-sibling::b])", {}, long),
      "! it takes more than 5000000 steps through the document"
    )
  })

  it("leaves out what could run for ever or reach the engine's own patterns", () => {
    assert.include(String(find("count(1 to 1000000000)")), "! ranges")
    assert.include(String(find("Q{http://www.w3.org/2005/xpath-functions}matches('a', '(a+)+$')")), "! Q{...}")
    assert.include(String(find("function-lookup(xs:QName('fn:matches'), 2)('a', 'a')")), "! Q{...}")
  })

  it("R09 patterns in matches(), replace() and tokenize() take linear time", () => {
    const text = `<a>${"a".repeat(50_000)}!</a>`
    for (const pattern of ["(a+)+$", "(a|aa)+$", "^(a|a)*$", "([a-zA-Z]+)*$", "(\\w*)*1"]) {
      const start = processorMillis()
      find(`matches(/a, '${pattern}')`, {}, text)
      find(`replace(/a, '${pattern}x', 'y')`, {}, text)
      find(`tokenize(/a, '${pattern}x')`, {}, text)
      find(`let $f := matches#2 return $f(/a, '${pattern}')`, {}, text)
      assert.isBelow(processorMillis() - start, 1_500)
    }
  })
})
