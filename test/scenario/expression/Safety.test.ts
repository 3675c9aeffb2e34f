import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import * as Functions from "../../../src/scenario/expression/Functions.ts"
import * as Template from "../../../src/scenario/expression/Template.ts"
import { leastMillis } from "../../support/processorTime.ts"
import { sampled } from "../../support/seeds.ts"
import { expand, failure, machine, names, namesOf, parse, run } from "./world.ts"

const inherited = (
  "constructor __proto__ prototype toString valueOf hasOwnProperty isPrototypeOf __defineGetter__ " +
  "__defineSetter__ __lookupGetter__ toLocaleString propertyIsEnumerable"
).split(" ")

const globals = (
  "globalThis global window self this process require module exports console Function Object Array " +
  "Reflect Proxy Symbol eval import fetch setTimeout arguments undefined1 NaN Infinity JSON Math Date " +
  "Buffer WebAssembly performance structuredClone"
).split(" ")

/** Ways out of the language that worked elsewhere, each a whole expression. */
const escapes: ReadonlyArray<string> = [
  ...inherited,
  ...globals,
  ...inherited.map((key) => `body.${key}`),
  ...inherited.map((key) => `body.name['${key}'] ?? body.items.${key}`),
  ...inherited.map((key) => `body.${key}.${key} == 1`),
  "body.constructor.constructor('return process')()",
  "body['con' + 'structor']['con' + 'structor']",
  "body[['constructor']]",
  "''.constructor.fromCharCode(97)",
  "[].map.constructor('return 1')()",
  "({}).constructor",
  "(x => x).constructor",
  "map.constructor",
  "map([1], x => x.constructor)",
  "map(['constructor'], k => body[k])",
  "lower.call('a')",
  "body.items.map.call(body)",
  "body.items.__proto__.push(1)",
  "merge({}, json('{\"__proto__\": {\"polluted\": true}}')).polluted",
  "json('{\"__proto__\": {\"polluted\": true}}').polluted",
  "{'__proto__': {polluted: true}}.polluted",
  "{__proto__: body}.name",
  "keys(body)[0].constructor",
  "entries(body)[0].constructor",
  "first(split('a', '')).constructor",
  "capture('a', '(?<constructor>a)').constructor",
  "capture('a', '(?<x>a)', '__proto__')",
  "`${process}`",
  "${process.env}",
  "#{process}",
  "{{constructor}}",
  "<% process %>",
  "process.env.PATH",
  "process['env']",
  "this.constructor",
  "new Function('return 1')()",
  "import('fs')",
  "require('fs').readFileSync('/etc/passwd')",
  "eval('1+1')",
  "a = 1",
  "body.name = 'x'",
  "delete body.name",
  "body.items.push(1)",
  "(function(){ return 1 })()",
  "() => 1",
  "async () => 1",
  "typeof body",
  "void 0",
  "body instanceof Object",
  "body?.constructor",
  "body.name.replace(/a/, 'b')",
  "status.toFixed(2)",
  "1..constructor",
  "true.constructor",
  "null.constructor.x",
  "[1, 2].length",
  "\\u0063onstructor",
  "body.\\u0063onstructor",
  "body['\\u0063onstructor']",
  "body[\"__pro\" + \"to__\"]",
  "sort([3, 1], (a, b) => b - a).constructor",
  "range(3).constructor",
  "date('2024-01-01').constructor",
  "format_date(0, 'yyyy', 'constructor')",
  "base64_decode('Y29uc3RydWN0b3I=').constructor"
]

const outcome = (text: string, scope = names): string => {
  const parsed = Expression.parse(text)
  if (Result.isFailure(parsed)) return "problem"
  const result = Expression.evaluate(parsed.success, scope, machine)
  Expression.explain(parsed.success, scope, machine)
  return Result.isFailure(result) ? result.failure.code : `value ${JSON.stringify(result.success)}`
}

describe("R08 expressions cannot leave the language", () => {
  it("R08 knows about a hundred ways out", () => {
    assert.isAtLeast(escapes.length, 100)
  })

  for (const text of escapes) {
    it(`R08 ${text} is an error or null`, () => {
      assert.include(
        ["problem", "unknown-name", "missing-field", "wrong-type", "bad-argument", "value null"],
        outcome(text)
      )
    })
  }

  it("R03 keys such as __proto__ are data in every place where keys come from", () => {
    assert.deepStrictEqual(Object.keys(run("{'__proto__': 1, constructor: 2}") as object), ["__proto__", "constructor"])
    assert.strictEqual(run("json('{\"__proto__\": 7}')['__proto__']"), 7)
    assert.strictEqual(run("merge({a: 1}, json('{\"__proto__\": 7}')).__proto__"), 7)
    assert.strictEqual(run("sealed.__proto__"), "data")
    assert.strictEqual(run("sealed.constructor"), "more data")
    assert.deepStrictEqual(run("keys(sealed)"), ["__proto__", "constructor"])
    assert.strictEqual(run("capture('x', '(?<__proto__>x)', '__proto__')"), "x")
  })

  it("R03 and R08 leave Object.prototype as it was", () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    for (const text of escapes) outcome(text)
    run("merge(json('{\"__proto__\": {\"polluted\": 1}}'), {'__proto__': {polluted: 1}})")

    assert.deepStrictEqual(Object.getOwnPropertyNames(Object.prototype), before)
    assert.isUndefined(({} as { polluted?: unknown }).polluted)
  })

  it("R08 calls no getter and no method of the values it sees", () => {
    const trap = namesOf({ text: "a", list: [1], object: { a: 1 } })
    for (const member of ["length", "map", "at", "includes", "size"]) {
      for (const name of ["text", "list"]) {
        assert.include(["wrong-type"], outcome(`${name}.${member}`, trap))
      }
      assert.strictEqual(outcome(`object.${member}`, trap), "missing-field")
    }
  })
})

/** Expressions that would run, or grow, without end. */
const bombs: ReadonlyArray<readonly [text: string, because: string]> = [
  ["map(range(200), a => map(range(200), b => map(range(200), c => a * b * c)))", "eight million calls"],
  ["any(range(100000), a => any(range(100000), b => false))", "ten thousand million calls"],
  [`map([[1]], a0 => ${sharing(0)})`, "a list that doubles by sharing is never written out"],
  [`to_json(map([[1]], a0 => ${sharing(0)}))`, "nor as JSON"],
  [`map([[1]], a0 => ${sharing(0)}) == map([[1]], a0 => ${sharing(0)})`, "nor compared"],
  [`map(range(50), i => map(range(50), j => repeat('x', 1000000)))`, "gigabytes of text"],
  ["size(repeat(repeat('x', 10000), 10000))", "a text of 100 MB"],
  ["pad_start('x', 100000000)", "filled up to 100 MB"],
  ["join(map(range(20000), i => repeat('x', 1000)))", "joined to 20 MB"],
  ["replace(repeat('a', 100000), 'a', repeat('b', 1000))", "replaced to 100 MB"],
  ["map(range(3000), i => sort(range(100000)))", "sorting again and again"],
  ["map(range(3000), i => unique(map(range(300), j => [j])))", "comparing again and again"],
  ["map(range(90000), i => matches(repeat('a', 10000), '(a+)+$'))", "matching again and again"],
  ["range(1000000000)", "a list of a thousand million"],
  ["replace_matches(repeat('a', 50000), 'a.*b|a', 'x')", "a quadratic search"],
  [Array.from({ length: 300 }, () => "9007199254740993").join(" * "), "thousands of digits"]
]

/** `map([[a0, a0]], a1 => map([[a1, a1]], a2 => ...))`, forty deep: 2^40 items that share their parts. */
function sharing(depth: number): string {
  return depth === 40 ? "a40" : `map([[a${depth}, a${depth}]], a${depth + 1} => ${sharing(depth + 1)})`
}

/** A list of 2^60 items that share their parts. */
const grow = () => {
  let shared: ReadonlyArray<unknown> = [1]
  for (let at = 0; at < 60; at++) shared = [shared, shared]
  return shared as never
}

describe("R08 expressions end", () => {
  for (const [text, because] of bombs) {
    it(`R08 ${text.slice(0, 60)} stops with an error: ${because}`, () => {
      const expression = parse(text)
      const error = failure(text)

      assert.include(["too-much", "bad-argument"], error.code)
      assert.isTrue(error.start >= 0 && error.end <= text.length)
      // The goal is 100 ms on a machine of today; this leaves room for a slow one.
      assert.isBelow(leastMillis(2, () => Expression.evaluate(expression, names, machine)), 300)
      assert.isBelow(JSON.stringify(Expression.explain(expression, names, machine)).length, 10_000)
    })
  }

  it("R08 values that share their parts are shown in a failure without being written out", () => {
    const scope = namesOf({ shared: grow(), other: grow() })

    assert.isBelow(Expression.explain(parse("shared == 1"), scope, machine)[0]!.value.length, 300)
    assert.strictEqual(failure("shared == other", scope).code, "too-much")
    assert.throws(() => expand("x ${shared}", scope), /more than/)
  })

  it("R08 values nested too deeply are an error, not an overflow", () => {
    let deep: unknown = 1
    for (let at = 0; at < 50_000; at++) deep = [deep]
    const scope = namesOf({ deep: deep as never })

    for (const text of ["[deep]", "to_json(deep)", "text(deep)", "merge({a: deep})"]) {
      assert.strictEqual(failure(text, scope).code, "too-much", text)
    }
    assert.isBelow(Expression.explain(parse("deep == 1"), scope, machine)[0]!.value.length, 300)
  })
})

/** Texts of random expressions over the names of the world. */
const expression = fc.letrec<{ any: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(...names.list(), "nothing", "body.items", "body.none", "headers['content-type']", "rows[0]"),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map(String),
    fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String),
    fc.string().map((text) => JSON.stringify(text).replaceAll("${", "$ {")),
    fc.constantFrom("true", "false", "null", "[]", "{}", "300ms", "1%", "10MB", "''")
  ),
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("leaf"),
    fc.tuple(
      tie("any"),
      fc.constantFrom("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "not in", "&&", "or", "??"),
      tie("any")
    ).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    tie("any").map((a) => `(-${a})`),
    tie("any").map((a) => `(not ${a})`),
    fc.tuple(tie("any"), tie("any"), tie("any")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `{a: ${a}, __proto__: ${b}}`),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `${a}[${b}]`),
    tie("any").map((a) => `${a}.name`),
    fc.tuple(fc.constantFrom(...Functions.functions), fc.array(tie("any"), { minLength: 3, maxLength: 3 })).map(
      ([{ name, parameters }, args]) =>
        `${name}(${
          parameters.map((parameter, at) => Functions.takesLambda(parameter) ? `x => ${args[at]}` : args[at]).join(", ")
        })`
    )
  )
}))

describe("Expressions of any shape", () => {
  it("throw EvaluationError only, with a place, and change no value", () => {
    const before = outcome("{body: body, rows: rows, sealed: sealed, env: env}")
    fc.assert(
      fc.property(expression.any, (text) => {
        const parsed = Expression.parse(text)
        if (Result.isFailure(parsed)) return
        const result = Expression.evaluate(parsed.success, names, machine)
        if (Result.isFailure(result)) {
          const { code, end, message, start } = result.failure
          assert.isTrue(start >= 0 && start <= end && end <= text.length, `${text}: ${start}-${end}`)
          assert.match(code, /^[a-z-]+$/)
          assert.isNotEmpty(message)
        }
        Expression.explain(parsed.success, names, machine)
      }),
      { numRuns: sampled(3000) }
    )
    assert.strictEqual(outcome("{body: body, rows: rows, sealed: sealed, env: env}"), before)
  })

  it("give the same answer every time, inside a template and on their own", () => {
    fc.assert(
      fc.property(expression.any, (text) => {
        const parsed = Expression.parse(text)
        const template = Template.parse(`\${${text}}`)
        assert.strictEqual(Result.isSuccess(parsed), Result.isSuccess(template), text)
        if (Result.isFailure(parsed) || Result.isFailure(template)) return
        const [a, b, c] = [parsed.success, parsed.success, template.success].map((one) =>
          Expression.evaluate(one, names, machine)
        )
        if (Result.isSuccess(a!)) assert.deepStrictEqual(a, b)
        assert.deepStrictEqual(Result.isSuccess(a!), Result.isSuccess(c!))
        if (Result.isSuccess(a!) && Result.isSuccess(c!)) assert.deepStrictEqual(a.success, c.success)
      }),
      { numRuns: 500 }
    )
  })
})
