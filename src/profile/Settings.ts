/** What a profile reads before anything is sent: the environment, files of other tools, its own values, its limits. */
import { Effect, FileSystem, Path, Redacted, Result } from "effect"
import { Masking } from "../core/Masking.ts"
import { formatPlace } from "../core/SourceText.ts"
import { emptyRecord, field, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import type { Code } from "../scenario/compile/Code.ts"
import * as DataFormat from "../scenario/DataFormat.ts"
import * as Text from "../scenario/expression/Text.ts"
import * as HttpOutput from "../scenario/steps/HttpOutput.ts"
import type * as PoliteHttp from "../services/PoliteHttp.ts"
import * as Evaluator from "./Evaluator.ts"
import type { FileForm, ProfileForm } from "./Format.ts"
import type { Profile } from "./Profile.ts"
import { type Limits, RemoteApiError } from "./RemoteApi.ts"

/** The largest file of another tool that is read, in bytes. */
const maxBytes = 1_000_000

type Machine = FileSystem.FileSystem | Path.Path | Masking

/** Returns `env`, `files` and `vars`. `directory` is absolute: relative paths start there. */
export const read = Effect.fnUntraced(function*(
  { form }: Profile,
  environment: Readonly<Record<string, string>>,
  directory: string
): Effect.fn.Return<ValueRecord, RemoteApiError, Machine> {
  const files = emptyRecord()
  const vars = emptyRecord()
  const values: ValueRecord = { env: environment, files, vars }
  const run = yield* Evaluator.over(values)
  for (const { name, value } of form.files ?? []) files[name] = yield* readFile(value, run, directory)
  for (const { name, value } of form.vars ?? []) vars[name] = yield* Evaluator.attempt(() => run(value))
  return values
})

/** The content of a file; null when there is none. */
const readFile = Effect.fnUntraced(function*(
  { path: code, secret }: FileForm,
  run: Evaluator.Run,
  directory: string
): Effect.fn.Return<Value, RemoteApiError, Machine> {
  const paths = yield* Path.Path
  const masking = yield* Masking
  const wanted = paths.resolve(directory, Text.write(yield* Evaluator.attempt(() => run(code))))
  const content = yield* contentOf(wanted)
  if (content === undefined) return null
  const parsed = DataFormat.parse(content.text, content.path.endsWith(".json") ? "json" : "yaml", content)
  if (Result.isFailure(parsed)) {
    return yield* new RemoteApiError({
      reason: "Invalid",
      message: `${content.path} cannot be read: ${parsed.failure.message}`
    })
  }
  const value = parsed.success
  for (const name of secret) {
    const one = isRecord(value) ? field(value, name) : undefined
    if (typeof one === "string") masking.add(Redacted.make(one), name)
  }
  return value
})

const contentOf = Effect.fnUntraced(
  function*(wanted: string) {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(wanted)
    const only = paths.basename(wanted) === "*" ? yield* files.readDirectory(folder) : undefined
    if (only !== undefined && only.length !== 1) return undefined
    const path = only === undefined ? wanted : paths.join(folder, only[0]!)
    const { size, type } = yield* files.stat(path)
    if (type !== "File" || size > maxBytes) return undefined
    return { path, text: yield* files.readFileString(path) }
  },
  (effect, wanted) =>
    Effect.catch(effect, (error) =>
      error.reason._tag === "NotFound"
        ? Effect.succeed(undefined)
        : Effect.fail(new RemoteApiError({ reason: "Invalid", message: `${wanted} cannot be read: ${error.message}` })))
)

/** What the profile says of the client, and of work at once. */
export const limits = (
  form: ProfileForm["limits"],
  run: Evaluator.Run
): Effect.Effect<{ readonly polite: Partial<PoliteHttp.Settings>; readonly limits: Limits }, RemoteApiError> =>
  Evaluator.attempt(() => {
    const bound = (code: Code | undefined, least: number): number | undefined =>
      code === undefined ? undefined : numberOf(code, run(code), least)
    const polite = {
      requestsPerSecond: bound(form?.requests_per_second, 0.001),
      burst: bound(form?.burst, 1),
      concurrency: bound(form?.concurrency, 1),
      retries: bound(form?.retries, 0),
      isSlowDown: form?.slow_down === undefined ? undefined : slowDown(form.slow_down, run)
    }
    return {
      polite: Object.fromEntries(Object.entries(polite).filter(([, value]) => value !== undefined)),
      limits: { lists: bound(form?.lists, 1), workflows: bound(form?.workflows, 1) }
    }
  })

const numberOf = (code: Code, value: Value, least: number): number | undefined => {
  if (value === null || value === "") return undefined
  const number = typeof value === "number" ? value : typeof value === "string" ? Number(value) : NaN
  if (number >= least && number < Infinity) return number
  throw new RemoteApiError({
    reason: "Invalid",
    message: `${formatPlace(code.node.span)}: a limit must be a number of at least ${least}, found ${Text.show(value)}`
  })
}

/** An expression that has no value does not say "slow down". */
const slowDown = (code: Code, run: Evaluator.Run): PoliteHttp.Settings["isSlowDown"] => (exchange) => {
  try {
    return exchange.status >= 400 && run(code, HttpOutput.output(exchange)) === true
  } catch {
    return false
  }
}
