/**
 * Which steps of a Robogo case run at once when its `parallel` says so: neighbours that leave no result and have no control
 * flow, of a few actions. Everything else keeps its place, as there; among neighbours writes keep their order, unlike there.
 */
import type { CompiledStep } from "../compile/Compiled.ts"
import type * as Plan from "../compile/Plan.ts"

const actions = /^(log|sleep|get_time|time|get_random|length|http|http_get|http_post|http_batch|postgres)$/

const mayRunBeside = ({ step }: CompiledStep): boolean =>
  step.body._tag === "Call" && actions.test(step.body.action) && step.result === undefined &&
  step.if === undefined && step.for === undefined && step.while === undefined && step.expectError === undefined &&
  !step.continue

/** Adds to a plan that each group of neighbours waits for the one before it. */
export const inGroups = (steps: ReadonlyArray<CompiledStep>, plan: Plan.Plan): Plan.Plan => {
  const groups: Array<Array<number>> = []
  steps.forEach((step, index) => {
    const last = groups.at(-1)
    const joins = last !== undefined && mayRunBeside(step) && mayRunBeside(steps[last[0]!]!)
    if (joins) last.push(index)
    else groups.push([index])
  })
  const waitsFor = plan.waitsFor.map((edges) => [...edges])
  groups.forEach((group, at) => {
    for (const index of group) {
      for (const from of groups[at - 1] ?? []) {
        if (waitsFor[index]!.every((edge) => edge.from !== from)) waitsFor[index]!.push({ from, reason })
      }
    }
  })
  return { waitsFor }
}

const reason: Plan.Reason = { _tag: "Effect" }
