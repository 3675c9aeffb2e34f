/** What the plan of parallel steps must know of a step: the names it reads and writes, and what it changes. */
import type { Schema } from "effect"
import type { Value } from "../../core/Value.ts"
import type * as Action from "../Action.ts"
import * as Known from "../read/Known.ts"
import * as Node from "../read/Node.ts"
import type * as Code from "./Code.ts"
import type { CompiledBody, CompiledInput, CompiledStep } from "./Compiled.ts"
import * as CompileInput from "./CompileInput.ts"
import type * as Plan from "./Plan.ts"

/** Sums up one step, those inside it included. */
export const of = (step: Omit<CompiledStep, "work">): Plan.Work => {
  const output = outputNames(step.body)
  const inside = innerSteps(step.body)
  const reads = new Set([
    ...inside.flatMap((inner) => [...inner.work.reads]),
    ...inputCodes(step.body).flatMap((code) => Known.variablesRead(code)),
    ...[step.name, step.if, step.for?.items, step.while?.condition, step.extract, step.expectError?.message]
      .flatMap((code) => Known.variablesRead(code)),
    ...step.expect.flatMap(({ expectation }) =>
      expectation._tag === "Expression" ? Known.variablesRead(expectation.code, output) : []
    ),
    ...[...step.save, ...step.metrics].flatMap(({ code }) => Known.variablesRead(code, output))
  ])
  const writes = new Set([
    ...inside.flatMap((inner) => [...inner.work.writes]),
    ...step.save.map(({ name }) => name),
    ...step.step.result === undefined ? [] : [step.step.result.name],
    ...assigned(step.body)
  ])
  return {
    id: step.step.id ?? step.path,
    needs: step.step.needs?.map((need) => need.id),
    reads: new Set([...reads, ...stepUses(step)]),
    writes: new Set([...writes, ...step.step.id === undefined ? [] : [`steps.${step.step.id}`]]),
    effect: effectOf(step.body)
  }
}

/** The steps inside of a step: of a group, a branch, an action's input. */
export const innerSteps = (body: CompiledBody): ReadonlyArray<CompiledStep> => {
  if (body._tag === "Group") return body.steps
  if (body._tag === "Branch") return [...body.then, ...body.else]
  return body.input._tag === "Named"
    ? body.input.fields.flatMap((field) => field._tag === "Step" ? [field.step] : [])
    : []
}

const inputCodes = (body: CompiledBody): ReadonlyArray<Code.Code> => {
  if (body._tag === "Group") return [...body.defaults, ...body.vars].map(({ code }) => code)
  if (body._tag === "Branch") return []
  if (body.input._tag === "Call") return [body.input.args, body.input.options]
  return body.input.fields.flatMap((field) =>
    field._tag === "Step" ? [] : field._tag === "Expressions" ? field.codes : [field.code]
  )
}

/** All code of a step, steps inside of it left out. */
export const codesOf = (step: Omit<CompiledStep, "work">): ReadonlyArray<Code.Code> => [
  ...inputCodes(step.body),
  ...[...step.save, ...step.metrics].map(({ code }) => code),
  ...step.expect.flatMap(({ expectation }) => expectation._tag === "Expression" ? [expectation.code] : []),
  ...[step.name, step.if, step.for?.items, step.while?.condition].filter((code) => code !== undefined)
]

/** `steps.<id>` read anywhere in a step makes it wait for that step. */
const stepUses = (step: Omit<CompiledStep, "work">): ReadonlyArray<string> =>
  codesOf(step).flatMap((code) =>
    code.uses.flatMap((use) => use.name === "steps" && use.path[0] !== undefined ? [`steps.${use.path[0]}`] : [])
  )

const effectOf = (body: CompiledBody): Action.StepEffect => {
  const inner = innerSteps(body).map((step) => step.work.effect)
  const own = body._tag !== "Call"
    ? "none"
    : typeof body.action.effect !== "function"
    ? body.action.effect
    : body.input._tag === "Named"
    ? body.action.effect(
      CompileInput.constantsOf(body.input.fields),
      new Set(body.input.fields.map((field) => field.key))
    )
    : robogoEffect(body.action.effect, robogoConstants(body.action, body.input))
  const all: ReadonlyArray<Action.StepEffect> = [own, ...inner]
  return all.includes("write") ? "write" : all.includes("read") ? "read" : "none"
}

/** The variables that an action such as `variable` sets, as far as they can be seen. */
const assigned = (body: CompiledBody): ReadonlyArray<string> => {
  if (body._tag !== "Call" || body.action.assigns === undefined) return []
  const constants = body.input._tag === "Named"
    ? CompileInput.constantsOf(body.input.fields)
    : robogoConstants(body.action, body.input)
  return Object.keys(body.action.assigns(constants))
}

const robogoEffect = (
  effect: (constants: Readonly<Record<string, Value>>, present?: ReadonlySet<string>) => Action.StepEffect,
  constants: Readonly<Record<string, Value>>
): Action.StepEffect => effect(constants, new Set(Object.keys(constants)))

const robogoConstants = (
  action: Action.Any,
  input: Extract<CompiledInput, { readonly _tag: "Call" }>
): Readonly<Record<string, Value>> => {
  const args = input.args.node._tag === "List" ? input.args.node.items.map(Node.toValue) : []
  return action.robogo?.input?.(args, {}, input.name) ?? {}
}

/** The names of an output that is a record with known fields; `undefined` when it could be anything. */
export const outputNames = (body: CompiledBody): Known.OutputNames => {
  if (body._tag !== "Call") return new Set(["value"])
  const fields = outputFields(body.action.output)
  return fields === undefined ? undefined : new Set(fields)
}

const plainOutputs = new Set([
  "String",
  "Number",
  "Boolean",
  "Null",
  "Void",
  "Undefined",
  "BigInt",
  "Arrays",
  "Literal"
])

export const outputFields = (output: Schema.Top): ReadonlyArray<string> | undefined => {
  if ("fields" in output) return Object.keys(output.fields as object)
  return plainOutputs.has(output.ast._tag) ? ["value"] : undefined
}
