/** What keeps a scenario from being put under load by several threads: stores and values that live in one of them. */
import { Result } from "effect"
import { isArray, isRecord, type Value } from "../../../core/Value.ts"
import type { CompiledStep } from "../../../scenario/compile/Compiled.ts"
import * as StepWork from "../../../scenario/compile/StepWork.ts"
import type { Node } from "../../../scenario/read/Node.ts"
import * as Connection from "../../../scenario/steps/Connection.ts"
import type { LoadScenario } from "../LoadScenarios.ts"
import * as Fixed from "./Fixed.ts"
import * as UserStep from "./UserStep.ts"

export interface Obstacle {
  readonly detail: string
  readonly hint: string
}

/** All that can be known before the load; none when threads can share it. */
export const obstacles = (scenario: LoadScenario): ReadonlyArray<Obstacle> => {
  const { compiled: { steps }, saved } = scenario
  const { settings } = scenario.settings(() => {})
  const fixed = Fixed.ofScenario(scenario)
  return [
    ...UserStep.deep(steps).flatMap((step) => [...ownStore(step, settings, fixed), ...ownMock(step)]),
    ...Object.entries(saved).filter(([, value]) => holdsBytes(value)).map(([name]) => ({
      detail: `its setup saves bytes as ${name}, which cannot be handed to other threads`,
      hint: "save them as text or in a file, or load it on one thread"
    }))
  ]
}

/** A store that each thread would have for itself. Where the URL is only known in an iteration, the step says so then. */
const ownStore = (
  step: CompiledStep,
  settings: Parameters<typeof Connection.isEmbedded>[2],
  fixed: Fixed.Fixed
): ReadonlyArray<Obstacle> => {
  const { body } = step
  if (body._tag !== "Call" || !stores.has(body.action.name)) return []
  const url = urlOfStore(body, fixed)
  if (url === "unknown" || !Connection.isEmbedded(body.action.name, url?.given, settings)) return []
  const { hint, message } = Connection.oneThreadOnly(body.action.name)
  return [{ detail: `step ${JSON.stringify(UserStep.nameOf(step))}: ${message}`, hint }]
}

type Call = Extract<CompiledStep["body"], { readonly _tag: "Call" }>

/** What the step says of its URL, as far as it can be known before: the value, or its beginning. */
const urlOfStore = ({ action, input }: Call, fixed: Fixed.Fixed): { readonly given: Value } | "unknown" | undefined => {
  if (input._tag === "Call") {
    const { node } = input.args
    const embedded = node._tag === "List" ? node.items.map(beginning).find((text) => text !== undefined) : undefined
    if (embedded !== undefined) return { given: embedded }
    const [args, options] = [fixed(input.args), fixed(input.options)]
    if (args === undefined || options === undefined || !isArray(args)) return "unknown"
    const native = Result.try(() => action.robogo?.input?.(args, isRecord(options) ? options : {}, input.name) ?? {})
    // What is wrong with its arguments, the step says.
    if (Result.isFailure(native)) return "unknown"
    return Object.hasOwn(native.success, "url") ? { given: native.success["url"] ?? null } : undefined
  }
  const url = input.fields.find(({ key }) => key === "url")
  if (url === undefined) return undefined
  const given = url._tag === "Template" ? fixed(url.code) ?? beginning(url.code.node) : undefined
  return given === undefined ? "unknown" : { given }
}

/** The text of a URL that is embedded whatever follows. */
const beginning = (node: Node): string | undefined =>
  node._tag === "Scalar" && typeof node.value === "string" && node.value.startsWith("embedded:")
    ? node.value
    : undefined

const stores: ReadonlySet<string> = new Set(["postgres", "mongo", "amqp", "cache"])

/** Which calls a mock has had only the thread knows that has put it up. */
const ownMock = (step: CompiledStep): ReadonlyArray<Obstacle> =>
  StepWork.codesOf(step).some(({ uses }) => uses.some(({ name, path }) => name === "mocks" && path[1] === "calls"))
    ? [{
      detail: `step ${
        JSON.stringify(UserStep.nameOf(step))
      }: it reads the calls of a mock, which other threads do not see`,
      hint: "load it on one thread"
    }]
    : []

const holdsBytes = (value: Value): boolean =>
  value instanceof Uint8Array ||
  (isArray(value) ? value.some(holdsBytes) : isRecord(value) && Object.values(value).some(holdsBytes))
