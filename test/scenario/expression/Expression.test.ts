import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import { failure, machine, names, namesOf, parse, run } from "./world.ts"

const answers: ReadonlyArray<readonly [expression: string, value: Value, because: string]> = [
  ["status", 500, "a name"],
  ["body.items[0].sku", "A1", "a path through objects and lists"],
  ["body.items[-1].id", 2, "a negative index counts from the end"],
  ["headers['content-type']", "application/json", "a key that is no name"],
  ["body['na' + 'me']", "Ada", "a computed key"],
  ["body.items[1 - 1].id", 1, "a computed index"],
  ["sealed.constructor", "more data", "a key is data whatever its name"],
  ["1 + 2 * 3 - 4 / 2", 5, "the usual precedence"],
  ["(1 + 2) * 3", 9, "brackets"],
  ["-2 - -3", 1, "a sign"],
  ["- - 2", 2, "two signs"],
  ["7 % 3", 1, "a remainder"],
  ["-7 % 3", -1, "the remainder has the sign of the dividend"],
  ["10%3", 1, "a remainder without spaces"],
  ["1%", 0.01, "a percentage"],
  ["12.5% * 8", 1, "a percentage in a product"],
  ["0.7%", 0.007, "a percentage is read in decimal"],
  ["300ms", 300, "a duration is milliseconds"],
  ["1m30s", 90_000, "a duration of two parts"],
  ["1.5h", 5_400_000, "a duration with a fraction"],
  ["duration_ms < 300ms", true, "durations compare with milliseconds"],
  ["10MB", 10_000_000, "a size is bytes"],
  ["64KiB", 65_536, "a size by powers of 1024"],
  ["1e3", 1000, "an exponent"],
  ["1.5e-3", 0.0015, "a negative exponent"],
  ["'it\\'s'", "it's", "an escaped quote"],
  ["\"a\\n\\t\\\\b\"", "a\n\t\\b", "escapes"],
  ["'\\d+\\.'", "\\d+\\.", "a backslash before anything else stays, for patterns"],
  ["'\\u0041\\u{1F600}'", "A😀", "characters by their number"],
  ["true and not false", true, "words for operators"],
  ["true && !false || false", true, "signs for operators"],
  ["false and true or true", true, "and binds closer than or"],
  ["not 1 == 2", true, "not takes the whole comparison"],
  ["!ok == false", true, "! takes the value next to it"],
  ["status == 500", true, "equality"],
  ["status == '500'", false, "a number is not a text"],
  ["status != 500", false, "inequality"],
  ["[1, {a: 2}] == [1, {a: 2}]", true, "lists and objects are compared by what is in them"],
  ["{a: 1, b: 2} == {b: 2, a: 1}", true, "the order of fields does not matter"],
  ["'a' < 'b' and 'Z' < 'a'", true, "texts are ordered by their characters"],
  ["'2024-05-06' < '2024-10-01'", true, "ISO dates order as text"],
  ["2 in [1, 2]", true, "in a list"],
  ["'da' in body.name", true, "in a text"],
  ["'id' in body.items[0]", true, "in an object, by key"],
  ["3 not in [1, 2]", true, "not in"],
  ["status >= 500 ? 'bad' : 'good'", "bad", "a choice"],
  ["false ? 1 : true ? 2 : 3", 2, "choices nest to the right"],
  ["body.none ?? 7", 7, "a missing field"],
  ["body.none.deeper[3].still ?? 7", 7, "a missing field anywhere on the way"],
  ["body.note ?? 7", 7, "null"],
  ["body.note.deeper ?? 7", 7, "null on the way"],
  ["rows[0].id ?? 'none'", "none", "an index outside the list"],
  ["env.MISSING ?? 'default'", "default", "an unset variable"],
  ["body.a ?? body.b ?? 3", 3, "several in a row"],
  ["body.total ?? 0 > 3", true, "?? binds closer than a comparison"],
  ["body.none ?? 1 + 1", 2, "and less than a sum"],
  ["body.none == null", true, "a missing field equals null"],
  ["null != body.none", false, "on either side"],
  ["body.name != null", true, "what is there does not"],
  ["has(body.name) and not has(body.none.x)", true, "has asks"],
  ["has(nothing)", false, "has takes unknown names"],
  ["has(body.constructor) or has(body['__proto__']) or has(rows.length)", false, "has knows no prototypes"],
  ["has(status.x)", false, "has takes paths through other kinds"],
  ["has(body.note)", true, "null is there"],
  ["'a' + 'b'", "ab", "texts are joined"],
  ["[1] + [2, 3]", [1, 2, 3], "lists are joined"],
  ["size(body.items)", 2, "a call"],
  ["body.items.size()", 2, "a call in method style"],
  ["body.name.lower().starts_with('a')", true, "calls in a row"],
  ["any(body.items, item => item.id == 2)", true, "a lambda"],
  ["map([10, 20], (x, i) => x + i)", [10, 21], "a lambda with the index"],
  ["map([1, 2], x => map([10], y => x + y))", [[11], [12]], "a lambda in a lambda"],
  ["map([1], status => status)", [1], "a parameter hides a name"],
  ["map([1], x => x) == [1] and map([2], x => x) == [2]", true, "one parameter name used twice"],
  ["sum(map(body.items, x => x.id), y => y * 2)", 6, "a list made by a lambda"],
  ["[1, 2,]", [1, 2], "a comma at the end"],
  ["[]", [], "an empty list"],
  ["big + 1", 9_007_199_254_740_994n, "big integers stay exact"],
  ["big - 9007199254740990", 3, "and become plain numbers when they are small"],
  ["type == 'x' ? 1 : 2", 2, "a name may be that of a function"],
  ["ünïcode", 1, "names in any alphabet"],
  ["\n status\t==\u00a0500\r\n", true, "white space does not matter"]
]

const known = namesOf({
  ...Object.fromEntries(names.list().map((name) => [name, names.get(name)!])),
  type: "y",
  ünïcode: 1
})

const errors: ReadonlyArray<
  readonly [expression: string, code: string, message: string, hint: string | undefined, place: string]
> = [
  ["statsu == 200", "unknown-name", "unknown name statsu", "did you mean \"status\"?", "statsu"],
  ["statsu ?? 1", "unknown-name", "unknown name statsu", "did you mean \"status\"?", "statsu"],
  ["lower == 1", "unknown-name", "unknown name lower", "lower is a function: lower(...)", "lower"],
  ["1 + zzz", "unknown-name", "unknown name zzz", "known names: status, duration_ms", "zzz"],
  ["body.nmae == 'x'", "missing-field", "body has no field nmae", "did you mean \"name\"?", "body.nmae"],
  ["body.xyz.abc", "missing-field", "body has no field xyz", "its fields: items, name", "body.xyz"],
  ["rows[0].id", "missing-field", "rows has 0 items, there is no [0]", "write ... ?? null", "rows[0]"],
  ["body.note.x", "missing-field", "body.note is null, it has no x", "write ... ?? null", "body.note.x"],
  ["body.a ?? body.b", "missing-field", "body has no field b", "its fields", "body.b"],
  ["ok ? body.c : 1", "missing-field", "body has no field c", "its fields", "body.c"],
  [
    "headers.content-type",
    "missing-field",
    "headers has no field content",
    "headers['content-type']",
    "headers.content"
  ],
  ["status-code", "unknown-name", "unknown name code", "written vars['status-code']", "code"],
  ["status.code", "wrong-type", "status is number (500), it has no fields", undefined, "status.code"],
  ["body.items.sku", "wrong-type", "it has no fields", "body.items[0].sku, or map(", "body.items.sku"],
  ["body.items.length", "wrong-type", "it has no fields", "write size(body.items)", "body.items.length"],
  ["body.text.a", "wrong-type", "it has no fields", "json(body.text).a", "body.text.a"],
  [
    "body.items['0']",
    "wrong-type",
    "body.items[\"0\"]: an index of a list is a whole number",
    undefined,
    "body.items['0']"
  ],
  ["body[0]", "wrong-type", "a key of an object is a text", undefined, "body[0]"],
  ["body.name[0]", "wrong-type", "it is text, which has no items", "slice(body.name, 0, 1)", "body.name[0]"],
  ["1 < 'a'", "wrong-type", "1 (number) and \"a\" (text) have no order", "number(...)", "1 < 'a'"],
  ["null < 1", "wrong-type", "null (null) and 1 (number) have no order", "two numbers or two texts", "null < 1"],
  ["'a' + 1", "wrong-type", "+ takes two numbers, two texts or two lists", "text(...)", "'a' + 1"],
  ["null + 1", "wrong-type", "not null (null) and number (1)", undefined, "null + 1"],
  ["'3' * 2", "wrong-type", "* takes numbers, not text (\"3\")", "number(...)", "'3' * 2"],
  ["-body.name", "wrong-type", "- takes numbers", "number(...)", "-body.name"],
  ["1 / 0", "not-a-number", "division by zero", "check the divisor", "1 / 0"],
  ["status % 0", "not-a-number", "division by zero", "check the divisor", "status % 0"],
  ["1e308 * 10.5", "not-a-number", "too large", undefined, "1e308 * 10.5"],
  ["status && ok", "wrong-type", "status must be true or false, it is number (500)", "status != 0", "status"],
  ["not body.name", "wrong-type", "it is text (\"Ada\")", "body.name == 'true'", "body.name"],
  ["body.note ? 1 : 2", "wrong-type", "it is null", "body.note != null", "body.note"],
  ["ok and rows", "wrong-type", "it is list", "!is_empty(rows)", "rows"],
  ["1 in 2", "wrong-type", "contains nothing", "text, a list or an object", "1 in 2"],
  ["1 in 'a1'", "wrong-type", "a text cannot contain a number", "text(...)", "1 in 'a1'"],
  ["lower(status)", "wrong-type", "lower takes a text as its text, not number (500)", "text(...)", "lower(status)"],
  ["sum(body.note)", "wrong-type", "sum takes a list as its list, not null", "x ?? []", "sum(body.note)"],
  ["sum(['a'])", "bad-argument", "sum: item 0 is no number", "x => x.price", "sum(['a'])"],
  [
    "filter([1], x => x)",
    "wrong-type",
    "filter: the condition must be true or false, it is 1",
    undefined,
    "filter([1], x => x)"
  ],
  ["map([1], x => x.y)", "wrong-type", "x is number (1), it has no fields", undefined, "x.y"],
  ["matches('a', '(')", "bad-pattern", "is no pattern", undefined, "matches('a', '(')"],
  ["json('{')", "bad-argument", "json: ", undefined, "json('{')"],
  [
    "size(1)",
    "wrong-type",
    "size takes a text, list, object or bytes as its value, not number (1)",
    undefined,
    "size(1)"
  ]
]

const ask = (text: string) => Expression.evaluate(Expression.condition(parse(text)), names, machine)

describe("Expression", () => {
  for (const [expression, value, because] of answers) {
    it(`${expression.trim()} is ${String(value)}: ${because}`, () => {
      assert.deepEqual(run(expression, known), value)
    })
  }

  for (const [expression, code, message, hint, place] of errors) {
    it(`${expression} says ${message}`, () => {
      const error = failure(expression)

      assert.strictEqual(error.code, code)
      assert.include(error.message, message)
      if (hint !== undefined) assert.include(error.hint, hint)
      assert.strictEqual(expression.slice(error.start, error.end), place)
    })
  }

  it("does not evaluate what an operator has no need of", () => {
    assert.isTrue(run("ok or sum(['a']) == 1"))
    assert.isFalse(run("not ok and 1 / 0 == 1"))
    assert.strictEqual(run("ok ? 1 : 1 / 0"), 1)
    assert.strictEqual(run("status ?? 1 / 0"), 500)
  })

  it("names every root that is read, with the static part of its path", () => {
    const { names } = parse("body.items[0]['sku'] == vars[env.KEY].x && has(token.id) && any(rows, r => r.a == limit)")

    assert.deepStrictEqual(names.map(({ name, optional, path }) => [name, path, optional ?? false]), [
      ["body", ["items", "0", "sku"], false],
      ["vars", [], false],
      ["env", ["KEY"], false],
      ["token", ["id"], true],
      ["rows", [], false],
      ["limit", [], false]
    ])
  })

  it("gives names their places in the text", () => {
    const text = "1 + body.total"
    const [name] = parse(text).names
    assert.strictEqual(text.slice(name!.start, name!.end), "body")
  })

  it("folds what depends on nothing", () => {
    assert.strictEqual(parse("1 + 2 * 3").constant, 7)
    assert.deepStrictEqual(parse("map([1, 2], x => x * 2)").constant, [2, 4])
    assert.isNull(parse("null").constant)
    for (const text of ["status", "now()", "1 + random(5)", "map([1], x => uuid())", "1 / 0"]) {
      assert.isUndefined(parse(text).constant, text)
    }
  })

  it("fails as a result, and throws the same error from run", () => {
    const expression = parse("nothing")
    const result = Expression.evaluate(expression, names, machine)

    assert.isTrue(Result.isFailure(result) && result.failure instanceof Expression.EvaluationError)
    assert.throws(() => expression.run(names, machine), /unknown name nothing/)
  })

  it("counts as true what is true, nothing else", () => {
    const values: ReadonlyArray<Value> = [true, false, null, 0, 1, "", "true", "false", [], [1], {}]
    assert.deepStrictEqual(values.filter(Expression.isTrue), [true])
  })

  it("asks for true or false in a condition, and says how to compare anything else", () => {
    assert.deepStrictEqual(ask("status == 500"), Result.succeed(true))
    const result = ask("body.name")
    const error = Result.isFailure(result) ? result.failure : undefined
    assert.include(error?.message, "must be true or false, it is text (\"Ada\")")
    assert.include(error?.hint, "body.name == 'true'")
    assert.isTrue(Result.isFailure(ask("'true'")))
    assert.isUndefined(Expression.condition(parse("'true'")).constant)
    assert.isTrue(Expression.condition(parse("1 < 2")).constant)
  })
})

const explained: ReadonlyArray<
  readonly [expression: string, parts: ReadonlyArray<readonly [string, string]>, because: string]
> = [
  ["status == 201", [["status", "500"]], "a literal explains nothing"],
  ["body.name", [["body.name", "\"Ada\""]], "a path alone is its own part"],
  ["size(body.items) > 3", [["size(body.items)", "2"], [
    "body.items",
    "[{\"id\":1,\"sku\":\"A1\"},{\"id\":2,\"sku\":\"B2\"}]"
  ]], "outermost first"],
  ["ok and status == 200", [["ok", "true"], ["status == 200", "false"], ["status", "500"]], "both sides"],
  [
    "status == 200 and body.zzz == 1",
    [["status == 200", "false"], ["status", "500"]],
    "what was not evaluated is left out"
  ],
  ["ok or body.zzz == 1", [["ok", "true"]], "for or as well"],
  ["body.none ?? 0 == 1", [["body.none ?? 0", "0"], ["body.none", "missing"]], "a missing field is shown as such"],
  ["body.nmae == 'x'", [["body.nmae", "missing"]], "also when it is the error"],
  ["status == status + 0", [["status", "500"], ["status + 0", "500"]], "each part once"],
  [
    "all(body.items, x => x.id > 1)",
    [["body.items", "[{\"id\":1,\"sku\":\"A1\"},{\"id\":2,\"sku\":\"B2\"}]"]],
    "no parts of lambdas"
  ],
  ["random(9) == status", [["status", "500"]], "what chance gave is not asked again"],
  ["sum(body.name) == 1", [["sum(body.name)", "error: sum takes a list as its list, not text (\"Ada\")"], [
    "body.name",
    "\"Ada\""
  ]], "an error is shown"],
  [
    "body.items[status - 500].id == 9",
    [["body.items[status - 500].id", "1"], ["status - 500", "0"], ["status", "500"]],
    "a computed index"
  ],
  ["not ok", [["ok", "true"]], "the inside of not"]
]

describe("Expression.explain", () => {
  for (const [text, parts, because] of explained) {
    it(`${text}: ${because}`, () => {
      const shown = Expression.explain(parse(text), names, machine)
      assert.deepStrictEqual(shown, parts.map(([expression, value]) => ({ expression, value })))
    })
  }

  it("shows six parts at most, and cuts long values", () => {
    const long = parse("status + status * 2 + status * 3 + status * 4 + status * 5 + status * 6 == duration_ms")
    assert.isAtMost(Expression.explain(long, names, machine).length, 6)

    const [part] = Expression.explain(parse("x == 1"), namesOf({ x: "y".repeat(5000) }), machine)
    assert.isBelow(part!.value.length, 250)
    assert.include(part!.value, "5000 characters")
  })
})
