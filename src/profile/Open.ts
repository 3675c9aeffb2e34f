/** Opens a profile. Its files are read now; nothing is sent, and no secret fetched, before something is asked for. */
import { Effect, type FileSystem, type Path, type Scope } from "effect"
import type { Masking } from "../core/Masking.ts"
import * as SingleFlight from "../core/SingleFlight.ts"
import type { ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { Exchange } from "../services/HttpExchange.ts"
import * as PoliteClient from "../services/polite/Client.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import * as SecretCache from "../services/SecretCache.ts"
import { Secrets } from "../services/Secrets.ts"
import * as ApiClient from "./ApiClient.ts"
import * as Downloads from "./Downloads.ts"
import { attempt, over, reads, type Ready, type Run } from "./Evaluator.ts"
import * as Lists from "./Lists.ts"
import * as Names from "./Names.ts"
import * as Opened from "./Opened.ts"
import * as Operations from "./Operations.ts"
import type { Profile } from "./Profile.ts"
import { type RemoteApi, RemoteApiError } from "./RemoteApi.ts"
import * as Session from "./Session.ts"
import * as Settings from "./Settings.ts"
import * as Workflows from "./Workflows.ts"

export interface Options {
  /** What `env` reads, and commands of secrets get. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute folder where relative paths of the profile start. */
  readonly directory: string
  /** Over what the profile says of the client: what flags and configuration say. @default nothing */
  readonly limits?: Partial<PoliteHttp.Settings> | undefined
}

type Needs = FileSystem.FileSystem | Path.Path | Masking | Secrets | Scope.Scope

/** Opens a profile until the scope ends. Fails when its settings cannot be used. */
export const open = Effect.fn("RemoteApi.open")(function*(
  profile: Profile,
  options: Options
): Effect.fn.Return<RemoteApi, RemoteApiError, Needs> {
  const { directory, environment } = options
  const { form } = profile
  const values = yield* Settings.read(profile, environment, directory)
  const settings = yield* over(values)
  const { limits, polite } = yield* Settings.limits(form.limits, settings)
  const base = yield* baseOf(profile, settings)
  const client = { ...PoliteHttp.defaults, ...polite, ...options.limits }
  const http = yield* PoliteClient.make(client)
  const fetchSecrets = yield* secretsOf(profile, settings, options)

  const withSecrets = Effect.fnUntraced(function*(part: unknown) {
    const secrets = reads(part, "secrets") ? { secrets: yield* fetchSecrets } : {}
    return yield* over({ ...values, ...secrets })
  })
  const sessions = form.login === undefined ? undefined : yield* Session.make({
    form: form.login,
    profile: profile.name,
    base,
    http,
    settings,
    ready: withSecrets,
    directory
  })
  const ready: Ready = Effect.fnUntraced(function*(part) {
    const secrets = reads(part, "secrets") ? { secrets: yield* fetchSecrets } : {}
    const session = sessions !== undefined && reads(part, "session")
      ? { session: (yield* sessions.current).values }
      : {}
    return yield* over({ ...values, ...secrets, ...session })
  })
  const own = ApiClient.make({ form, base, http, sessions, settings, ready: withSecrets })
  const isSlowDown = (exchange: Exchange) => exchange.status === 429 || client.isSlowDown(exchange)
  const before = { profile, base, http: own, ready, isSlowDown }
  const opened: Opened.Opened = { ...before, idOf: yield* Names.make(before) }

  return {
    name: profile.name,
    http: own,
    limits,
    list: (name, args = [], given = {}) => Lists.plan(opened, name, args, given),
    operation: (name) => Operations.make(opened, name),
    workflow: (name) => Workflows.make(opened, name),
    download: (name) => Downloads.make(opened, name)
  }
})

const baseOf = Effect.fnUntraced(function*(
  { form, name }: Profile,
  run: Run
): Effect.fn.Return<string, RemoteApiError> {
  const base = Text.write(yield* attempt(() => run(form.base!)))
  if (/^https?:$/.test(URL.parse(base)?.protocol ?? "")) return base
  return yield* new RemoteApiError({
    reason: "Invalid",
    message: `the base of ${name} is no http or https URL: ${JSON.stringify(base)}`
  })
})

/** The secrets of the profile, fetched once, when first used; a failure is asked again. */
const secretsOf = Effect.fnUntraced(function*(profile: Profile, run: Run, { directory, environment }: Options) {
  const service = yield* Secrets
  const fetch = SecretCache.make(service, { environment })
  const flights = SingleFlight.make<ValueRecord>(yield* Effect.scope, () => {})
  return flights.join(
    "secrets",
    Effect.gen(function*() {
      const references = yield* attempt(() =>
        Object.fromEntries((profile.form.secrets ?? []).map(({ name, value }) => [name, run(value)]))
      )
      return yield* fetch(references, directory)
    }).pipe(
      Effect.mapError((error) =>
        error instanceof RemoteApiError ? error : new RemoteApiError({ reason: "Login", message: error.message })
      )
    )
  )
})
