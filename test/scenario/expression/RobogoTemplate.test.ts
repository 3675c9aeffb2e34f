import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { emptyRecord, type Value } from "../../../src/core/Value.ts"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import * as RobogoTemplate from "../../../src/scenario/expression/RobogoTemplate.ts"
import { machine, namesOf } from "./world.ts"

const guarded = emptyRecord()
guarded["__proto__"] = "data"

const values: { readonly [name: string]: Value } = {
  name: "Ada",
  count: 3,
  response: { status_code: 200, body: "{\"id\":7}", headers: { "Content-Type": ["text/plain"] } },
  rows: [[1, "a"], [2, "b"]],
  nothing: null,
  flags: [true],
  users: { admin: { email: "b@example.org", age: 1 } },
  "users.admin": { email: "a@example.org" },
  "users.admin.age": 36,
  env: "staging",
  ENV: { HOST: "localhost" },
  SECRETS: { token: "s3cret" },
  __robogo_steps: [{ status: "PASS", error: "" }],
  error_occurred: false,
  guarded
}

const expand = (text: string): Value => RobogoTemplate.of(text).run(namesOf(values), machine)

const failure = (text: string) =>
  Result.match(Expression.evaluate(RobogoTemplate.of(text), namesOf(values), machine), {
    onSuccess: () => undefined,
    onFailure: (error) => error
  })

const rows: ReadonlyArray<readonly [text: string, value: Value, because: string]> = [
  ["${count}", 3, "a whole keeps its type"],
  ["${rows}", [[1, "a"], [2, "b"]], "lists too"],
  ["n: ${count}", "n: 3", "in a text it is text"],
  ["${rows.0.1}", "a", "indexes as parts of a path"],
  ["${rows[1][0]}", "2", "indexes in brackets"],
  ["${rows.-1.0}", "2", "from the end"],
  ["${response.status_code}", "200", "a number at the end of a path is text"],
  ["${flags.0}", "true", "so is true"],
  ["${rows.1}", [2, "b"], "a list is not"],
  ["${env}", "staging", "no name is reserved"],
  ["${users.admin.age}", 36, "the longest name comes first"],
  ["${response.headers.Content-Type.0}", "text/plain", "a field with a dash"],
  ["${response.headers['Content-Type'][0]}", "text/plain", "the same in brackets"],
  ["${ name }", "Ada", "space inside"],
  ["${ENV:HOST}", "localhost", "the environment"],
  ["[${ENV:MISSING}]", "[]", "an unset variable is empty"],
  ["${SECRETS.token}", "s3cret", "a secret"],
  ["${__robogo_steps[0].status}", "PASS", "the history of steps"],
  ["${error_occurred}", false, "names of retries"],
  ["${users.admin.email}", "a@example.org", "data under a dotted name"],
  ["all: ${rows}", "all: [[1,\"a\"],[2,\"b\"]]", "lists are JSON inside a text"],
  ["${guarded.__proto__}", "data", "keys are data"],
  ["$${name}", "$Ada", "there is no escape"],
  ["${} and ${", "${} and ${", "what is no hole is text"],
  ["a $name {name}", "a $name {name}", "no braces, no hole"]
]

const refused: ReadonlyArray<readonly [text: string, message: string, hint: string | undefined, place: string]> = [
  ["hi ${nmae}", "unknown name nmae", "did you mean \"name\"?", "nmae"],
  ["${response.status}", "response has no field status", "status_code", "response.status"],
  ["${response.body.id}", "response.body is text", "json_parse", "response.body.id"],
  ["${rows.5}", "rows has 2 items, there is no 5", undefined, "rows.5"],
  ["${SECRETS.nope}", "SECRETS has no field nope", "token", "SECRETS.nope"],
  ["${name.constructor}", "name is text", undefined, "name.constructor"],
  ["${response.__proto__}", "response has no field __proto__", undefined, "response.__proto__"],
  ["${constructor}", "unknown name constructor", undefined, "constructor"],
  ["${1 + 2}", "unknown name 1 + 2", undefined, "1 + 2"]
]

describe("RobogoTemplate", () => {
  for (const [text, value, because] of rows) {
    it(`${text}: ${because}`, () => {
      assert.deepStrictEqual(expand(text), value)
    })
  }

  for (const [text, message, hint, place] of refused) {
    it(`${text} says ${message}`, () => {
      const error = failure(text)

      assert.include(error?.message, message)
      if (hint !== undefined) assert.include(error?.hint, hint)
      assert.strictEqual(text.slice(error!.start, error!.end), place)
    })
  }

  it("names what it reads, and the environment apart", () => {
    const template = RobogoTemplate.of("${rows[0].id} ${ENV:HOST} ${SECRETS.token} ${ENV:OTHER}")

    assert.deepStrictEqual(template.names.map(({ name, path }) => [name, ...path]), [
      ["rows", "0", "id"],
      ["ENV", "HOST"],
      ["SECRETS", "token"],
      ["ENV", "OTHER"]
    ])
    assert.deepStrictEqual(template.environment, ["HOST", "OTHER"])
    assert.strictEqual(RobogoTemplate.of("plain").constant, "plain")
  })

  it("R07 what a hole gives is never expanded again", () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom("${b}", "${ENV:X}", "${SECRETS.t}"), (a, hole) => {
      const names = namesOf({ a: a + hole, b: "no" })
      assert.strictEqual(RobogoTemplate.of("<${a}>").run(names, machine), `<${a}${hole}>`)
    }))
  })

  it("never fails to parse, and throws EvaluationError only", () => {
    const piece = fc.constantFrom(
      "${",
      "}",
      ".",
      "[0]",
      "[",
      "]",
      "name",
      "rows",
      "ENV:",
      "SECRETS.",
      "'",
      " ",
      "$",
      "-1"
    )
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const template = RobogoTemplate.of(pieces.join(""))
      Expression.evaluate(template, namesOf(values), machine)
    }))
  })
})
