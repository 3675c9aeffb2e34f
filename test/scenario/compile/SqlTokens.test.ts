import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as SqlTokens from "../../../src/scenario/compile/SqlTokens.ts"
import { sampled } from "../../support/seeds.ts"

describe("SqlTokens", () => {
  it("the tokens of a text together are the text", () => {
    const bits = [
      "'",
      "''",
      "\"",
      "$$",
      "$a$",
      "/*",
      "*/",
      "--",
      "\n",
      "\\",
      "E'",
      "u&\"",
      "::",
      ";",
      "select",
      " ",
      "1.5e",
      "$1",
      "é"
    ]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...bits), fc.string()), { maxLength: 20 }), (parts) => {
        const sql = parts.join("")
        assert.strictEqual(SqlTokens.tokens(sql).map(({ text }) => text).join(""), sql)
      }),
      { numRuns: sampled(1_000) }
    )
  })

  it.each([
    ["select 1", ["select 1"], "one"],
    ["select 1;", ["select 1"], "with its end"],
    ["select 1; select 2 ;; ", ["select 1", "select 2"], "two, and nothing between ends"],
    ["select ';'; select \";\" from t", ["select ';'", "select \";\" from t"], "quoted ones end nothing"],
    ["select E'\\';'; select 2", ["select E'\\';'", "select 2"], "an escaped quote neither"],
    [
      "-- a; b\nselect 1 /* ; /* ; */ ; */; select 2",
      ["-- a; b\nselect 1 /* ; /* ; */ ; */", "select 2"],
      "nor comments"
    ],
    ["do $$ begin; end $$; select 1", ["do $$ begin; end $$", "select 1"], "nor dollar quotes"],
    ["do $a$ $$ ; $$ $a$; select 1", ["do $a$ $$ ; $$ $a$", "select 1"], "with tags"],
    [
      "create function f() begin atomic select case when true then 1 end; select 2; end; select 3",
      ["create function f() begin atomic select case when true then 1 end; select 2; end", "select 3"],
      "nor bodies in standard SQL"
    ],
    ["begin; commit", ["begin", "commit"], "a transaction is no body"],
    [" -- only a comment", [], "comments alone are no statement"]
  ])("%s has the statements %j: %s", (sql, expected, _because) => {
    assert.deepStrictEqual(SqlTokens.statements(sql).map(({ text }) => text), expected)
  })

  it("each statement gets the parameters that it names, numbered anew", () => {
    assert.deepStrictEqual(
      SqlTokens.statements("insert into t values ($2, $1, $2); select '$1', $3", ["a", "b", "c"]),
      [
        { text: "insert into t values ($1, $2, $1)", params: ["b", "a"] },
        { text: "select '$1', $1", params: ["c"] }
      ]
    )
    assert.deepStrictEqual(SqlTokens.statements("select $2::int", [1, 2]), [{ text: "select $2::int", params: [1, 2] }])
  })

  it.each([
    ["select 1", true],
    [" /* x */ (select 1)", true],
    ["with a as (select 1) select * from a", true],
    ["show all", true],
    ["values (1)", true],
    ["explain select 1", true],
    ["explain analyze delete from t", false],
    ["with a as (delete from t returning *) select * from a", false],
    ["select * into b from a", false],
    ["select nextval('s')", false],
    ["select 'insert'", true],
    ["insert into t values (1)", false],
    ["", false]
  ])("%s only looks: %s", (sql, expected) => {
    assert.strictEqual(SqlTokens.isRead(sql), expected)
  })
})
