import { assert, describe, it } from "@effect/vitest"
import type { Value } from "../../../src/core/Value.ts"
import * as Functions from "../../../src/scenario/expression/Functions.ts"
import { failure, machine, parse, run } from "./world.ts"

const rows: ReadonlyArray<readonly [expression: string, value: Value, because: string]> = [
  ["size('')", 0, "nothing"],
  ["size(body)", 5, "fields"],
  ["size(bytes)", 2, "bytes"],
  ["len([1])", 1, "the other name"],
  ["text(bytes)", "hi", "bytes are read as UTF-8"],
  ["text(null)", "null", "null"],
  ["string({a: 1})", "{\"a\":1}", "the other name"],
  ["upper('straße')", "STRASSE", "letters that become two"],
  ["replace('a.b.c', '.', '')", "abc", "no pattern"],
  ["replace('aaa', 'a', '$&')", "$&$&$&", "no references"],
  ["split('a,b', ',', 5)", ["a", "b"], "a limit that is not reached"],
  ["split('añ😀', '')", ["a", "ñ", "😀"], "characters"],
  ["join([])", "", "nothing to join"],
  ["join([1, 2])", "1,2", "a comma by default"],
  ["capture('a=1', '(\\w)=(\\d)', 2)", "1", "a group by number"],
  ["capture('a=1', '(?<key>\\w)=', 'key')", "a", "a group by name"],
  ["capture('a=1', '=.', 0)", "=1", "the whole match"],
  ["capture('a=1', '=.')", "=1", "the whole match when there is no group"],
  ["capture('a', 'b')", null, "no match"],
  ["capture('a', '(b)?a')", "a", "a group that took no part"],
  ["matches('Ab', '^ab$')", false, "case matters"],
  ["pad_start('abcd', 2)", "abcd", "already longer"],
  ["base64(bytes)", "aGk=", "bytes"],
  ["base64_decode(base64('añ😀'))", "añ😀", "there and back"],
  ["url_decode(url_encode('añ😀 /?&=+'))", "añ😀 /?&=+", "there and back"],
  ["first([])", null, "of nothing"],
  ["last([])", null, "of nothing"],
  ["slice('abc', 1)", "bc", "of a text"],
  ["slice([1, 2, 3], -2)", [2, 3], "from the end"],
  ["reverse('aé😀')", "😀éa", "of a text"],
  ["sort(['b', 'a', 'C'])", ["C", "a", "b"], "by characters"],
  ["sort([3, big, 2])", [2, 3, 9_007_199_254_740_993n], "numbers of any size"],
  ["unique([1, '1', 1.0, {a: 1}, {a: 1}, null, null])", [1, "1", { a: 1 }, null], "by value and kind"],
  ["same_items([{a: 1}, 2], [2, {a: 1}])", true, "objects too"],
  ["same_items([1, 1, 2], [1, 2, 2])", false, "counted"],
  ["same_items([1], [1, 1])", false, "of another length"],
  ["zip([1, 2, 3], ['a'])", [[1, "a"]], "the shorter"],
  ["range(3)", [0, 1, 2], "from zero"],
  ["range(3, 0, -1)", [3, 2, 1], "downwards"],
  ["range(1, 1)", [], "nothing"],
  ["any([], x => true)", false, "of nothing"],
  ["all([], x => false)", true, "of nothing"],
  ["find([1], x => x > 1)", null, "not found"],
  ["count([1, 2, 3], (x, i) => i > 0)", 2, "with the index"],
  ["number(true) + number(false)", 1, "booleans"],
  ["number('-1.5e3')", -1500, "with an exponent"],
  ["int(-3.9)", -3, "towards zero"],
  ["int('-0.5')", 0, "one zero"],
  ["round(2.5)", 3, "halves up"],
  ["round(-2.5)", -3, "away from zero"],
  ["round(1.005, 2)", 1.01, "as it is written"],
  ["round(1e-7, 3)", 0, "to nothing"],
  ["round(1.5e300, 2)", 1.5e300, "nothing to round"],
  ["floor(-2.5)", -3, "below"],
  ["ceil(-2.5)", -2, "above"],
  ["ceil(-0.5)", 0, "one zero"],
  ["min('b', 'a')", "a", "texts"],
  ["max([1, 5, 3])", 5, "of a list"],
  ["sum([])", 0, "of nothing"],
  ["avg([1, 2])", 1.5, "a fraction"],
  ["random(10)", 5, "from the machine"],
  ["now()", 1_714_979_289_123, "from the machine"],
  ["now_iso()", "2024-05-06T07:08:09.123Z", "from the machine"],
  ["date('2024-05-06')", 1_714_953_600_000, "a day, in UTC"],
  ["date('2024-05')", 1_714_521_600_000, "a month"],
  ["date('2024-05-06T09:08:09.1234+02:00')", 1_714_979_289_123, "with a zone"],
  ["date('2024-05-06 07:08:09')", 1_714_979_289_000, "with a space"],
  ["format_date(now())", "2024-05-06T07:08:09.123Z", "ISO by default"],
  ["format_date(now(), 'yyyyMMdd-HHmmss.SSS')", "20240506-070809.123", "a pattern"],
  ["format_date(0, 'HH:mm')", "00:00", "midnight is 00"],
  ["boolean('FALSE')", false, "in any case"],
  ["type(null)", "null", "kinds"],
  ["type(body.none)", "missing", "a missing field"],
  ["type(bytes)", "bytes", "bytes"],
  ["is_empty(body.none)", true, "a missing field"],
  ["is_empty({})", true, "an empty object"],
  ["coalesce(body.none, body.note, 3)", 3, "missing, null, found"],
  ["coalesce(null)", null, "nothing found"],
  ["merge({a: 1}, {b: 2}, {a: 3})", { a: 3, b: 2 }, "later ones win"],
  ["to_json({a: 1}, 2)", "{\n  \"a\": 1\n}", "indented"],
  ["uuid()", "88888888-8888-4888-8888-888888888888", "from the machine"],
  ["contains(body, 'name')", true, "a key"]
]

const refused: ReadonlyArray<readonly [expression: string, message: string]> = [
  ["replace('a', '', 'b')", "replace: the text to replace is empty"],
  ["split('a', ',', 0)", "split: the limit must be at least 1"],
  ["repeat('a', -1)", "repeat: the number of times is negative"],
  ["capture('a', 'a', 1)", "the pattern has 0 groups, no group 1"],
  ["capture('a', 'a', 'x')", "no group named \"x\""],
  ["base64_decode('%')", "the text is no base64"],
  ["url_decode('%E0%A4%A')", "a % that starts no UTF-8 character"],
  ["sort([1, 'a'])", "have no order"],
  ["range(1, 2, 0)", "the step is 0"],
  ["range(0, 100001)", "more than 100000 items"],
  ["range(1.5)", "range takes a whole number as its start, not number (1.5)"],
  ["number('12a')", "\"12a\" is no number"],
  ["number([])", "number takes a text or a number"],
  ["round(1.5, 16)", "digits must be from 0 to 15"],
  ["min([])", "there are no values"],
  ["min([null])", "have no order"],
  ["avg([])", "an empty list has no mean"],
  ["random(0)", "the limit must be at least 1"],
  ["date('2024-02-30')", "\"2024-02-30\" is no date"],
  ["date('yesterday')", "is no date"],
  ["date('2024-05-06T25:00')", "is no date"],
  ["format_date(1e18)", "the time is out of range"],
  ["format_date(0, 'yyyy', 'Mars/Olympus')", "unknown time zone"],
  ["boolean('yes')", "neither true nor false"],
  ["json('{\"a\": }')", "json: "],
  ["to_json(1, 11)", "the indent must be from 0 to 10"],
  ["keys([1])", "keys takes an object as its object, not list ([1])"]
]

describe("Functions", () => {
  for (const { example: [expression, value], name } of Functions.functions) {
    it(`the example of ${name} holds: ${expression} is ${value}`, () => {
      assert.deepEqual(run(expression), run(value))
    })
  }

  for (const [expression, value, because] of rows) {
    it(`${expression}: ${because}`, () => {
      assert.deepEqual(run(expression), value)
    })
  }

  for (const [expression, message] of refused) {
    it(`${expression} says ${message}`, () => {
      assert.include(failure(expression).message, message)
    })
  }

  it("describes every function: a signature that starts with the name, a sentence, an example that uses it", () => {
    for (const { aliases = [], example, name, signature, summary } of Functions.functions) {
      assert.match(signature, new RegExp(`^${name}\\(.*\\): .+$`))
      assert.match(summary, /^[A-Z].*[^.]$/)
      assert.isTrue([name, ...aliases].some((one) => example[0].includes(`${one}(`)), name)
    }
    assert.strictEqual(new Set(Functions.names).size, Functions.names.length)
  })

  it("gives every random function its chance from the machine", () => {
    const numbers = [0, 0.999, 0.5]
    const rolling = { ...machine, random: () => numbers.shift() ?? 0 }
    const names = { get: () => undefined, list: () => [] }
    assert.deepStrictEqual(parse("[random(6), random(6), random(6)]").run(names, rolling), [0, 5, 3])
  })
})
