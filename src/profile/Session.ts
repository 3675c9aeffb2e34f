/**
 * The session of an API: had by one login for all who need it, kept in a file between runs, renewed before it ends and when the
 * API says so. Its token is known to the masking sink before anybody sees it.
 */
import { Clock, Duration, Effect, FileSystem, Option, Path, Redacted, Result } from "effect"
import type { HttpClient } from "effect/http"
import * as Json from "../core/Json.ts"
import { Masking } from "../core/Masking.ts"
import * as SingleFlight from "../core/SingleFlight.ts"
import { emptyRecord, field, isRecord, type ValueRecord } from "../core/Value.ts"
import * as AtomicWrite from "../scenario/AtomicWrite.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { PoliteHttp } from "../services/PoliteHttp.ts"
import { attempt, type Ready, type Run } from "./Evaluator.ts"
import type { LoginForm } from "./Format.ts"
import * as Moment from "./Moment.ts"
import { RemoteApiError } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"

export interface Session {
  /** What `login.save` kept: `session` in expressions. */
  readonly values: ValueRecord
  /** Milliseconds since 1970; `undefined` when it is not known to end. */
  readonly expires: number | undefined
}

export interface Sessions {
  /** The session that holds now; logs in when there is none. All who ask meanwhile share the login and its failure. */
  readonly current: Effect.Effect<Session, RemoteApiError, HttpClient.HttpClient>
  /** The session after `stale`: another one that is there by now, or a new one. */
  readonly renew: (stale: Session) => Effect.Effect<Session, RemoteApiError, HttpClient.HttpClient>
}

export interface Options {
  readonly form: LoginForm
  readonly profile: string
  readonly base: string
  /** Sends without a session. */
  readonly http: PoliteHttp["Service"]
  /** Over settings alone. */
  readonly settings: Run
  /** For the login's request, which may read secrets. */
  readonly ready: Ready
  /** Absolute folder that relative paths start from. */
  readonly directory: string
}

const defaultEarly = Duration.minutes(5)

/** What says in a kept session which base it is for. Another tool's has none. */
const whose = "skein_base"

/** Flights end with the scope. Nothing is read or sent yet. */
export const make = Effect.fnUntraced(function*(options: Options) {
  const { base, form, http, profile, ready, settings } = options
  const clock = yield* Clock.Clock
  const masking = yield* Masking
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const flights = SingleFlight.make<Session>(yield* Effect.scope, () => {})
  const early = Duration.toMillis(form.early ?? defaultEarly)
  let session: Session | undefined

  const isLive = ({ expires }: Session): boolean =>
    expires === undefined || clock.currentTimeMillisUnsafe() < expires - early

  /** Makes a session of what was saved, and its secrets known. */
  const made = (values: ValueRecord): Effect.Effect<Session, RemoteApiError> =>
    attempt(() => {
      const names = { session: values }
      const secrets = (form.secret ?? []).map((name) => field(values, name))
      for (const secret of [...secrets, form.bearer === undefined ? null : settings(form.bearer, names)]) {
        if (typeof secret === "string") masking.add(Redacted.make(secret), "session")
      }
      return {
        values,
        expires: form.expires === undefined ? undefined : Moment.millisOf(settings(form.expires, names))
      }
    })

  const file = form.file === undefined
    ? undefined
    : paths.resolve(options.directory, Text.write(yield* attempt(() => settings(form.file!))))

  /** The kept session, when it is one and has not ended. A file that cannot be used is as good as none. */
  const kept: Effect.Effect<Option.Option<Session>> = file === undefined
    ? Effect.succeedNone
    : Effect.gen(function*() {
      const parsed = Json.parse(yield* files.readFileString(file))
      const names = form.save?.map(({ name }) => name) ?? []
      if (Result.isFailure(parsed) || !isRecord(parsed.success)) return Option.none()
      const { [whose]: owner = base, ...values } = parsed.success
      // Another host must not see it.
      if (owner !== base) return Option.none()
      if (!names.every((name) => Object.hasOwn(values, name) && values[name] !== null)) return Option.none()
      return Option.some(yield* made(values))
    }).pipe(Effect.catch(() => Effect.succeedNone), Effect.map(Option.filter(isLive)))

  const keep = (values: ValueRecord): Effect.Effect<void> =>
    file === undefined ?
      Effect.void :
      AtomicWrite.replace(file, `${Json.stringify({ ...values, [whose]: base })}\n`, { mode: 0o600 }).pipe(
        Effect.provideService(FileSystem.FileSystem, files),
        Effect.provideService(Path.Path, paths),
        Effect.catch((error) => Effect.logWarning(`the session of ${profile} is not kept in ${file}: ${error.message}`))
      )

  const login = Effect.fnUntraced(
    function*() {
      const run = yield* ready(form.request)
      const request = yield* attempt(() => Requests.fill(form.request!, run, {}, base))
      // A second session does no harm.
      const answer = yield* Requests.send(http, request, { repeatable: true })
      const values = emptyRecord()
      for (const { name, value } of form.save ?? []) values[name] = yield* attempt(() => run(value, answer))
      const begun = yield* made(values)
      yield* keep(values)
      return begun
    },
    Effect.mapError((error) =>
      new RemoteApiError({
        reason: "Login",
        message: `cannot log in to ${profile}: ${error.message}`,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        ...(error.status === undefined ? {} : { status: error.status })
      })
    )
  )

  const next = (stale: Session | undefined): Effect.Effect<Session, RemoteApiError, HttpClient.HttpClient> =>
    Effect.suspend(() => {
      if (session !== undefined && session !== stale && isLive(session)) return Effect.succeed(session)
      return flights.join(
        "session",
        Effect.gen(function*() {
          const saved = yield* kept
          const other = Option.filter(saved, (one) => stale === undefined || !isSame(one.values, stale.values))
          session = Option.isSome(other) ? other.value : yield* login()
          return session
        })
      )
    })

  const sessions: Sessions = {
    current: Effect.suspend(() => session !== undefined && isLive(session) ? Effect.succeed(session) : next(session)),
    renew: next
  }
  return sessions
})

const isSame = (one: ValueRecord, other: ValueRecord): boolean => Json.stringify(one) === Json.stringify(other)
