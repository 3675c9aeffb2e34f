/** What the steps of a scenario would do to an item, as far as it can be said before they run. */
import { Clock, Effect, Scope } from "effect"
import { Masking } from "../../core/Masking.ts"
import * as Preview from "../../core/Preview.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import { CodeFailure } from "../../scenario/compile/Code.ts"
import type { CompiledStep } from "../../scenario/compile/Compiled.ts"
import { CaseState } from "../../scenario/run/CaseState.ts"
import type * as Batch from "../Batch.ts"
import type * as Runner from "../Runner.ts"
import * as Cases from "../runner/Cases.ts"
import type { Planned } from "./Work.ts"

/** Whether doing a step twice is as good as once: it only reads, or sends a request whose method says so. */
export const isIdempotent = (step: CompiledStep): boolean =>
  step.work.effect !== "write" ||
  isHttp(step) && (/^(put|delete)$/i.test(methodOf(step)) || hasIdempotencyKey(step))

/** Whether a step sends DELETE. */
export const isDelete = (step: CompiledStep): boolean => isHttp(step) && /^delete$/i.test(methodOf(step))

/** Evaluates the inputs of steps for an item. What another step has to tell first stays as it is in the file. */
export const plan = Effect.fnUntraced(function*<R>(
  one: Runner.Case,
  { options }: Runner.Plan<R>,
  run: Omit<Runner.RunOptions, "concurrency">,
  item: Batch.Item
) {
  const masking = yield* Masking
  const state = new CaseState({
    settings: {
      caseId: one.id,
      baseId: one.id,
      directory: one.compiled.directory,
      root: one.root,
      allowOutside: false,
      environment: run.environment ?? {},
      settings: {},
      seed: 0,
      updateSnapshots: false,
      keepExchanges: false,
      debug: false,
      file: one.file,
      mask: (value) => value,
      emit: () => Effect.void
    },
    scope: yield* Scope.make(),
    clock: yield* Clock.Clock,
    variables: Cases.variableLayers(one, options),
    values: { ...options.variables, item: item.value, item_key: item.key },
    row: item.value,
    rowIndex: item.index,
    robogo: false
  })
  const lines = one.compiled.steps.map((step) => ({ isHttp: isHttp(step), text: masking.text(lineOf(step, state)) }))
  const planned: Planned = {
    what: lines.map(({ text }) => text).join("; "),
    requests: lines.filter(({ isHttp }) => isHttp).map(({ text }) => text)
  }
  return planned
})

const isHttp = ({ body }: CompiledStep): boolean => body._tag === "Call" && body.action.name === "http"

const templatesOf = ({ body }: CompiledStep) =>
  body._tag === "Call" && body.input._tag === "Named"
    ? body.input.fields.flatMap((field) => field._tag === "Template" ? [field] : [])
    : []

const methodOf = (step: CompiledStep): string => {
  const method = templatesOf(step).find(({ key }) => key === "method")
  return method === undefined ? "GET" : String(method.code.constant ?? "")
}

const hasIdempotencyKey = (step: CompiledStep): boolean => {
  const headers = templatesOf(step).find(({ key }) => key === "headers")?.code.node
  return headers?._tag === "Map" && headers.entries.some(({ key }) => key.toLowerCase() === "idempotency-key")
}

const lineOf = (step: CompiledStep, state: CaseState): string => {
  const { body } = step
  if (body._tag !== "Call" || step.step.noLog) return step.label
  const inputs = inputsOf(step, state)
  if (inputs === undefined) return step.label
  if (!isHttp(step)) return `${body.action.name} ${Preview.json(inputs, maxInput)}`
  const { base = "", method = "GET", url = "" } = inputs
  return `${String(method).toUpperCase()} ${String(base)}${String(url)}`
}

const maxInput = 200

const inputsOf = (step: CompiledStep, state: CaseState): ValueRecord | undefined => {
  try {
    return Object.fromEntries(
      templatesOf(step).map(({ code, key }): [string, Value] => [key, code.run(state.names, state.machine)])
    )
  } catch (error) {
    if (error instanceof CodeFailure) return undefined
    throw error
  }
}
