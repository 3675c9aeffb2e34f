/** The names that a file sets, found before anything runs. */
import type { Head, Scenario, Step, Suite } from "../Scenario.ts"
import type * as Known from "./Known.ts"
import * as Node from "./Node.ts"

/** The names that a file sets anywhere, and those given from outside. */
export const knownIn = (
  source: Scenario | Suite,
  variables: Iterable<string>,
  secrets: Iterable<string>,
  mocks: ReadonlyArray<string>,
  connections: Iterable<string> | undefined
): Known.Known => {
  const set = new Set([...variables, ...names(source)])
  const stepsIn = stepsOf(source)
  const ids = new Set<string>()
  forEachStep(stepsIn, (step) => {
    if (step.id !== undefined) ids.add(step.id)
  })
  // Robogo puts secrets beside variables.
  if (source.spelling === "robogo") { for (const entry of source.secrets) set.add(entry.name) }
  return {
    spelling: source.spelling,
    names: set,
    open: source._tag === "Scenario" && source.spelling === "robogo" && source.dataSets !== undefined ||
      setsUnseenNames(stepsIn),
    secrets: new Set([...secrets, ...secretNames(source)]),
    mocks: new Set([...mocks, ...mockNames(source)]),
    steps: ids,
    connections: connections === undefined ? undefined : new Set([...connections, ...connectionNames(stepsIn)])
  }
}

export const secretNames = (head: Head | undefined): ReadonlyArray<string> =>
  head?.secrets.map((entry) => entry.name) ?? []
export const mockNames = (head: Head | undefined): ReadonlyArray<string> => head?.mocks.map((entry) => entry.name) ?? []

export const names = (source: Scenario | Suite): ReadonlyArray<string> => {
  const sets = source._tag === "Scenario" ? source.dataSets?.names ?? [] : []
  const found = [...source.vars.map((entry) => entry.name), ...sets]
  forEachStep(stepsOf(source), (step) => {
    found.push(...step.save.map((entry) => entry.name))
    if (step.result !== undefined) found.push(step.result.name)
    if (step.for?.as !== undefined) found.push(step.for.as)
    if (step.body._tag === "Include") {
      found.push(
        ...step.body.vars.map((entry) => entry.name),
        ...step.body.included?.vars.map((entry) => entry.name) ?? []
      )
    }
    if (step.body._tag === "Call") found.push(...assignedNames(step.body))
  })
  return found
}

const stepsOf = (source: Scenario | Suite): ReadonlyArray<Step> =>
  source._tag === "Suite" ? [...source.setup, ...source.teardown] : [
    ...source.dataSets?.setup ?? [],
    ...source.setup,
    ...source.steps,
    ...source.teardown,
    ...source.dataSets?.teardown ?? []
  ]

/** `variable: { name: x }`, `variable: { set: { x: 1 } }` and Robogo's `args: [x, 1]`, without asking the action. */
const assignedNames = (body: Extract<Step["body"], { readonly _tag: "Call" }>): ReadonlyArray<string> => {
  if (body.action !== "variable" || body.input === undefined) return []
  const first = body.input._tag === "List" ? body.input.items[0] : Node.get(body.input, "name")
  const set = Node.get(body.input, "set")
  return [
    ...first?._tag === "Scalar" ? [String(first.value)] : [],
    ...set?._tag === "Map" ? set.entries.map((entry) => entry.key) : []
  ]
}

/** Names that steps give to URLs. */
const connectionNames = (steps: ReadonlyArray<Step>): ReadonlyArray<string> => {
  const found: Array<string> = []
  forEachStep(steps, ({ body }) => {
    const name = body._tag === "Call" && body.input?._tag === "Map" ? Node.get(body.input, "connect_as") : undefined
    if (name?._tag === "Scalar") found.push(String(name.value))
  })
  return found
}

const setsUnseenNames = (steps: ReadonlyArray<Step>): boolean => {
  let open = false
  forEachStep(steps, (step) => {
    if (
      step.body._tag === "Call" &&
      (/^(tdm|data_set)$/.test(step.body.action) || assignedNames(step.body).some((name) => name.includes("${")))
    ) {
      open = true
    }
  })
  return open
}

const forEachStep = (steps: ReadonlyArray<Step>, visit: (step: Step) => void): void => {
  for (const step of steps) {
    visit(step)
    const { body } = step
    if (body._tag === "Group") forEachStep(body.steps, visit)
    else if (body._tag === "Branch") forEachStep([...body.then, ...body.else], visit)
    else if (body._tag === "Include" && body.included !== undefined) {
      forEachStep([...body.included.setup, ...body.included.steps], visit)
    }
  }
}
