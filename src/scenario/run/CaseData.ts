/**
 * The data sets of a case while it runs: loaded and checked before anything else, put in place by their set-up, taken away
 * by their clean-up. `DataSets` knows what they mean.
 */
import { Clock, Effect, Schema } from "effect"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type { CompiledData, CompiledStep } from "../compile/Compiled.ts"
import * as Plan from "../compile/Plan.ts"
import type { StepServices } from "./Attempt.ts"
import * as Bounds from "./Bounds.ts"
import type { CaseState } from "./CaseState.ts"
import * as DataSets from "./DataSets.ts"
import * as GraphRun from "./GraphRun.ts"
import * as Failures from "./StepFailure.ts"
import * as StepRun from "./StepRun.ts"

/**
 * Sets the variables of the sets and of the environment, and checks all rules. Names of `outer` were given from outside and
 * stay. Fails with every rule that is broken; broken rules that are only warnings are logged.
 */
export const load = Effect.fnUntraced(function*(
  data: CompiledData,
  state: CaseState,
  outer: ValueRecord
): Effect.fn.Return<void, Failures.StepFailure> {
  const written = yield* Failures.attempt(() => data.definition.run(state.names, state.machine))
  const environments = yield* Failures.attempt(() => data.environments.run(state.names, state.machine))
  const definition = yield* decode(DataSets.Definition, written, data)
  const loaded = yield* DataSets.load(definition, {
    environments: yield* decode(Schema.Array(DataSets.Environment), environments, data),
    random: state.randomFor("data_management"),
    now: yield* Clock.currentTimeMillis
  }).pipe(Effect.mapError((error) => Failures.fromAction(error, data.location)))

  for (const [name, value] of Object.entries(loaded.variables)) {
    if (!Object.hasOwn(outer, name)) state.set(name, value)
  }
  // The action `data_set` looks here; what was made up once stays as it is.
  state.actionSettings = {
    ...state.actionSettings,
    environments,
    data_management: { ...isRecord(written) ? written : {}, data_sets: asLoaded(written, loaded.variables) }
  }
  yield* judge(loaded.violations, data, state)
})

const decode = <A>(schema: Schema.Codec<A, unknown>, value: Value, { location }: CompiledData) =>
  Schema.decodeUnknownEffect(schema)(value).pipe(Effect.mapError((error) =>
    Failures.one({
      kind: "error",
      reason: "invalid",
      message: `the data sets cannot be used: ${error.message}`,
      location
    })
  ))

const asLoaded = (written: Value, variables: ValueRecord): ReadonlyArray<Value> => {
  const sets = isRecord(written) && isArray(written["data_sets"]) ? written["data_sets"] : []
  return sets.map((set) => {
    const data = isRecord(set) ? variables[String(set["name"])] : undefined
    if (!isRecord(set) || data === undefined) return set
    const kept = Object.entries(set).filter(([key]) => key !== "generate")
    return Object.assign(emptyRecord(), Object.fromEntries(kept), { data })
  })
}

const judge = (violations: ReadonlyArray<DataSets.Violation>, { location }: CompiledData, state: CaseState) =>
  Effect.gen(function*() {
    const failures = []
    for (const { message, name, path, severity } of violations) {
      const text = `${name}: ${path} ${message}`
      if (severity === "error") {
        failures.push(Failures.failure({ kind: "failed", reason: "failed", message: text, location }))
      } else {
        yield* state.settings.emit({
          _tag: "Log",
          case: state.settings.caseId,
          step: "data_management",
          level: severity,
          text,
          at: state.machine.now()
        })
      }
    }
    if (failures.length > 0) return yield* new Failures.StepFailure({ failures })
  })

/** How many connections or kinds of work are busy at once, when nothing says otherwise. */
const usualConcurrency = 4

/**
 * Puts the data in place. Steps on one connection keep their order; different connections are busy at the same time, as far
 * as the steps do not need each other's results.
 */
export const setUp = (data: CompiledData, state: CaseState): Effect.Effect<StepRun.Outcome, never, StepServices> => {
  const last = new Map<string, string>()
  const plan = Plan.make(data.setup.map((step) => {
    const connection = connectionOf(step)
    const before = last.get(connection)
    last.set(connection, step.path)
    const { reads, writes } = step.work
    return { id: step.path, needs: before === undefined ? [] : [before], reads, writes, effect: "none" }
  }))
  return plan._tag === "Success"
    ? GraphRun.steps(data.setup, plan.success, concurrencyOf(state), state)
    : StepRun.sequence(data.setup, state)
}

/**
 * Takes the data away: every step is run, also after one that failed; those of one kind in their order, different kinds at
 * the same time.
 */
export const cleanUp = (
  data: CompiledData,
  state: CaseState
): Effect.Effect<ReadonlyArray<StepRun.Outcome>, never, StepServices> => {
  const kinds = new Map<string, Array<CompiledStep>>()
  for (const step of data.teardown) {
    const kind = kindOf(step)
    const alike = kinds.get(kind)
    if (alike === undefined) kinds.set(kind, [step])
    else alike.push(step)
  }
  return Effect.map(
    Effect.forEach(
      kinds.values(),
      (steps) => Effect.forEach(steps, (step) => StepRun.run(step, state, {}, "")),
      { concurrency: concurrencyOf(state) }
    ),
    (outcomes) => outcomes.flat()
  )
}

const concurrencyOf = (state: CaseState): number =>
  Bounds.of(state.actionSettings, "database_operations") ?? usualConcurrency

const kindOf = (step: CompiledStep): string => step.body._tag === "Call" ? step.body.action.name : step.path

/** What a step works on: the database or server that it names, else its kind. */
const connectionOf = (step: CompiledStep): string => {
  const { body } = step.step
  if (body._tag !== "Call") return step.path
  const args = body.input?._tag === "List" ? body.input.items : []
  const texts = args.flatMap((item) => item._tag === "Scalar" && typeof item.value === "string" ? [item.value] : [])
  const url = texts.find((text) => /^([a-z][a-z0-9+.-]*:|\$\{)/i.test(text))
  return `${kindOf(step)} ${url?.replace(/^(https?:\/\/[^/]*).*$/i, "$1") ?? ""}`
}
