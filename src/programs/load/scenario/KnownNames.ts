/** The names of scenarios that thresholds can speak of, and those that must not mean two things. */
import type { CompiledScenario } from "../../../scenario/compile/Compiled.ts"
import type * as Questions from "../figures/Questions.ts"
import * as UserStep from "./UserStep.ts"

/** What thresholds can speak of. */
export const of = (scenarios: ReadonlyArray<CompiledScenario>): Questions.Known => {
  const steps = stepsOf(scenarios)
  return {
    actions: [...new Set(["http", ...steps.map(UserStep.actionOf)])],
    steps: steps.map(UserStep.nameOf),
    tags: scenarios.flatMap(({ scenario }) => scenario.tags),
    scenarios: scenarios.map(({ scenario }) => scenario.name),
    metrics: [...new Set(steps.flatMap(({ metrics }) => metrics.map(({ name }) => name)))]
  }
}

/** A metric that files measure by different kinds, and these; `undefined` when there is none. */
export const metricClash = (scenarios: ReadonlyArray<CompiledScenario>): string | undefined => {
  const kinds = new Map<string, string>()
  for (const { kind, name } of stepsOf(scenarios).flatMap(({ metrics }) => metrics)) {
    const before = kinds.get(name) ?? kind
    if (before !== kind) return `${name} is a ${before} in one file and a ${kind} in another`
    kinds.set(name, kind)
  }
  return undefined
}

const stepsOf = (scenarios: ReadonlyArray<CompiledScenario>) => scenarios.flatMap(({ steps }) => UserStep.deep(steps))
