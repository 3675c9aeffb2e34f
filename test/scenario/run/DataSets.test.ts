import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as Places from "../../../src/scenario/data/Places.ts"
import * as Validation from "../../../src/scenario/data/Validation.ts"
import * as DataSets from "../../../src/scenario/run/DataSets.ts"
import { processorMillis } from "../../support/processorTime.ts"

const load = Effect.fnUntraced(function*(definition: unknown, environments: unknown = [], environment?: string) {
  return yield* DataSets.load(yield* Schema.decodeUnknownEffect(DataSets.Definition)(definition), {
    environments: yield* Schema.decodeUnknownEffect(Schema.Array(DataSets.Environment))(environments),
    environment,
    random: () => 0.5,
    now: 0
  })
})

const set = (generate: unknown) => ({ data_sets: [{ name: "s", generate }] })

const places = (values: ReadonlyArray<Value | undefined>) => values.map((value, at) => ({ path: String(at), value }))

const plain = (value: Value): unknown => JSON.parse(JSON.stringify(value))

const users = {
  name: "users",
  data: { ada: { id: 1, email: "ada@shop.test" }, bob: { id: 2, email: "bob@shop.test" } }
}

describe("DataSets", () => {
  it.effect("puts each set under its name, so that its fields are places", () =>
    Effect.gen(function*() {
      const { variables, violations } = yield* load({ data_sets: [users, { name: "rates", data: [1.5, 2] }] })
      assert.deepEqual(plain(variables), { users: users.data, rates: [1.5, 2] })
      assert.isEmpty(violations)
    }))

  it.effect("makes up records, the same for the same chance", () =>
    Effect.gen(function*() {
      const generate = { count: 2, fields: { id: "u-{index}", name: "person.firstName", active: true } }
      const definition = { data_sets: [{ name: "made", generate }, { name: "both", data: [{ id: 9 }], generate }] }
      const { variables } = yield* load(definition)
      const made = variables["made"] as ReadonlyArray<
        { readonly id: string; readonly name: string; readonly active: boolean }
      >
      assert.deepEqual(made.map(({ active, id }) => [id, active]), [["u-0", true], ["u-1", true]])
      assert.lengthOf(variables["both"] as ReadonlyArray<Value>, 3)
      assert.deepEqual(plain((yield* load(definition)).variables), plain(variables))
    }))

  it.effect("adds the variables, sets and overrides of the active environment", () =>
    Effect.gen(function*() {
      const definition = {
        environment: "staging",
        data_sets: [users, { name: "only", environment: "production", data: { x: 1 } }]
      }
      const environments = [
        {
          name: "staging",
          variables: { base: "http://s" },
          data_sets: ["users"],
          overrides: { "users.ada.email": "qa@s.test", mode: "slow" }
        },
        { name: "production", variables: { base: "http://p" } }
      ]

      const staging = yield* load(definition, environments)
      assert.deepEqual(plain(staging.variables), {
        users: { ada: { id: 1, email: "qa@s.test" }, bob: users.data.bob },
        env: { staging: { base: "http://s" }, production: { base: "http://p" } },
        base: "http://s",
        ada: users.data.ada,
        bob: users.data.bob,
        mode: "slow"
      })

      const production = yield* load(definition, environments, "production")
      assert.deepEqual(plain(production.variables), {
        users: users.data,
        only: { x: 1 },
        env: { staging: { base: "http://s" }, production: { base: "http://p" } },
        base: "http://p"
      })
    }))

  it.effect("knows an environment of the run that the file does not speak of, but not one of the file's own", () =>
    Effect.gen(function*() {
      const environments = [{ name: "staging", variables: { a: 1 } }]
      assert.notProperty((yield* load({}, environments, "ci")).variables, "a")
      const error = yield* Effect.flip(load({ environment: "stagin" }, environments))
      assert.strictEqual(error.message, "data sets: there is no environment \"stagin\"")
    }))

  it.effect("checks what a set says of its own records", () =>
    Effect.gen(function*() {
      const { violations } = yield* load({
        data_sets: [
          {
            name: "people",
            data: [{ id: 1, email: "a@x.test", age: "old" }, { id: 1, email: " " }],
            required: ["email", "age"],
            unique: ["id"],
            schema: { id: "int", age: "integer" }
          },
          { name: "settings", data: { url: "ftp://x" }, required: ["url", "token"], schema: { url: "url" } },
          {
            name: "orders",
            data: [{ user: 1 }, { user: 7 }, {}],
            relations: [{ type: "foreign_key", field: "user", reference: "people.id", required: true }]
          }
        ]
      })
      assert.deepEqual(violations.map(({ message, name, path }) => `${name} ${path} ${message}`), [
        "people people.1.email is required",
        "people people.1.age is required",
        "people people.1.id 1 is not unique: people.0.id has it too",
        "people people.0.age \"old\" is no integer",
        "settings settings.token is required",
        "settings settings.url \"ftp://x\" is no url",
        "orders orders.2.user is required",
        "orders orders.1.user 7 is none of [1,1]"
      ])
    }))

  it.effect("checks rules, with their own words and weight", () =>
    Effect.gen(function*() {
      const { violations } = yield* load({
        data_sets: [{ name: "users", data: { a: { id: 1, mail: "a" }, b: { id: 1, mail: "b@x.test" } } }],
        validation: [
          {
            name: "mail",
            type: "format",
            field: "users.*.mail",
            rule: "email",
            message: "wants a mail",
            severity: "warning"
          },
          { type: "unique", field: "users.a.id" },
          { type: "range", field: "users.a.id", rule: { min: 2 }, continue_on_failure: true },
          { type: "required", field: "users.c.id" },
          { type: "format", field: "nosuch", rule: "email" },
          { type: "magic", field: "users.a" }
        ]
      })
      assert.deepEqual(violations.map(({ message, name, path, severity }) => [name, severity, path, message]), [
        ["mail", "warning", "users.a.mail", "wants a mail"],
        ["unique users.a.id", "error", "users.b.id", "1 is not unique: users.a.id has it too"],
        ["range users.a.id", "warning", "users.a.id", "1 is below 2"],
        ["required users.c.id", "error", "users.c.id", "is not there"],
        ["format nosuch", "error", "nosuch", "is not there"],
        [
          "magic users.a",
          "warning",
          "users.a",
          "there is no kind of rule \"magic\": required, unique, format, range, length, type, one_of"
        ]
      ])
    }))

  it.effect("refuses unknown kinds of data and too many records", () =>
    Effect.gen(function*() {
      assert.include(
        (yield* Effect.flip(load(set({ count: 1, fields: { a: "person.nosuch" } })))).message,
        "there is no kind"
      )
      assert.include((yield* Effect.flip(load(set({ count: 10_001, fields: {} })))).message, "count is from 0 to 10000")
    }))
})

describe("Validation", () => {
  const rows: ReadonlyArray<readonly [kind: Validation.Kind, rule: Value, value: Value, message: string | undefined]> =
    [
      ["format", "email", "ada.l+x@mail.shop.test", undefined],
      ["format", "email", "ada@localhost", "\"ada@localhost\" is no email"],
      ["format", "email", "a b@x.test", "\"a b@x.test\" is no email"],
      ["format", "url", "https://x.test/a?b#c", undefined],
      ["format", "url", "https://", "\"https://\" is no url"],
      ["format", "uuid", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", undefined],
      ["format", "uuid", "0b1c", "\"0b1c\" is no uuid"],
      ["format", "date", "2024-02-29", undefined],
      ["format", "date", "2023-02-29", "\"2023-02-29\" is no date"],
      ["format", "datetime", "2024-02-29T10:00:00Z", undefined],
      ["format", "datetime", "2024-02-30T10:00:00Z", "\"2024-02-30T10:00:00Z\" is no datetime"],
      ["format", "phone", "+49 (30) 123-45", undefined],
      ["format", "phone", "--", "\"--\" is no phone"],
      ["format", "ipv4", "127.0.0.1", undefined],
      ["format", "ipv4", "127.0.0.256", "\"127.0.0.256\" is no ipv4"],
      ["format", "^[A-Z]{2}\\d+$", "AB12", undefined],
      ["format", "^[A-Z]{2}\\d+$", "ab12", "\"ab12\" does not match ^[A-Z]{2}\\d+$"],
      ["format", "^1+$", 111, undefined],
      ["range", { min: 1, max: 5 }, 5, undefined],
      ["range", { min: 1, max: 5 }, "5.01", "5.01 is above 5"],
      ["range", [1, 5], 0, "0 is below 1"],
      ["range", "1..5", 3, undefined],
      ["range", "1..", 1e9, undefined],
      ["range", { min: 1 }, "x", "\"x\" is no number"],
      ["range", "many", 1, "the rule cannot be used: write { min, max }"],
      ["length", { min: 2, max: 3 }, "éé", undefined],
      ["length", { max: 3 }, [1, 2, 3, 4], "its length 4 is above 3"],
      ["length", 2, { a: 1 }, "its length 1 is below 2"],
      ["type", "text", "a", undefined],
      ["type", "number", 12345678901234567890n, undefined],
      ["type", "int", 1.5, "1.5 is no int"],
      ["type", "list", {}, "{} is no list"],
      ["type", "email", "a", "\"a\" is no email"],
      ["one_of", ["a", "b"], "b", undefined],
      ["one_of", ["a", "b"], "c", "\"c\" is none of [\"a\",\"b\"]"],
      ["required", null, " ", "is required"],
      ["required", null, 0, undefined]
    ]
  for (const [kind, rule, value, message] of rows) {
    it(`${kind} ${JSON.stringify(rule)} of ${String(value)}: ${message ?? "keeps it"}`, () => {
      const findings = Validation.check(kind, rule, [{ path: "p", value }])
      assert.deepEqual(findings, message === undefined ? [] : [{ path: "p", message }])
    })
  }

  it("compares for uniqueness by kind and value", () => {
    assert.deepEqual(
      Validation.check("unique", null, places([1, "1", true, "true", 1, [1], [1], undefined, undefined])).map((
        { path }
      ) => path),
      ["4", "6"]
    )
  })

  it("R09 formats and patterns take linear time", () => {
    const start = processorMillis()
    const long = "a".repeat(100_000)
    const texts = [
      `${long}@`,
      `${"a.".repeat(50_000)}@x`,
      `a@${"a.".repeat(50_000)}`,
      `${"1 ".repeat(50_000)}x`,
      `http://${long} `
    ]
    for (const value of texts) {
      for (const rule of [...Object.keys(Validation.formats), "^(a+)+$", "(a|aa)+$"]) {
        Validation.check("format", rule, [{ path: "p", value }])
      }
    }
    assert.isBelow(processorMillis() - start, 2_000)
  })
})

describe("Places", () => {
  const root: Value = { users: { a: { id: 1 }, b: { id: 2 } }, list: [{ id: 3 }, { id: 4 }] }
  const rows: ReadonlyArray<readonly [path: string, places: ReadonlyArray<readonly [string, Value | undefined]>]> = [
    ["users.a.id", [["users.a.id", 1]]],
    ["users.*.id", [["users.a.id", 1], ["users.b.id", 2]]],
    ["list[1].id", [["list.1.id", 4]]],
    ["list[*].id", [["list.0.id", 3], ["list.1.id", 4]]],
    ["users.c.id", [["users.c.id", undefined]]],
    ["users.constructor", [["users.constructor", undefined]]],
    ["nosuch.*", []]
  ]
  for (const [path, places] of rows) {
    it(`finds ${path}`, () =>
      assert.deepEqual(Places.find(root, path).map(({ path, value }) => [path, value]), places as never))
  }

  it("puts a value without touching the record it is given", () => {
    const before = { a: { b: 1 } }
    assert.deepEqual(plain(Places.put(before, "a.c.d", 2)), { a: { b: 1, c: { d: 2 } } })
    assert.deepEqual(before, { a: { b: 1 } })
  })

  it("R03 puts keys such as __proto__ as data", () => {
    const put = Places.put({}, "__proto__.polluted", 1)
    assert.deepEqual(Object.keys(put), ["__proto__"])
    assert.notProperty({}, "polluted")
  })
})
