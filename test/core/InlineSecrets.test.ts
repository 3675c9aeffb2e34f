import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as InlineSecrets from "../../src/core/InlineSecrets.ts"
import { leastMillis } from "../support/processorTime.ts"

const hidden = (text: string) => InlineSecrets.find(text).map(({ end, start }) => text.slice(start, end))

describe("InlineSecrets", () => {
  it.each([
    ["secrets: { token: { value: \"a, b\", typo: 1 } }\nvars: { value: 3 }", ["\"a, b\""]],
    ["secrets: { a: { value: plain }, b: { value: other }, c: { env: X } }", ["plain", "other"]],
    [
      "secrets:\n  a:\n    value: some text, and more # why\n  b:\n    - { value: x }\n    - value: 'it''s'\nsteps:\n  - value: 1",
      [
        "some text, and more",
        "x",
        "'it''s'"
      ]
    ],
    ["variables:\n  secrets:\n    a: { value: x-1 }\n  vars:\n    value: 2", ["x-1"]],
    ["{\"name\": \"A\", \"secrets\": {\"a\": {\"value\": \"x\\\"y\"}}, \"vars\": {\"value\": 1}}", ["\"x\\\"y\""]],
    ["secrets:\n  key:\n    value: |\n      line one\n      line two\n    other: 1", [
      "|\n      line one\n      line two"
    ]],
    ["environments:\n  staging: { secrets: { t: [{ env: T }, { value: zzz }] } }\n", ["zzz"]],
    ["steps:\n  - log: ${secrets.value}\n  - variable: { name: x, value: 5 }\n", []],
    ["secrets: { token: { value: \"never closed\n  more", ["\"never closed\n  more"]],
    ["secrets: { token: { value: never closed", ["never closed"]],
    ["mysecrets: { a: { value: 1 } }", []],
    ["secrets:\r\n  a:\r\n    value: x\r\nname: B", ["x"]]
  ])("finds %j", (text, expected) => assert.deepStrictEqual(hidden(text), expected))

  it("finds parts in order, apart from each other, in whatever text", () => {
    const pieces = ["secrets:", " value: ", "{", "}", "[", "]", "\"", "'", "\n", "  ", "- ", "x", "|", "#", ","]
    fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (parts) => {
      const text = parts.join("")
      let last = 0
      for (const { end, start } of InlineSecrets.find(text)) {
        assert.isAtLeast(start, last)
        assert.isAbove(end, start)
        assert.isAtMost(end, text.length)
        last = end
      }
    }))
  })

  it("takes linear time", () => {
    const texts = [
      `${"secrets: {".repeat(20_000)} value: x`,
      "secrets:\n value: {".repeat(50_000),
      `secrets: { ${"value: x, ".repeat(50_000)}`,
      `secrets:\n${"  value: |\n".repeat(50_000)}`,
      `secrets: { value: ${"\"".repeat(100_001)}`
    ]
    for (const text of texts) assert.isBelow(leastMillis(1, () => InlineSecrets.find(text)), 500)
  })

  it("R15 a code frame does not show a secret that stands in the file", () => {
    const source = { path: "a.yaml", text: "name: A\nsecrets: { token: { value: \"s3cr3t\", typo: 1 } }\n" }
    const start = source.text.indexOf("typo")
    const problem = {
      code: "x",
      message: "no such key",
      severity: "error" as const,
      span: { source, start, end: start + 4 }
    }

    assert.strictEqual(
      CodeFrame.render(problem),
      [
        "a.yaml:2:38: error: no such key (x)",
        "  1 | name: A",
        "  2 | secrets: { token: { value: ***, typo: 1 } }",
        "    |                                 ^^^^"
      ].join("\n")
    )
  })
})
