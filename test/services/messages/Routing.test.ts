/** Bindings as RabbitMQ reads them; each row was asked of RabbitMQ 3.10. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as Routing from "../../../src/services/messages/Routing.ts"

describe("Routing", () => {
  const topics: ReadonlyArray<readonly [pattern: string, key: string, taken: boolean, because: string]> = [
    ["a.b", "a.b", true, "words are compared"],
    ["a.b", "a.c", false, "every one of them"],
    ["a.b", "A.b", false, "letter by letter"],
    ["*", "a", true, "a star is one word"],
    ["*", "", false, "the empty key has no word"],
    ["*", "a.b", false, "not two"],
    ["*.*", ".", true, "words may be empty"],
    ["#", "", true, "a hash is no word"],
    ["#", "a.b.c", true, "or any number"],
    ["#.b", "b", true, "none before the last"],
    ["#.b", ".b", true, "an empty one before the last"],
    ["#.b", "a.b.c", false, "the last one decides"],
    ["a.#.b", "a.b", true, "none in the middle"],
    ["a.#.b", "a.b.x.b", true, "the hash goes on past a first fit"],
    ["#.a.#", "x.a.y", true, "two hashes"],
    ["#.#", "", true, "two hashes and nothing"],
    ["a.*.#", "a", false, "a star wants its word"],
    ["cptm8.qnum8.#", "cptm8.num8.get.scan", false, "what went wrong in production"]
  ]
  for (const [pattern, key, taken, because] of topics) {
    it(`topic "${pattern}" and "${key}": ${because}`, () => {
      assert.strictEqual(Routing.topicTakes(pattern, key), taken)
    })
  }

  it("topic patterns take what a regular expression of the same meaning takes", () => {
    const word = fc.constantFrom("a", "b", "")
    const key = fc.array(word, { maxLength: 6 }).map((words) => words.join("."))
    const pattern = fc.array(fc.constantFrom("a", "b", "*", "#"), { maxLength: 5 }).map((words) => words.join("."))
    fc.assert(fc.property(pattern, key, (pattern, key) => {
      const expected = new RegExp(
        `^${
          Routing.wordsOf(pattern).map((one) => one === "#" ? "(/[^/]*)*" : one === "*" ? "/[^/]*" : `/${one}`).join("")
        }$`
      )
      const words = Routing.wordsOf(key).map((one) => `/${one}`).join("")
      assert.strictEqual(Routing.topicTakes(pattern, key), expected.test(words))
    }))
  })

  const headers: ReadonlyArray<
    readonly [wanted: ValueRecord, headers: ValueRecord, taken: boolean, because: string]
  > = [
    [{ "x-match": "all", a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, true, "all are there"],
    [{ a: 1, b: 2 }, { a: 1 }, false, "all is what nothing said means"],
    [{ "x-match": "any", a: 1, b: 2 }, { b: 2 }, true, "one is enough"],
    [{ "x-match": "any", a: 1 }, { a: 2 }, false, "another value"],
    [{ a: 1 }, { a: "1" }, false, "a number is no text"],
    [{ a: 1 }, { a: 1n }, true, "an integer is an integer"],
    [{ a: null }, { a: "anything" }, true, "null asks only whether it is there"],
    [{}, {}, true, "nothing wanted by all"],
    [{ "x-match": "any" }, { a: 1 }, false, "nothing wanted by any"],
    [{ "x-a": 1 }, {}, true, "names that begin with x- are left out"],
    [{ "x-match": "all-with-x", "x-a": 1 }, {}, false, "but not with-x"],
    [{ a: [1, { b: "c" }] }, { a: [1, { b: "c" }] }, true, "lists and tables by what is in them"]
  ]
  for (const [wanted, given, taken, because] of headers) {
    it(`headers: ${because}`, () => {
      assert.strictEqual(
        Routing.takes("headers", { arguments: wanted }, { routingKey: "", headers: given }),
        taken
      )
    })
  }

  it("bindings between exchanges are followed, in circles too, and each queue is named once", () => {
    const exchanges: Readonly<Record<string, Routing.Source>> = {
      one: {
        type: "fanout",
        bindings: [{ exchange: "one", toExchange: "two" }, { exchange: "one", queue: "q" }]
      },
      two: {
        type: "fanout",
        bindings: [{ exchange: "two", toExchange: "one" }, { exchange: "two", queue: "q" }]
      }
    }
    assert.deepStrictEqual([...Routing.queuesOf((name) => exchanges[name], { exchange: "one", routingKey: "" })], ["q"])
  })

  it("what no binding takes goes to the alternate exchange, and from there to its own", () => {
    const exchanges: Readonly<Record<string, Routing.Source>> = {
      main: {
        type: "direct",
        alternateExchange: "spare",
        bindings: [{ exchange: "main", queue: "a", routingKey: "a" }]
      },
      spare: { type: "direct", alternateExchange: "last", bindings: [] },
      last: { type: "fanout", bindings: [{ exchange: "last", queue: "rest" }] }
    }
    assert.deepStrictEqual([...Routing.queuesOf((name) => exchanges[name], { exchange: "main", routingKey: "a" })], [
      "a"
    ])
    assert.deepStrictEqual([...Routing.queuesOf((name) => exchanges[name], { exchange: "main", routingKey: "b" })], [
      "rest"
    ])
  })
})
