/** What a run would do: the cases in their order, and for each the order of its steps. */
import type { Case } from "./Runner.ts"

export interface DryCase {
  readonly id: string
  readonly name: string
  readonly file: string
  readonly line: number
  readonly tags: ReadonlyArray<string>
  /** Why it would be skipped; null when it would run. */
  readonly skip: string | null
  readonly setup: ReadonlyArray<DryStep>
  readonly steps: ReadonlyArray<DryStep>
  readonly teardown: ReadonlyArray<DryStep>
}

export interface DryStep {
  /** Its id, or its place in the case. */
  readonly id: string
  readonly label: string
  readonly effect: string
  /** Steps that must have ended before it begins, and why. */
  readonly waits_for: ReadonlyArray<{ readonly id: string; readonly why: string }>
}

/** Plain data, for `--format json`. */
export const describe = (cases: ReadonlyArray<Case>): ReadonlyArray<DryCase> =>
  cases.map((one) => ({
    id: one.id,
    name: one.name,
    file: one.file,
    line: one.line,
    tags: one.tags,
    skip: one.skip ?? null,
    setup: inOrder([...one.compiled.data?.setup ?? [], ...one.compiled.setup]),
    steps: one.compiled.plan === undefined ? inOrder(one.compiled.steps) : graph(one.compiled.steps, one.compiled.plan),
    teardown: inOrder([...one.compiled.teardown, ...one.compiled.data?.teardown ?? []])
  }))

/** Lines for people. A step of a graph says what it waits for. */
export const text = (cases: ReadonlyArray<DryCase>): string => cases.map(caseText).join("\n\n")

type Steps = Case["compiled"]["steps"]

const stepOf = (step: Steps[number], waits: DryStep["waits_for"]): DryStep => ({
  id: step.work.id,
  label: step.label,
  effect: step.work.effect,
  waits_for: waits
})

const inOrder = (steps: Steps): ReadonlyArray<DryStep> =>
  steps.map((step, index) => stepOf(step, index === 0 ? [] : [{ id: steps[index - 1]!.work.id, why: "order" }]))

const graph = (steps: Steps, plan: NonNullable<Case["compiled"]["plan"]>): ReadonlyArray<DryStep> =>
  steps.map((step, index) =>
    stepOf(
      step,
      (plan.waitsFor[index] ?? []).map(({ from, reason }) => ({
        id: steps[from]!.work.id,
        why: reason._tag === "Variable" ? `variable ${reason.name}` : reason._tag === "Needs" ? "needs" : "effect"
      }))
    )
  )

const caseText = (one: DryCase): string =>
  [
    `${one.file}:${one.line} ${one.name}${one.tags.map((tag) => ` #${tag}`).join("")}`
    + (one.skip === null ? "" : ` (skipped: ${one.skip})`),
    ...phase("setup", one.setup),
    ...phase("steps", one.steps),
    ...phase("teardown", one.teardown)
  ].join("\n")

const phase = (name: string, steps: ReadonlyArray<DryStep>): ReadonlyArray<string> =>
  steps.length === 0 ? [] : [`  ${name}`, ...steps.map((step) => `    ${step.id}  ${step.label}${waits(step)}`)]

const waits = ({ waits_for }: DryStep): string => {
  const reasons = waits_for.filter(({ why }) => why !== "order").map(({ id, why }) => `${id} (${why})`)
  return reasons.length === 0 ? "" : `  after ${reasons.join(", ")}`
}
