/**
 * The URL picks the layer: `postgres://` a server, `embedded:` none. A driver is loaded by the first URL that needs it, so
 * that a run without databases pays for none.
 */
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import { suggest } from "../core/DidYouMean.ts"
import { type ConnectOptions, Postgres, type PostgresClient, PostgresError } from "../services/Postgres.ts"
import type { Options as EmbeddedOptions } from "./embedded/PglitePostgres.ts"

export interface Options {
  /** For databases without a server. */
  readonly embedded?: EmbeddedOptions | undefined
}

type Service = Postgres["Service"]

/** Every store by its URL. Opens nothing until the first `connect`; closes everything when it closes. */
export const layer = (options: Options = {}): Layer.Layer<Postgres> => Layer.effect(Postgres, makePostgres(options))

const makePostgres = Effect.fnUntraced(function*(options: Options) {
  const scope = yield* Effect.scope
  const live = yield* once(scope, () => import("./live/PgPostgres.ts").then(({ layer }) => layer))
  const embedded = yield* once(
    scope,
    () => import("./embedded/PglitePostgres.ts").then(({ layer }) => layer(options.embedded))
  )
  const byScheme: Readonly<Record<string, Effect.Effect<Service>>> = {
    "postgres:": live,
    "postgresql:": live,
    "embedded:": embedded
  }

  return Postgres.of({
    connect: Effect.fnUntraced(function*(
      url: string | Redacted.Redacted<string>,
      connect?: ConnectOptions
    ): Effect.fn.Return<PostgresClient, PostgresError, Scope.Scope> {
      const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
      const service = byScheme[schemeOf(text)]
      if (service === undefined) return yield* unknownScheme(text, Object.keys(byScheme))
      return yield* (yield* service).connect(url, connect)
    })
  })
})

/** Loads and builds an implementation on first use, in the scope of this layer. A module that cannot be loaded is a bug. */
const once = (scope: Scope.Scope, load: () => Promise<Layer.Layer<Postgres>>): Effect.Effect<Effect.Effect<Service>> =>
  Effect.cached(
    Effect.promise(load).pipe(
      Effect.flatMap((layer) => Layer.buildWithScope(layer, scope)),
      Effect.map(Context.get(Postgres)),
      // Whoever comes first must not take it down for all who come after.
      Effect.uninterruptible
    )
  )

/** The part up to the first colon; nothing after it is looked at, since it may hold a password. */
const schemeOf = (url: string): string => /^[a-zA-Z][\w+.-]*:/.exec(url)?.[0].toLowerCase() ?? ""

const unknownScheme = (url: string, known: ReadonlyArray<string>) => {
  const scheme = schemeOf(url)
  const close = suggest(scheme, known)
  // Without slashes it may be anything, also a password that was pasted into the wrong place.
  const shown = close !== undefined || url.startsWith(`${scheme}//`) ? scheme : ""
  return new PostgresError({
    reason: "Connection",
    message: shown === "" ? "the Postgres URL has no scheme that is known" : `no Postgres URL begins with ${shown}`,
    hint: close === undefined
      ? "write postgres://user:password@host:5432/database, embedded:, embedded:name or embedded:./folder"
      : `did you mean ${close}?`
  })
}
