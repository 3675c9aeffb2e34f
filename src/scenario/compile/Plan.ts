/**
 * The order of steps that run at once: a graph from `needs`, from the variables that steps read and write, and from what
 * each action changes. Pure; `--dry-run` prints it, the interpreter follows it.
 */
import { Result } from "effect"
import type { StepEffect } from "../Action.ts"

/** What the plan must know of a step. */
export interface Work {
  /** How it is called in messages and in `needs`; unique. */
  readonly id: string
  /** Given `needs` (an empty list too) frees a step from the order of effects: only variables and `needs` hold it back. */
  readonly needs: ReadonlyArray<string> | undefined
  /** Names of variables. */
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
  readonly effect: StepEffect
}

/** Why one step waits for another. */
export type Reason =
  | { readonly _tag: "Needs" }
  | { readonly _tag: "Variable"; readonly name: string }
  | { readonly _tag: "Effect" }

export interface Edge {
  readonly from: number
  readonly reason: Reason
}

export interface Plan {
  /** For each step, in the order of the file: the steps that it waits for, each once. */
  readonly waitsFor: ReadonlyArray<ReadonlyArray<Edge>>
}

/** Why there is no order. `Cycle.path` begins and ends with the same id. */
export type PlanProblem =
  | { readonly _tag: "Unknown"; readonly step: number; readonly need: string }
  | { readonly _tag: "Cycle"; readonly path: ReadonlyArray<string> }
  | { readonly _tag: "SameId"; readonly step: number; readonly id: string }

/** Makes the graph in time linear in steps and names. All problems at once. */
export const make = (steps: ReadonlyArray<Work>): Result.Result<Plan, ReadonlyArray<PlanProblem>> => {
  const problems: Array<PlanProblem> = []
  const byId = new Map<string, number>()
  steps.forEach((step, index) => {
    if (byId.has(step.id)) problems.push({ _tag: "SameId", step: index, id: step.id })
    else byId.set(step.id, index)
  })
  const edges = steps.map(() => new Map<number, Reason>())
  const add = (step: number, from: number | undefined, reason: Reason): void => {
    if (from !== undefined && from !== step && !edges[step]!.has(from)) edges[step]!.set(from, reason)
  }
  addNeeds(steps, byId, add, problems)
  addVariables(steps, add)
  addEffects(steps, add)
  if (problems.length === 0) {
    const cycle = findCycle(steps, edges)
    if (cycle !== undefined) problems.push({ _tag: "Cycle", path: cycle })
  }
  return problems.length > 0
    ? Result.fail(problems)
    : Result.succeed({ waitsFor: edges.map((from) => [...from].map(([step, reason]) => ({ from: step, reason }))) })
}

type Add = (step: number, from: number | undefined, reason: Reason) => void

const addNeeds = (
  steps: ReadonlyArray<Work>,
  byId: ReadonlyMap<string, number>,
  add: Add,
  problems: Array<PlanProblem>
): void => {
  steps.forEach((step, index) => {
    for (const need of step.needs ?? []) {
      const from = byId.get(need)
      if (from === undefined) problems.push({ _tag: "Unknown", step: index, need })
      else if (from === index) problems.push({ _tag: "Cycle", path: [step.id, step.id] })
      else add(index, from, { _tag: "Needs" })
    }
  })
}

/** A reader waits for the last writer before it, a writer for the last writer and for the readers since. */
const addVariables = (steps: ReadonlyArray<Work>, add: Add): void => {
  const writer = new Map<string, number>()
  const readers = new Map<string, Array<number>>()
  steps.forEach((step, index) => {
    for (const name of step.reads) {
      add(index, writer.get(name), { _tag: "Variable", name })
      if (step.writes.has(name)) continue
      const since = readers.get(name)
      if (since === undefined) readers.set(name, [index])
      else since.push(index)
    }
    for (const name of step.writes) {
      add(index, writer.get(name), { _tag: "Variable", name })
      for (const reader of readers.get(name) ?? []) add(index, reader, { _tag: "Variable", name })
      writer.set(name, index)
      readers.delete(name)
    }
  })
}

/** Writes stay in order; a read stays between the writes around it. Steps with `needs` are free of this. */
const addEffects = (steps: ReadonlyArray<Work>, add: Add): void => {
  let lastWrite: number | undefined
  let readsSince: Array<number> = []
  steps.forEach((step, index) => {
    if (step.needs !== undefined || step.effect === "none") return
    add(index, lastWrite, { _tag: "Effect" })
    if (step.effect === "read") readsSince.push(index)
    else {
      for (const read of readsSince) add(index, read, { _tag: "Effect" })
      readsSince = []
      lastWrite = index
    }
  })
}

/** Depth-first without recursion, so that thousands of steps in a row do not overflow. */
const findCycle = (
  steps: ReadonlyArray<Work>,
  edges: ReadonlyArray<ReadonlyMap<number, Reason>>
): ReadonlyArray<string> | undefined => {
  const state = new Uint8Array(steps.length)
  for (let root = 0; root < steps.length; root++) {
    if (state[root] !== 0) continue
    const path: Array<{ readonly step: number; readonly rest: Iterator<number> }> = []
    const enter = (step: number): void => {
      state[step] = 1
      path.push({ step, rest: edges[step]!.keys() })
    }
    enter(root)
    while (path.length > 0) {
      const top = path.at(-1)!
      const next = top.rest.next()
      if (next.done === true) {
        state[top.step] = 2
        path.pop()
      } else if (state[next.value] === 1) {
        const start = path.findIndex((entry) => entry.step === next.value)
        const cycle = path.slice(start).map((entry) => steps[entry.step]!.id)
        return [...cycle, cycle[0]!]
      } else if (state[next.value] === 0) enter(next.value)
    }
  }
  return undefined
}
