import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as SqlTemplate from "../../../src/scenario/compile/SqlTemplate.ts"
import { sampled } from "../../support/seeds.ts"
import { injections } from "../../support/sqlInjections.ts"

/** `?` marks a hole. */
const render = (sql: string, ...values: ReadonlyArray<Value>) =>
  Result.flatMap(SqlTemplate.compile(partsOf(sql)), (template) => template.render(values))

const partsOf = (sql: string) => sql.split("?").flatMap((text, hole) => hole === 0 ? [text] : [hole - 1, text])

type Row = readonly [
  sql: string,
  values: ReadonlyArray<Value>,
  text: string,
  params: ReadonlyArray<Value>,
  because: string
]

describe("SqlTemplate", () => {
  const rows: ReadonlyArray<Row> = [
    ["select * from t where name = ?", ["a'b"], "select * from t where name = $1", ["a'b"], "a value is bound"],
    ["select * from t where id = ?", [5], "select * from t where id = $1", [5], "a number too"],
    ["select ?", [null], "select $1", [null], "and null"],
    ["where a = ? and b = ?", [1, 2], "where a = 1 and b = 2", [], "what does not begin like a query takes literals"],
    ["select ? + ?", [1, 2], "select $1 + $2", [1, 2], "each hole is one of its own"],
    ["select $2, $1, ?", ["x"], "select $2, $1, $3", ["x"], "after those that the text has"],
    ["select '$9', ?", ["x"], "select '$9', $1", ["x"], "quoted ones do not count"],
    ["select ?::int", ["7"], "select $1::int", ["7"], "a cast stays"],
    ["select * from t limit ? offset ?", [1, 2], "select * from t limit $1 offset $2", [1, 2], "limits"],
    ["insert into t values (?, ?)", ["a", 1], "insert into t values ($1, $2)", ["a", 1], "rows"],
    ["insert into t (?, b) values (?)", ["A", 1], "insert into t (\"a\", b) values ($1)", [1], "but columns are names"],
    ["update t set ? = ?, b = ?", ["a", 1, 2], "update t set \"a\" = $1, b = $2", [1, 2], "also in set"],
    ["select * from t where id in (?)", [["a", 2]], "select * from t where id in ($1, $2)", ["a", 2], "lists"],
    ["select * from t where id in (?)", [7], "select * from t where id in ($1)", [7], "or one"],
    ["select * from t where id in (?)", [[]], "select * from t where id in (null)", [], "or none, which nothing is in"],
    [
      "select * from t where id = any(?)",
      [[1, 2]],
      "select * from t where id = any($1)",
      [[1, 2]],
      "arrays stay whole"
    ],
    ["select '?'", ["a'b"], "select 'a''b'", [], "quotes are doubled inside quotes"],
    ["select '%?%'", ["x"], "select '%x%'", [], "the rest of the text stays"],
    ["select '?-?'", [1, true], "select '1-true'", [], "several in one"],
    ["select '?'", [null], "select null", [], "a quoted null is null"],
    ["select '?'", [{ a: "it's" }], "select '{\"a\":\"it''s\"}'", [], "records are JSON"],
    ["select 'it''s ?'", ["'"], "select 'it''s '''", [], "a doubled quote does not end a text"],
    ["select E'\\n?'", ["\\'"], "select E'\\n\\\\'''", [], "backslashes are doubled in escape strings"],
    ["select 'a\\?'", ["\\'"], "select  E'a\\\\\\\\'''", [], "and make one of a plain text, on every server the same"],
    ["select B'1?'", ["01"], "select B'101'", [], "bit strings take bits"],
    ["select \"?\" from t", ["a\"B"], "select \"a\"\"B\" from t", [], "identifiers in quotes"],
    ["select 1 -- ?\n", ["x\n; drop table t"], "select 1  \n", [], "nothing enters a comment"],
    ["select 1 /* /* ? */ ? */, ?", ["*/ drop", 1, 2], "select 1  , $1", [2], "nor a nested one"],
    ["select * from ? where a = 1", ["Users"], "select * from \"users\" where a = 1", [], "a table's name, folded"],
    ["select * from shop.?", ["users"], "select * from shop.\"users\"", [], "after a dot"],
    ["select * from ?.users", ["shop"], "select * from \"shop\".users", [], "before one"],
    ["select * from ?", ["shop.users"], "select * from \"shop\".\"users\"", [], "with its schema"],
    ["select * from orders_? o", [2024], "select * from \"orders_2024\" o", [], "part of a name"],
    ["select * from a, ? b", ["users"], "select * from a, \"users\" b", [], "the second table"],
    ["select * from a join b on a.x = ?", ["v"], "select * from a join b on a.x = $1", ["v"], "on compares values"],
    ["select extract(day from ?)", ["2024-01-01"], "select extract(day from $1)", ["2024-01-01"], "from in a function"],
    ["select count(?) from t", ["id"], "select count(\"id\") from t", [], "aggregates count columns"],
    ["select * from t order by ?", ["name"], "select * from t order by \"name\"", [], "a column to sort by"],
    [
      "select * from t order by a, ? ?",
      [2, "DESC"],
      "select * from t order by a, 2 DESC",
      [],
      "by number, and a direction"
    ],
    ["select ?::?", ["1", "numeric(10,2)"], "select $1::numeric(10,2)", ["1"], "a type's name"],
    ["select interval ?", ["1 day"], "select interval '1 day'", [], "typed literals take no parameter"],
    ["create table ? (n int default ?)", ["t", 5], "create table \"t\" (n int default 5)", [], "nor do definitions"],
    ["drop table if exists ?", ["t"], "drop table if exists \"t\"", [], "if exists"],
    ["set timezone = ?", ["it's"], "set timezone = 'it''s'", [], "settings"],
    ["delete from t; select ?", [1], "delete from t; select $1", [1], "several statements"],
    [" ? ", ["select 1"], " select 1 ", [], "a whole statement in a variable"]
  ]
  it.each(rows)("%s with %j", (sql, values, text, params, because) => {
    assert.deepStrictEqual(render(sql, ...values), Result.succeed({ text, params }), because)
  })

  const refused: ReadonlyArray<readonly [sql: string, value: Value, because: string]> = [
    ["select * from ?", "users; drop table users", "a name that is none"],
    ["select * from t.?", "a b", "with a blank"],
    ["select * from orders_?", "1; drop table orders", "as part of a name"],
    ["select * from t order by a ?", "desc; drop table t", "no direction"],
    ["select 1::?", "int; drop table t", "no type"],
    ["select B'?'", "1'; drop table t; --", "no bits"],
    ["do $$ begin perform '?'; end $$", "x", "a body in dollar quotes: its own quotes are out of sight"],
    ["select 'a ? b'", null, "null in the middle of a text"],
    ["select '?'", "a\0b", "NUL"],
    ["select '?", "x", "a quote that never ends"],
    ["select 1?", 0, "the rest of a number"],
    ["?", 7, "a statement that is no text"]
  ]
  it.each(refused)("%s refuses %j: %s", (sql, value) => {
    const rendered = render(sql, value)

    assert.isTrue(Result.isFailure(rendered))
    if (Result.isFailure(rendered)) assert.strictEqual(rendered.failure.hole, 0)
  })

  it("the hole that cannot be filled is named", () => {
    const rendered = render("select * from ?, ?", "a", "c d")

    assert.strictEqual(Result.isFailure(rendered) ? rendered.failure.hole : undefined, 1)
  })

  it("each place is known before anything runs", () => {
    const { placements } = Result.getOrThrow(
      SqlTemplate.compile(["select * from ", 0, " where a = '", 1, "' and b = ", 2, " -- ", 3])
    )

    assert.deepStrictEqual(placements, ["name", "text", "parameter", "comment"])
    assert.strictEqual(SqlTemplate.explain[placements[2]!], "bound as a parameter")
  })

  const shapes = [
    "select '?' as x",
    "select ? as x",
    "select \"?\"",
    "select E'a?'",
    "select 1 /* ? */",
    "select 1 -- ?\n, 2",
    "select * from ?",
    "select * from t order by a ?",
    "create table t (n int default ?)",
    "set a = ?"
  ]
  it("R10 whatever the value is, the statement keeps its shape outside of quotes and comments", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...injections)),
        (sql, value) => {
          const rendered = render(sql, value)
          const empty = render(sql, sql.includes("order by") ? "asc" : "x")
          if (Result.isFailure(rendered)) return
          assert.strictEqual(skeleton(rendered.success.text), skeleton(Result.getOrThrow(empty).text))
        }
      ),
      { numRuns: sampled(2_000) }
    )
  })
})

/** The statement with all quoted parts and comments emptied, by a reader of its own. */
const skeleton = (sql: string): string =>
  sql
    .replace(/E'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, "#")
    .replace(/\b(?:asc|desc)\b/gi, "asc")
    .replace(/ +/g, " ")
