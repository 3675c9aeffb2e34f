/** What `skein batch` is told to do, as the work of a batch. */
import { Effect } from "effect"
import * as DidYouMean from "../core/DidYouMean.ts"
import type { Value } from "../core/Value.ts"
import * as Thing from "../profile/Thing.ts"
import * as ActionWork from "../programs/batch/ActionWork.ts"
import * as ItemKey from "../programs/batch/ItemKey.ts"
import * as ScenarioWork from "../programs/batch/ScenarioWork.ts"
import * as Config from "../programs/Config.ts"
import * as Runner from "../programs/Runner.ts"
import type { BatchFlags } from "./batch.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Problems from "./Problems.ts"
import * as Reading from "./Reading.ts"

/** The work, and the rows that its scenario has of its own. */
export const make = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded) {
  const options = yield* Reading.compileOptions(flags, config)
  const known = { ...options, variables: { ...options.variables, [ScenarioWork.keyName]: "" } }
  const isFile = /\.ya?ml$/.test(flags.what)
  if (!isFile && Thing.parse(flags.what) !== undefined) return yield* noProfiles(flags.what)
  if (!isFile) yield* knownAction(flags.what, known.actions.map(({ name }) => name))
  const call: ActionWork.Call = {
    action: flags.what,
    inputs: flags.with,
    save: flags.save,
    idempotencyKey: flags.idempotencyKey
  }
  const plan = isFile
    ? yield* Effect.flatMap(
      Runner.plan([flags.what], { ...known, variables: { ...known.variables, ...Object.fromEntries(flags.with) } }),
      Runner.checked
    ).pipe(asUsage)
    : yield* Runner.compile(ActionWork.source(call), known).pipe(asUsage)
  const [first] = plan.cases
  if (first === undefined || plan.cases.some(({ compiled }) => compiled !== first.compiled)) {
    return yield* ExitCode.wrongUsage(`${flags.what} is not one scenario`, "name one file with steps")
  }
  const rows = plan.cases.flatMap(({ row }): ReadonlyArray<Value> => row === undefined ? [] : [row])
  const work = yield* ScenarioWork.make({ ...first, row: undefined }, plan, {
    operation: operationOf(flags),
    idempotent: flags.idempotent || flags.idempotencyKey ? true : undefined,
    destructive: flags.destructive ? true : undefined,
    output: isFile ? undefined : ActionWork.output,
    run: {
      environment: config.environment,
      settings: Config.actionSettings(config),
      grace: config.settings.grace,
      caseTimeout: config.settings.case_timeout,
      secretsTimeout: config.settings.secrets_timeout,
      secretsTimeToLive: config.settings.secrets_ttl
    }
  })
  return { work, rows }
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

const noProfiles = (what: string) => ExitCode.wrongUsage(`there is no profile for ${what}`)

/** What is done, with its inputs: for the journal and the audit file. */
const operationOf = (flags: BatchFlags): string =>
  [flags.what, ...flags.with.map(([name, value]) => `${name}=${value}`).toSorted()].join(" ")

/** A name for the folder of its journal: readable, and another one for other inputs. */
export const folderOf = (flags: BatchFlags, operation: string): string =>
  `${flags.what.replaceAll(/[^\w.-]+/g, "-").replace(/^[-.]+/, "").slice(0, 60)}-${
    ItemKey.text(ItemKey.of(operation)).slice(0, 8)
  }`

/** What the handles of a started workflow belong to, for `skein wait`. */
export const workflowOf = (flags: BatchFlags): string => Thing.parse(flags.what)?.profile ?? flags.what

export const absolute = (path: string, directory: string): string =>
  /^([\\/]|[A-Za-z]:)/.test(path) ? path : `${directory}/${path}`
