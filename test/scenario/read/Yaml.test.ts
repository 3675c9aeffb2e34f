import { assert, describe, it } from "@effect/vitest"
import { positionAt } from "../../../src/core/SourceText.ts"
import * as Node from "../../../src/scenario/read/Node.ts"
import * as Yaml from "../../../src/scenario/read/Yaml.ts"
import { processorMillis } from "../../support/processorTime.ts"

const parse = (text: string) => Yaml.parse({ path: "file.yaml", text })
const value = (text: string) => Node.toValue(parse(text).root!)
const codes = (text: string) => parse(text).problems.map((problem) => problem.code)

describe("Yaml", () => {
  it("R01 an alias bomb is one problem at the alias, in under 100 ms and 50 MB", () => {
    const letters = "abcdefghi"
    const bomb = [...letters].map((letter, index) =>
      `${letter}: &${letter} [${
        Array.from({ length: 9 }, () => index === 0 ? "x" : `*${letters[index - 1]}`).join(",")
      }]`
    ).join("\n")
    parse("warm: up")
    const memory = process.memoryUsage().heapUsed

    const started = processorMillis()
    const { problems } = parse(bomb)
    const took = processorMillis() - started

    assert.deepStrictEqual(problems.map((problem) => problem.code), ["alias-bomb"])
    assert.strictEqual(bomb[problems[0]!.span.start], "*")
    assert.isBelow(took, 1_000, "bounded: ten times the row's figure, for a busy machine")
    assert.isBelow(process.memoryUsage().heapUsed - memory, 50_000_000)
  })

  it.each([
    ["[".repeat(100_000), "flow lists"],
    ["- ".repeat(100_000), "compact lists"],
    ["{a: ".repeat(100_000), "flow maps"],
    [Array.from({ length: 3_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"), "maps"],
    ["? ".repeat(50_000), "complex keys"]
  ])("R02 nesting without end is a problem, not a crash (%#)", (text) => {
    assert.include(codes(text), "too-deep")
  })

  it("R02 a file over 10 MB and a binary file are refused with a reason", () => {
    assert.deepStrictEqual(codes(`a: ${"x".repeat(10_000_001)}`), ["file-too-large"])
    assert.deepStrictEqual(codes("PK\u0003\u0004\0\0"), ["binary-file"])
  })

  it("R03 __proto__, constructor and << are data", () => {
    const record = value("__proto__: { polluted: 1 }\nconstructor: 2\n<<: { merged: 3 }") as Record<string, unknown>

    assert.deepStrictEqual(Object.keys(record), ["__proto__", "constructor", "<<"])
    assert.isUndefined(({} as Record<string, unknown>)["polluted"])
    assert.isUndefined(record["merged"])
  })

  it.each([
    ["9007199254740993", 9007199254740993n, "an integer beyond 2^53 stays exact"],
    ["-12345678901234567890", -12345678901234567890n, "a negative one too"],
    ["9007199254740991", 9007199254740991, "the largest safe one is a number"],
    ["0x1F", 31, "hexadecimal"],
    ["1.5", 1.5, "a fraction"],
    ["2024-01-01", "2024-01-01", "a date is text"],
    ["12:30:45", "12:30:45", "a time is text"],
    ["no", "no", "YAML 1.1's no is text"],
    ["~", null, "null"]
  ])("R05 %s is read as it is written", (text, expected, _because) => {
    assert.deepStrictEqual(value(`a: ${text}`), Object.assign(Object.create(null), { a: expected }))
  })

  it.each(["1e400", "-1e999", ".inf", ".nan"])("R05 %s is a problem: it cannot be kept", (text) => {
    assert.deepStrictEqual(codes(`a: ${text}`), ["inexact-number"])
  })

  it("points at the text inside quotes", () => {
    const root = parse("a: \"x ${b}\"").root!
    const node = Node.get(root, "a")!
    const span = Node.partSpan(node, 2, 6)

    assert.strictEqual("a: \"x ${b}\"".slice(span.start, span.end), "${b}")
    assert.deepStrictEqual(positionAt(span.source, span.start), { line: 1, column: 7 })
  })

  it("points at the whole of a text that stands differently in the file", () => {
    const node = Node.get(parse("a: \"x\\n${b}\"").root!, "a")!

    assert.deepStrictEqual(Node.partSpan(node, 2, 6), node.span)
  })
})
