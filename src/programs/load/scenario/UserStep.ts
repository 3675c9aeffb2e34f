/**
 * The steps of a scenario as a virtual user takes them: `http` in a form of closures and bytes where that is possible, all others by the
 * interpreter that `skein run` uses.
 */
import { Effect } from "effect"
import * as Code from "../../../scenario/compile/Code.ts"
import type { CompiledMetric, CompiledStep, NamedCode } from "../../../scenario/compile/Compiled.ts"
import { innerSteps } from "../../../scenario/compile/StepWork.ts"
import type * as HttpInput from "../../../scenario/steps/HttpInput.ts"
import type { MetricRecording, Recording, StepRecording } from "../figures/Recording.ts"
import type { Fixed } from "./Fixed.ts"
import { type Reads, readsOf } from "./HttpAnswer.ts"
import * as HttpRequests from "./HttpRequests.ts"

export type UserStep = HttpUserStep | {
  readonly type: "interpreted"
  readonly step: CompiledStep
  /** Why it is not of the quick form. */
  readonly because: string
}

export interface HttpUserStep {
  readonly type: "http"
  /** Its place among the steps. */
  readonly index: number
  readonly step: CompiledStep
  readonly requests: HttpRequests.HttpRequests
  readonly expect: ReadonlyArray<Code.Code>
  readonly save: ReadonlyArray<NamedCode>
  readonly metrics: ReadonlyArray<{ readonly metric: CompiledMetric; readonly record: MetricRecording }>
  readonly record: StepRecording
  /** Whether the whole output is kept, since `steps.<id>` is read somewhere. */
  readonly keepsOutput: boolean
}

export interface Options {
  readonly scenario: string
  readonly tags: ReadonlyArray<string>
  readonly steps: ReadonlyArray<CompiledStep>
  readonly fixed: Fixed
  readonly recording: Recording
  /** Whether the requests tell where their time went. */
  readonly phases: boolean
  readonly context: HttpInput.Context
  /** Why all of them are interpreted. */
  readonly interpreted: string | undefined
}

/** Compiles the steps of a scenario. */
export const compile = Effect.fnUntraced(function*(options: Options) {
  const readsSteps = options.steps.some(({ work }) => [...work.reads].some((name) => name.startsWith("steps.")))
  const steps: Array<UserStep> = []
  for (const [index, step] of options.steps.entries()) {
    const because = options.interpreted ?? reasonToInterpret(step)
    if (because !== undefined) {
      steps.push({ type: "interpreted", step, because })
      continue
    }
    const keepsOutput = readsSteps && step.step.id !== undefined
    const compiled = yield* Effect.result(
      HttpRequests.compile(step, options.fixed, keepsOutput ? everything : readsOfStep(step), options)
    )
    steps.push(
      compiled._tag === "Failure" ? { type: "interpreted", step, because: compiled.failure } : {
        type: "http",
        index,
        step,
        requests: compiled.success,
        expect: step.expect.flatMap(({ expectation }) => expectation._tag === "Expression" ? [expectation.code] : []),
        save: step.save,
        metrics: step.metrics.map((metric) => ({
          metric,
          record: options.recording.metric(metric.name, metric.kind)
        })),
        record: options.recording.step({
          scenario: options.scenario,
          name: nameOf(step),
          action: "http",
          tags: options.tags
        }),
        keepsOutput
      }
    )
  }
  return steps
})

const everything: Reads = { headers: true, body: true }

const readsOfStep = (step: CompiledStep): Reads =>
  readsOf(
    [
      ...step.expect.flatMap(({ expectation }) => expectation._tag === "Expression" ? [expectation.code] : []),
      ...[...step.save, ...step.metrics].map(({ code }) => code)
    ].flatMap(({ uses }) => uses.map(({ name }) => name))
  )

/** What the quick form does not have; `undefined` when it may do. */
const reasonToInterpret = (step: CompiledStep): string | undefined => {
  const { body } = step
  if (step.spelling === "robogo") return "it is in Robogo's spelling"
  if (body._tag !== "Call") return `of ${body._tag.toLowerCase()}`
  if (body.action.name !== "http") return `of ${body.action.name}`
  if (step.for !== undefined || step.while !== undefined) return "it is a loop"
  if (step.extract !== undefined) return "of extract"
  if (step.expectError !== undefined) return "of expect_error"
  const other = step.expect.find(({ expectation }) => expectation._tag !== "Expression")
  return other === undefined ? undefined : `of ${other.expectation._tag}`
}

/** The name under which a step's figures stand: one with templates in it is not filled in, or there would be as many as iterations. */
export const nameOf = (step: CompiledStep): string => step.name?.text || step.label

/** The action of a step, under which its figures stand too: `http`, `group`. */
export const actionOf = ({ body }: CompiledStep): string =>
  body._tag === "Call" ? body.action.name : body._tag.toLowerCase()

/** All steps that can stand in an event, those inside of others included. */
export const deep = (steps: ReadonlyArray<CompiledStep>): ReadonlyArray<CompiledStep> =>
  steps.flatMap((step) => [step, ...deep(innerSteps(step.body))])
