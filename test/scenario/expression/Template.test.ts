import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as Template from "../../../src/scenario/expression/Template.ts"
import { expand, machine, names, namesOf, template } from "./world.ts"

const rows: ReadonlyArray<readonly [template: string, value: Value, because: string]> = [
  ["plain", "plain", "no holes"],
  ["", "", "nothing at all"],
  ["${status}", 500, "one hole keeps its type"],
  ["${ status }", 500, "with space inside"],
  ["${body.items[0]}", { id: 1, sku: "A1" }, "an object as well"],
  ["${body.note}", null, "null too"],
  ["${big}", 9_007_199_254_740_993n, "and a big integer"],
  [" ${status}", " 500", "with text around, it is text"],
  ["${status}${status}", "500500", "two holes are text"],
  ["hi ${body.name}!", "hi Ada!", "text as it is"],
  ["n=${big}", "n=9007199254740993", "integers with all digits"],
  ["n=${1e21 * 1}", "n=1000000000000000000000", "however large"],
  ["f=${body.total}", "f=3.5", "fractions"],
  ["b=${ok}", "b=true", "booleans"],
  ["x=${body.note}", "x=null", "null"],
  ["l=${[1, 'a', null, big]}", "l=[1,\"a\",null,9007199254740993]", "lists as JSON"],
  ["o=${body.items[0]}", "o={\"id\":1,\"sku\":\"A1\"}", "objects as JSON"],
  ["y=${bytes}", "y=aGk=", "bytes as base64"],
  ["${status + 1} and ${lower(body.name)}", "501 and ada", "any expression"],
  ["x${ {a: {b: '}'}}.a.b }y", "x}y", "braces and texts with braces inside"],
  ["x${\"}\" + '}'}y", "x}}y", "both quotes"],
  ["x${map([1], v => {k: v})[0].k}", "x1", "objects in lambdas"],
  ["$${status}", "${status}", "an escape"],
  ["a $${x} b ${status}", "a ${x} b 500", "an escape beside a hole"],
  ["$$${x}", "$${x}", "a dollar before an escape"],
  ["${status}$${x}", "500${x}", "an escape after a hole"],
  ["$5 and 5$ and $x and {x}", "$5 and 5$ and $x and {x}", "dollars and braces alone"],
  ["cost: ${'$'}${status}", "cost: $500", "a dollar before a value"],
  ["line\n${status}\n", "line\n500\n", "several lines"]
]

const broken: ReadonlyArray<readonly [template: string, message: string, place: string]> = [
  ["a ${status", "the ${ has no closing }", "${"],
  ["a ${ {b: 1 }", "the ${ has no closing }", "${"],
  ["a ${'x}", "the text has no closing quote", "'x}"],
  ["a ${} b", "there is no expression", ""],
  ["a ${status = 1} b", "= is no operator", "="],
  ["a ${${status}} b", "${...} inside an expression", "${"]
]

describe("Template", () => {
  for (const [text, value, because] of rows) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? String(v) : v))}: ${because}`, () => {
      assert.deepEqual(expand(text), value)
    })
  }

  for (const [text, message, place] of broken) {
    it(`${text} says ${message}`, () => {
      const parsed = Template.parse(text)
      const [problem] = Result.isFailure(parsed) ? parsed.failure : []

      assert.include(problem?.message, message)
      assert.strictEqual(text.slice(problem!.start, problem!.end), place)
    })
  }

  it("reports the problems of all holes, each at its place in the text", () => {
    const text = "a ${lowr(1)} b ${status} c ${x =}"
    const parsed = Template.parse(text)

    assert.deepStrictEqual(
      Result.isFailure(parsed) ? parsed.failure.map(({ end, start }) => text.slice(start, end)) : [],
      ["lowr", "="]
    )
  })

  it("gives names and errors their places in the text of the template", () => {
    const text = "a ${body.name} b ${zzz}"
    const places = template(text).names.map(({ end, start }) => text.slice(start, end))
    assert.deepStrictEqual(places, ["body", "zzz"])

    const result = Template.evaluate(template(text), names, machine)
    const error = Result.isFailure(result) ? result.failure : undefined
    assert.strictEqual(text.slice(error!.start, error!.end), "zzz")
  })

  it("folds what depends on nothing, and says so", () => {
    assert.strictEqual(template("a ${1 + 1} $${b}").constant, "a 2 ${b}")
    assert.strictEqual(template("${1 + 1}").constant, 2)
    assert.strictEqual(template("plain").constant, "plain")
    assert.isUndefined(template("${status}").constant)
    assert.isUndefined(template("a ${now()}").constant)
    assert.isTrue(template("${status}").whole)
    assert.isFalse(template("${status} ").whole)
    assert.isFalse(template("plain").whole)
  })

  it("R07 what a hole gives is never expanded again", () => {
    const values = namesOf({ a: "${b}", b: "secret", c: ["${b}", { k: "$${b}" }] })

    assert.strictEqual(expand("${a}", values), "${b}")
    assert.strictEqual(expand("x ${a} y", values), "x ${b} y")
    assert.strictEqual(expand("${'$'}{b}", values), "${b}")
    assert.strictEqual(expand("${'$' + '{b}'} ${a}", values), "${b} ${b}")
    assert.strictEqual(expand("x ${c}", values), "x [\"${b}\",{\"k\":\"$${b}\"}]")
  })

  it("R07 any text goes through a template unchanged, whatever stands around it", () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom("${b}", "$${b}", "${", "}", "$", "${a}", "'", "\\"))
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""))
    fc.assert(fc.property(text, text, (a, b) => {
      const values = namesOf({ a, b })

      assert.strictEqual(expand("${a}", values), a)
      assert.strictEqual(expand("<${a}|${b}>", values), `<${a}|${b}>`)
      assert.strictEqual(expand("${[a, b]} ", values), `${JSON.stringify([a, b])} `)
    }))
  })

  it("R07 any text can be written as a template that means itself", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "$", "{", "}", "${", "'", " "), { maxLength: 12 }), (pieces) => {
        const text = pieces.join("")
        const escaped = text.replaceAll("$", () => "${'$'}")
        assert.strictEqual(expand(escaped, namesOf({})), text)
      })
    )
  })

  it("never throws when parsing", () => {
    const piece = fc.constantFrom("${", "}", "$", "{", "'", "\"", "a", "1", " + ", "\\", "x => x", "(", ")", "$${")
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("")
      const parsed = Template.parse(text)
      if (Result.isFailure(parsed)) {
        for (const { end, start } of parsed.failure) {
          assert.isTrue(start >= 0 && start <= end && end <= text.length)
        }
      }
    }))
  })

  it("stops at a text that is too long", () => {
    const values = namesOf({ a: "x".repeat(6_000_000) })
    assert.throws(() => expand("${a}${a}", values), /longer than/)
  })
})
