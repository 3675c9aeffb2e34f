/** What `skein batch` is told to do, as the work of a batch. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as DidYouMean from "../core/DidYouMean.ts"
import type { Value, ValueRecord } from "../core/Value.ts"
import * as Thing from "../profile/Thing.ts"
import * as Batch from "../programs/Batch.ts"
import * as ActionWork from "../programs/batch/ActionWork.ts"
import * as ItemKey from "../programs/batch/ItemKey.ts"
import * as Items from "../programs/batch/Items.ts"
import * as OperationWork from "../programs/batch/OperationWork.ts"
import * as ScenarioWork from "../programs/batch/ScenarioWork.ts"
import * as SharedWait from "../programs/batch/SharedWait.ts"
import * as Config from "../programs/Config.ts"
import * as Runner from "../programs/Runner.ts"
import type { BatchFlags } from "./batch.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Problems from "./Problems.ts"
import * as Reading from "./Reading.ts"
import * as RemoteApis from "./RemoteApis.ts"

/** The work, the rows that its scenario has of its own, and the client that suits it. */
export const make = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded) {
  const thing = isFile(flags.what) ? undefined : Thing.parse(flags.what)
  return yield* thing === undefined ? ofScenario(flags, config) : ofOperation(thing, flags, config)
})

const isFile = (what: string): boolean => /\.ya?ml$/.test(what)

const ofOperation = Effect.fnUntraced(function*(thing: Thing.Thing, flags: BatchFlags, config: Config.Loaded) {
  const api = yield* RemoteApis.open(thing.profile, config)
  const remote = yield* api.operation(thing.name)
  const parameters = remote.parameters.map(({ name }) => name)
  const stray = flags.with.find(([name]) => !parameters.includes(name))
  if (stray !== undefined) {
    return yield* ExitCode.wrongUsage(
      `${flags.what} takes no ${JSON.stringify(stray[0])}`,
      DidYouMean.hint(stray[0], parameters) ??
        (parameters.length === 0 ? undefined : `it takes ${parameters.join(", ")}`)
    )
  }
  const given = yield* Items.templates(flags.with, outside(flags, config)).pipe(Effect.mapError(ExitCode.asUsage))
  const wait = flags.wait && remote.starts !== undefined
    ? yield* SharedWait.make(yield* api.workflow(remote.starts))
    : undefined
  const work = OperationWork.make<HttpClient.HttpClient>(remote, {
    operation: operationOf(flags),
    concurrency: remote.starts === undefined ? undefined : api.limits.workflows,
    given: ({ index, value }) =>
      Effect.mapError(
        given(value, index),
        ({ message }) => new Batch.ItemError({ message, kind: "rejected", retryable: false })
      ),
    wait
  })
  const marked = {
    ...work,
    destructive: work.destructive || flags.destructive,
    idempotent: work.idempotent || flags.idempotent
  }
  return { work: marked, rows: [], starts: remote.starts }
})

const ofScenario = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded) {
  const options = yield* Reading.compileOptions(flags, config)
  const known = { ...options, variables: { ...options.variables, [ScenarioWork.keyName]: "" } }
  if (!isFile(flags.what)) yield* knownAction(flags.what, known.actions.map(({ name }) => name))
  const plan = isFile(flags.what)
    ? yield* Effect.flatMap(
      Runner.plan([flags.what], { ...known, variables: { ...known.variables, ...Object.fromEntries(flags.with) } }),
      Runner.checked
    ).pipe(asUsage)
    : yield* Runner.compile(
      ActionWork.source({
        action: flags.what,
        inputs: flags.with,
        save: flags.save,
        idempotencyKey: flags.idempotencyKey
      }),
      known
    ).pipe(asUsage)
  const [first] = plan.cases
  if (first === undefined || plan.cases.some(({ compiled }) => compiled !== first.compiled)) {
    return yield* ExitCode.wrongUsage(`${flags.what} is not one scenario`, "name one file with steps")
  }
  const rows = plan.cases.flatMap(({ row }): ReadonlyArray<Value> => row === undefined ? [] : [row])
  const work = yield* ScenarioWork.make({ ...first, row: undefined }, plan, {
    operation: operationOf(flags),
    idempotent: flags.idempotent || flags.idempotencyKey ? true : undefined,
    destructive: flags.destructive ? true : undefined,
    output: isFile(flags.what) ? undefined : ActionWork.output,
    run: runOptions(config)
  })
  return { work, rows, starts: undefined }
})

const runOptions = (config: Config.Loaded) => ({
  environment: config.environment,
  settings: Config.actionSettings(config),
  grace: config.settings.grace,
  caseTimeout: config.settings.case_timeout,
  secretsTimeout: config.settings.secrets_timeout,
  secretsTimeToLive: config.settings.secrets_ttl
})

/** What templates and conditions may read beside the item. */
export const outside = (flags: BatchFlags, config: Config.Loaded): ValueRecord => ({
  ...config.defaults,
  ...config.variables,
  ...Object.fromEntries(flags.var),
  env: config.environment
})

const asUsage = <A, R>(effect: Effect.Effect<A, Runner.CompileError, R>) =>
  Effect.catchTag(
    effect,
    "CompileError",
    ({ problems }) => Effect.andThen(Problems.note(problems), ExitCode.wrongUsage("nothing was done"))
  )

const knownAction = (name: string, names: ReadonlyArray<string>) =>
  names.includes(name)
    ? Effect.void
    : ExitCode.wrongUsage(
      `there is no action ${JSON.stringify(name)}`,
      DidYouMean.hint(name, names) ?? "skein actions lists them"
    )

/** What is done, with its inputs: for the journal and the audit file. */
const operationOf = (flags: BatchFlags): string =>
  [flags.what, ...flags.with.map(([name, value]) => `${name}=${value}`).toSorted()].join(" ")

/** A name for the folder of its journal: readable, and another one for other inputs. */
export const folderOf = (flags: BatchFlags, operation: string): string =>
  `${flags.what.replaceAll(/[^\w.-]+/g, "-").replace(/^[-.]+/, "").slice(0, 60)}-${
    ItemKey.text(ItemKey.of(operation)).slice(0, 8)
  }`

export const absolute = (path: string, directory: string): string =>
  /^([\\/]|[A-Za-z]:)/.test(path) ? path : `${directory}/${path}`
