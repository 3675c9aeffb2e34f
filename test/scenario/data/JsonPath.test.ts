import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as JsonPath from "../../../src/scenario/data/JsonPath.ts"
import { processorMillis } from "../../support/processorTime.ts"

const shop: Value = {
  items: [{ id: 1, sku: "aXb" }, { id: 2, sku: "c\rd" }],
  owner: { name: "Ada", id: 12345678901234567890n }
}

const find = (path: string, value: Value = shop) =>
  Result.match(JsonPath.query(path, value), {
    onFailure: (problem) => `! ${problem.message}`,
    onSuccess: JsonPath.collapse
  })

describe("JsonPath", () => {
  const rows: ReadonlyArray<readonly [path: string, found: Value, because: string]> = [
    ["$.owner.name", "Ada", "a path of names is one value"],
    ["$.owner.id", 12345678901234567890n, "big integers stay exact"],
    ["$.owner.age", null, "a missing field is null"],
    ["$.items[-1].id", 2, "an index from the end is one value"],
    ["$.items[*].id", [1, 2], "a wildcard is a list"],
    ["$.items[?@.id > 1].id", [2], "a filter is a list even when it finds one"],
    ["$..nosuch", [], "a search that finds nothing is an empty list"],
    ["$.items[?match(@.sku, 'a.b')].id", [1], "match covers the whole text"],
    ["$.items[?match(@.sku, 'c.d')].id", [], "a dot is no carriage return, as RFC 9485 has it"],
    ["$.items[?match(@.sku, 'c[.\\r]d')].id", [2], "a dot in a class is a dot"],
    ["$.items[?search(@.sku, 'X')].id", [1], "search finds a part"],
    ["$.items[?search(@.sku, '(?=a)')].id", [], "a pattern that is none does not match"],
    ["$.items[?search(@.id, '1')].id", [], "a number is no text"]
  ]
  for (const [path, found, because] of rows) {
    it(`${because}: ${JSON.stringify(path)}`, () => assert.deepEqual(find(path), found as never))
  }

  it("says where a text stops being a path", () => {
    assert.include(String(find("$.items[")), "! unclosed bracketed selection")
    assert.include(String(find("items")), "! expected '$'")
  })

  it("R09 patterns in match() and search() take linear time", () => {
    const texts = [`${"a".repeat(50_000)}!`]
    for (const pattern of ["(a+)+$", "(a|aa)+$", "(.*a){20}", "^(a|a)*$", "([a-zA-Z]+)*$", "(\\\\w*)*1"]) {
      const start = processorMillis()
      assert.deepEqual(find(`$[?match(@, '${pattern}x') || search(@, '^${pattern}x')]`, texts), [])
      assert.isBelow(processorMillis() - start, 1_000)
    }
  })
})
