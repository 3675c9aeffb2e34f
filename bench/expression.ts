/**
 * How fast compiled expressions run, against the closure that a programmer would write by hand in JavaScript.
 * Goals: 2 million simple expressions and 1 million templates of two holes a second.
 *
 * Run: `node bench/expression.ts`
 */
import { Result } from "effect"
import * as Expression from "../src/scenario/expression/Expression.ts"
import * as Template from "../src/scenario/expression/Template.ts"

const items = Array.from({ length: 100 }, (_, id) => ({ id, sku: `A${id}` }))
const values = new Map<string, never>(
  Object.entries({ status: 200, body: { items, name: "Ada" }, base: "http://localhost", id: 7 }) as never
)
const names: Expression.Names = { get: (name) => values.get(name), list: () => [...values.keys()] }
const machine: Expression.Machine = { now: () => 0, random: () => 0.5 }
const get = (name: string): never => values.get(name)!

interface Row {
  readonly text: string
  readonly kind: "expression" | "template"
  readonly byHand: () => unknown
  /** Evaluations a second that must be reached. */
  readonly goal?: number
}

type Item = (typeof items)[number]
const body = (): { readonly items: ReadonlyArray<Item>; readonly name: string } => get("body")

const rows: ReadonlyArray<Row> = [
  { text: "status == 200", kind: "expression", byHand: () => get("status") === 200, goal: 2_000_000 },
  {
    text: "status == 200 && body.items[0].id + 1 < 10",
    kind: "expression",
    byHand: () => get("status") === 200 && body().items[0]!.id + 1 < 10
  },
  { text: "size(body.items) > 3", kind: "expression", byHand: () => body().items.length > 3 },
  {
    text: "all(body.items, x => x.id >= 0)",
    kind: "expression",
    byHand: () => body().items.every((x) => x.id >= 0)
  },
  {
    text: "${base}/orders/${id}",
    kind: "template",
    byHand: () => `${String(get("base"))}/orders/${String(get("id"))}`,
    goal: 1_000_000
  }
]

const compile = ({ kind, text }: Row): () => unknown => {
  const compiled = kind === "template"
    ? Result.getOrThrow(Template.parse(text))
    : Result.getOrThrow(Expression.parse(text))
  return () => compiled.run(names, machine)
}

/** Millions of runs a second: the best of several rounds, each of about 50 ms. */
const rateOf = (run: () => unknown): number => {
  let best = 0
  for (let round = 0; round < 9; round++) {
    const end = performance.now() + 50
    let runs = 0
    let now = performance.now()
    const start = now
    while (now < end) {
      for (let at = 0; at < 1000; at++) run()
      runs += 1000
      now = performance.now()
    }
    best = Math.max(best, runs / (now - start) / 1000)
  }
  return best
}

let held = true
for (const row of rows) {
  const [own, byHand] = [rateOf(compile(row)), rateOf(row.byHand)]
  const goal = row.goal === undefined ? "" : `  goal ${row.goal / 1e6} M/s ${own * 1e6 >= row.goal ? "held" : "MISSED"}`
  if (row.goal !== undefined && own * 1e6 < row.goal) held = false
  console.log(`${row.text.padEnd(46)} ${own.toFixed(1)} M/s, ${(byHand / own).toFixed(1)} x slower than by hand${goal}`)
}

const text = "status == 200 && any(body.items, x => x.sku == 'A7' && x.id > 3)"
console.log(
  `${"parse and compile that length".padEnd(46)} ${(rateOf(() => Expression.parse(text)) * 1000).toFixed(0)} k/s`
)
process.exitCode = held ? 0 : 1
