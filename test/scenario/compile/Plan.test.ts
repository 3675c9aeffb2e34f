import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import type { StepEffect } from "../../../src/scenario/Action.ts"
import * as Plan from "../../../src/scenario/compile/Plan.ts"
import { processorMillis } from "../../support/processorTime.ts"

const work = (id: string, options: {
  readonly needs?: ReadonlyArray<string>
  readonly reads?: ReadonlyArray<string>
  readonly writes?: ReadonlyArray<string>
  readonly effect?: StepEffect
} = {}): Plan.Work => ({
  id,
  needs: options.needs,
  reads: new Set(options.reads),
  writes: new Set(options.writes),
  effect: options.effect ?? "none"
})

const waits = (steps: ReadonlyArray<Plan.Work>): ReadonlyArray<ReadonlyArray<number>> => {
  const plan = Plan.make(steps)
  if (Result.isFailure(plan)) throw new Error(JSON.stringify(plan.failure))
  return plan.success.waitsFor.map((edges) => edges.map((edge) => edge.from).sort())
}

describe("Plan", () => {
  it.each([
    { because: "nothing holds steps without effects", steps: [work("a"), work("b")], waits: [[], []] },
    {
      because: "a reader waits for the writer of its variable",
      steps: [work("a", { writes: ["x"] }), work("b", { reads: ["x"] })],
      waits: [[], [0]]
    },
    {
      because: "a second writer waits for the first and for those who read it",
      steps: [work("a", { writes: ["x"] }), work("b", { reads: ["x"] }), work("c", { writes: ["x"] })],
      waits: [[], [0], [0, 1]]
    },
    {
      because: "writes keep their order",
      steps: [work("a", { effect: "write" }), work("b", { effect: "write" })],
      waits: [[], [0]]
    },
    {
      because: "reads between writes run side by side",
      steps: [
        work("a", { effect: "write" }),
        work("b", { effect: "read" }),
        work("c", { effect: "read" }),
        work("d", { effect: "write" })
      ],
      waits: [[], [0], [0], [0, 1, 2]]
    },
    {
      because: "needs free a write from the order of writes",
      steps: [work("a", { effect: "write" }), work("b", { effect: "write", needs: [] })],
      waits: [[], []]
    },
    {
      because: "needs do not free a step from its variables",
      steps: [work("a", { writes: ["x"] }), work("b", { reads: ["x"], needs: [] })],
      waits: [[], [0]]
    }
  ])("$because", ({ steps, waits: expected }) => {
    assert.deepStrictEqual(waits(steps), expected)
  })

  it("R43 a cycle is found with its path, a missing need and a repeated id with their step", () => {
    const plan = Plan.make([work("a", { needs: ["c"] }), work("b", { needs: ["a"] }), work("c", { needs: ["b"] })])
    assert.deepStrictEqual(Result.isFailure(plan) && plan.failure, [{ _tag: "Cycle", path: ["a", "c", "b", "a"] }])

    const both = Plan.make([work("a", { needs: ["x"] }), work("a")])
    assert.deepStrictEqual(Result.isFailure(both) && both.failure.map((problem) => problem._tag), ["SameId", "Unknown"])
  })

  it("R43 5,000 steps are planned in under a second", () => {
    const steps = Array.from({ length: 5_000 }, (_, index) =>
      work(`s${index}`, {
        reads: [`v${Math.floor(index / 2)}`, "shared"],
        writes: [`v${index}`],
        effect: index % 7 === 0 ? "write" : "read"
      }))

    const started = processorMillis()
    const plan = Plan.make(steps)

    assert.isTrue(Result.isSuccess(plan))
    assert.isBelow(processorMillis() - started, 1_000)
  })

  it("orders every pair of steps that touch the same variable, and only backwards", () => {
    const step = fc.record({
      reads: fc.subarray(["x", "y", "z"]),
      writes: fc.subarray(["x", "y", "z"]),
      effect: fc.constantFrom<StepEffect>("none", "read", "write")
    })
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (list) => {
      const steps = list.map((one, index) => work(`s${index}`, one))
      const direct = waits(steps)
      const before = direct.map((): Set<number> => new Set())
      direct.forEach((from, index) => {
        for (const other of from) {
          assert.isBelow(other, index)
          before[index]!.add(other)
          for (const earlier of before[other]!) before[index]!.add(earlier)
        }
      })
      list.forEach((later, j) =>
        list.slice(0, j).forEach((earlier, i) => {
          const shared = earlier.writes.some((name) => later.reads.includes(name) || later.writes.includes(name)) ||
            earlier.reads.some((name) => later.writes.includes(name)) ||
            earlier.effect === "write" && later.effect !== "none" ||
            earlier.effect === "read" && later.effect === "write"
          if (shared) assert.isTrue(before[j]!.has(i), `${j} must wait for ${i}`)
        })
      )
    }))
  })
})
