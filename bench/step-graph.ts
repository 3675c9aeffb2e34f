/**
 * Claim: a case of 5,000 steps that may run at once costs less than 1 ms a step to plan and to schedule. Three shapes: all
 * free, one chain, and layers of 50 in which each step reads two variables of the layer above. What is measured is more than
 * that: reading, checking, and running the steps too. The baseline is a list of as many steps in the order of the file.
 *
 *     node bench/step-graph.ts [rounds]
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import * as Live from "../src/layers/Live.ts"
import * as Runner from "../src/programs/Runner.ts"
import { builtin } from "../src/scenario/actions/builtin.ts"
import * as Contract from "../src/scenario/run/Contract.ts"
import * as Snapshots from "../src/scenario/run/Snapshots.ts"
import * as Alternate from "./Alternate.ts"

const rounds = Number(process.argv[2] ?? 5)
const steps = 5_000
const limitMs = 1

/** Sums, so that values stay small however long the chain. */
const step = (index: number, reads: ReadonlyArray<number>): string => {
  const value = ["1", ...reads.map((read) => `0 * v${read}`)].join(" + ")
  return `  - variable: { name: v${index}, value: "\${${value}}" }\n`
}
const scenario = (concurrency: number, reads: (index: number) => ReadonlyArray<number>): string =>
  `name: Graph\nconcurrency: ${concurrency}\nsteps:\n` +
  Array.from({ length: steps }, (_, index) => step(index, reads(index))).join("")

const shapes: Readonly<Record<string, (index: number) => ReadonlyArray<number>>> = {
  "all free": () => [],
  "layers of 50": (index) => index < 50 ? [] : [index - 50, (Math.floor(index / 50) - 1) * 50 + (index * 7 + 3) % 50],
  "one chain": (index) => index === 0 ? [] : [index - 1]
}

const services = Layer.mergeAll(Contract.layer, Snapshots.layer()).pipe(
  Layer.provideMerge(Live.layer()),
  Layer.provideMerge(NodeServices.layer)
)

const program = Effect.gen(function*() {
  const context = yield* Effect.context<Layer.Success<typeof services>>()
  const promise = Effect.runPromiseWith(context)
  const options = { actions: builtin, workingDirectory: process.cwd() }
  const once = (text: string): Alternate.Contestant["run"] => () =>
    Alternate.inProcess(async () => {
      const plan = await promise(Runner.compile(text, options))
      const report = await promise(Runner.run(plan, { concurrency: 1 }))
      const ran = report.cases[0]!.steps.length
      if (report.summary.passed !== 1 || ran !== steps) {
        throw new Error(`${ran} steps: ${JSON.stringify(report.summary)}`)
      }
    })
  const inOrder = { name: "in the order of the file", run: once(scenario(1, () => [])) }
  const graphs = Object.entries(shapes).map(([name, reads]) => ({ name, run: once(scenario(20, reads)) }))

  const results = yield* Effect.promise(() => Alternate.alternate([inOrder, ...graphs], rounds))
  Alternate.print(results)
  for (const one of results.slice(1)) {
    Alternate.goal(`a step, ${one.name}: read, planned and run`, Alternate.wall(one) / steps, "at most", limitMs, " ms")
  }
})

await Effect.runPromise(Effect.provide(program, services))
