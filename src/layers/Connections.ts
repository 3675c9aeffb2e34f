/**
 * The URL picks the layer: `postgres://` a server, `embedded:` none. A driver is loaded by the first URL that needs it, so
 * that a run without databases pays for none.
 */
import { type Context, Effect, Layer, Redacted, type Scope } from "effect"
import { suggest } from "../core/DidYouMean.ts"
import { CacheError, CacheStore } from "../services/CacheStore.ts"
import { DocumentStore, DocumentStoreError } from "../services/DocumentStore.ts"
import { BrokerError, MessageBroker } from "../services/MessageBroker.ts"
import { Postgres, PostgresError } from "../services/Postgres.ts"
import type { Options as EmbeddedPostgres } from "./embedded/PglitePostgres.ts"
import * as Late from "./Late.ts"

export interface Options {
  /** For databases without a server. */
  readonly embedded?: EmbeddedPostgres | undefined
}

/** Every store by its URL. Opens nothing until the first `connect`; closes everything when it closes. */
export const layer = (options: Options = {}): Layer.Layer<CacheStore | DocumentStore | MessageBroker | Postgres> =>
  Layer.mergeAll(postgres(options), documents(options), messages(options), caches())

const postgres = ({ embedded }: Options): Layer.Layer<Postgres> =>
  byUrl({
    service: Postgres,
    name: "Postgres",
    schemes: {
      "postgres:": livePostgres,
      "postgresql:": livePostgres,
      "embedded:": () => import("./embedded/PglitePostgres.ts").then(({ layer }) => layer(embedded))
    },
    example: "postgres://user:password@host:5432/database",
    failure: (problem) => new PostgresError({ reason: "Connection", ...problem })
  })

const livePostgres = () => import("./live/PgPostgres.ts").then(({ layer }) => layer)

const documents = ({ embedded }: Options): Layer.Layer<DocumentStore> =>
  byUrl({
    service: DocumentStore,
    name: "document store",
    schemes: {
      "mongodb:": liveDocuments,
      "mongodb+srv:": liveDocuments,
      "embedded:": () => embeddedDocuments(embedded?.directory)
    },
    example: "mongodb://user:password@host:27017/database",
    failure: (problem) => new DocumentStoreError({ reason: "Connection", ...problem })
  })

const liveDocuments = () => import("./live/MongoDocumentStore.ts").then(({ layer }) => layer)

const embeddedDocuments = async (directory: string | undefined) => {
  const { layer } = await import("./embedded/JournalDocumentStore.ts")
  return Layer.provide(layer({ directory }), await journal())
}

const messages = ({ embedded }: Options): Layer.Layer<MessageBroker> =>
  byUrl({
    service: MessageBroker,
    name: "message broker",
    schemes: {
      "amqp:": liveMessages,
      "amqps:": liveMessages,
      "embedded:": () => embeddedMessages(embedded?.directory)
    },
    example: "amqp://user:password@host:5672/vhost",
    failure: (problem) => new BrokerError({ reason: "Connection", ...problem })
  })

const liveMessages = () => import("./live/AmqpMessageBroker.ts").then(({ layer }) => layer)

const embeddedMessages = async (directory: string | undefined) => {
  const { layer } = await import("./embedded/MemoryMessageBroker.ts")
  return Layer.provide(layer({ directory }), await journal())
}

/** Where embedded stores keep what is in a folder. */
const journal = () => import("./live/FileJournal.ts").then(({ layer }) => layer())

const caches = (): Layer.Layer<CacheStore> =>
  byUrl({
    service: CacheStore,
    name: "cache",
    schemes: {
      "redis:": liveCaches,
      "rediss:": liveCaches,
      "embedded:": () => import("./embedded/MemoryCacheStore.ts").then(({ layer }) => layer)
    },
    example: "redis://user:password@host:6379",
    failure: (problem) => new CacheError({ reason: "Connection", ...problem })
  })

const liveCaches = () => import("./live/RedisCacheStore.ts").then(({ layer }) => layer)

/** One kind of store: where its URLs lead. */
interface Kind<Identifier, Client, Failure, Options> {
  readonly service: Context.Key<Identifier, Service<Client, Failure, Options>>
  /** As it reads in a message. */
  readonly name: string
  readonly schemes: Readonly<Record<string, Load<Identifier>>>
  /** A URL of a server. */
  readonly example: string
  readonly failure: (problem: { readonly message: string; readonly hint: string }) => Failure
}

type Load<Identifier> = () => Promise<Layer.Layer<Identifier>>

interface Service<Client, Failure, Options> {
  readonly connect: (
    url: string | Redacted.Redacted<string>,
    options?: Options
  ) => Effect.Effect<Client, Failure, Scope.Scope>
}

/** The service that hands each URL to the implementation of its scheme. Each is loaded and built once, in the scope of the layer. */
const byUrl = <Identifier, Client, Failure, Options>(
  kind: Kind<Identifier, Client, Failure, Options>
): Layer.Layer<Identifier> =>
  Layer.effect(
    kind.service,
    Effect.gen(function*() {
      const loads = new Map(
        Object.values(kind.schemes).map((load) => [load, Late.once(kind.service, loading(load, kind))])
      )
      const services = new Map(
        yield* Effect.forEach(loads, ([load, once]) => Effect.map(once, (one) => [load, one] as const))
      )
      const connect: Service<Client, Failure, Options>["connect"] = (url, options) => {
        const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
        const load = kind.schemes[schemeOf(text)]
        return load === undefined
          ? Effect.fail(unknownScheme(text, kind))
          : Effect.flatMap(services.get(load)!, (service) => service.connect(url, options))
      }
      return { connect }
    })
  )

/** A driver is an optional package: one that is not there is told to the user. Any other module that cannot be loaded is a bug. */
const loading = <Identifier, Client, Failure, Options>(
  load: Load<Identifier>,
  { failure, name }: Kind<Identifier, Client, Failure, Options>
): Effect.Effect<Layer.Layer<Identifier>, Failure> =>
  Effect.catch(Effect.tryPromise({ try: load, catch: (error) => error }), (error) => {
    const missing = missingPackage(error)
    return missing === undefined ? Effect.die(error) : Effect.fail(failure({
      message: `this ${name} URL needs the package ${missing}, which is not installed`,
      hint: `run: npm install ${missing}`
    }))
  })

/** The name of the package that an import did not find. */
export const missingPackage = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND"
    ? /^Cannot find package '((?:@[^/']+\/)?[^/']+)/.exec(error.message)?.[1]
    : undefined

/** The part up to the first colon; nothing after it is looked at, since it may hold a password. */
const schemeOf = (url: string): string => /^[a-zA-Z][\w+.-]*:/.exec(url)?.[0].toLowerCase() ?? ""

const unknownScheme = <Identifier, Client, Failure, Options>(
  url: string,
  { example, failure, name, schemes }: Kind<Identifier, Client, Failure, Options>
): Failure => {
  const scheme = schemeOf(url)
  const close = suggest(scheme, Object.keys(schemes))
  // Without slashes it may be anything, also a password that was pasted into the wrong place.
  const shown = close !== undefined || url.startsWith(`${scheme}//`) ? scheme : ""
  return failure({
    message: shown === "" ? `the ${name} URL has no scheme that is known` : `no ${name} URL begins with ${shown}`,
    hint: close === undefined
      ? `write ${example}, embedded:, embedded:name or embedded:./folder`
      : `did you mean ${close}?`
  })
}
