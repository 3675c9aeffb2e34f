import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import * as Reference from "../../../src/scenario/expression/Reference.ts"
import * as Template from "../../../src/scenario/expression/Template.ts"
import { machine, names } from "./world.ts"

const page = readFileSync(new URL("../../../docs/expressions.md", import.meta.url), "utf8")

/** The rows of the tables with the columns `expression | value`, outside of the written part. */
const examples = page.split("<!-- functions -->")[0]!.split("\n").flatMap((line) => {
  const match = /^\| `(.+?)` \| `(.+?)` \|/.exec(line)
  return match === null ? [] : [[match[1]!.replaceAll("\\|", "|"), match[2]!.replaceAll("\\|", "|")] as const]
})

const valueOf = (text: string) =>
  Result.flatMap(Expression.parse(text), (expression) => Expression.evaluate(expression, names, machine))

describe("docs/expressions.md", () => {
  it("has the tables of functions as they are defined; node scripts/expression-reference.ts writes them", () => {
    const written = page.split("<!-- functions -->")[1]
    assert.strictEqual(written?.trim(), Reference.functionTables())
  })

  it("has examples", () => {
    assert.isAtLeast(examples.length, 25)
  })

  for (const [expression, value] of examples) {
    it(`${expression} is ${value}`, () => {
      if (value === "error") return assert.isTrue(Result.isFailure(valueOf(expression)))
      const actual = expression.includes("${")
        ? Result.flatMap(Template.parse(expression), (template) => Template.evaluate(template, names, machine))
        : valueOf(expression)
      assert.isTrue(Result.isSuccess(actual), expression)
      assert.deepEqual(actual, valueOf(value))
    })
  }
})
