/** Settings as the services take them. */
import { Effect, FileSystem, Redacted, Schema } from "effect"
import * as Connection from "../../scenario/steps/Connection.ts"
import type * as CacheStore from "../../services/CacheStore.ts"
import type * as DocumentStore from "../../services/DocumentStore.ts"
import type * as HttpPolicy from "../../services/HttpPolicy.ts"
import type * as MessageBroker from "../../services/MessageBroker.ts"
import type * as PoliteHttp from "../../services/PoliteHttp.ts"
import type * as Postgres from "../../services/Postgres.ts"
import type * as Vault from "../../services/Vault.ts"
import { type Key, keys, type Settings } from "./Table.ts"

/** How HTTP requests are sent. */
export const httpSettings = (settings: Settings): Omit<HttpPolicy.Settings, "spans"> => ({
  connectionsPerHost: settings["http.connections_per_host"],
  keepAlive: settings["http.idle_timeout"],
  connectTimeout: settings["http.connect_timeout"],
  timeout: settings["http.timeout"],
  http2: settings["http.http2"],
  maxRedirects: settings["http.max_redirects"],
  maxBodyBytes: settings["http.max_body"],
  maxHeaderBytes: settings["http.max_headers"],
  reconnect: settings["http.reconnect"]
})

/** What the configuration says of `PoliteHttp`; empty when it says nothing. */
export const politeSettings = (settings: Settings): Partial<PoliteHttp.Settings> => {
  const wanted: { readonly [K in keyof PoliteHttp.Settings]?: PoliteHttp.Settings[K] | undefined } = {
    requestsPerSecond: settings["limits.requests_per_second"],
    burst: settings["limits.burst"],
    concurrency: settings["limits.concurrency"],
    adaptive: settings["limits.adaptive"],
    retries: settings["limits.retries"],
    retryDelay: settings["limits.retry_delay"],
    maxRetryDelay: settings["limits.max_retry_delay"],
    retryBudget: settings["limits.retry_budget"],
    maxRetryAfter: settings["limits.max_retry_after"],
    breakAfter: settings["limits.break_after"],
    breakFor: settings["limits.break_for"],
    coalesce: settings["limits.coalesce"]
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}

/** A certificate or key of the settings could not be read. */
export class CertificateError extends Schema.TaggedError<CertificateError>()("CertificateError", {
  setting: Schema.String,
  file: Schema.String
}) {
  override get message(): string {
    return `cannot read ${this.file}, the file of ${this.setting}: see whether it is there and may be read`
  }
}

/** The connection that every request wants unless it says otherwise. Reads the certificates. */
export const httpConnection = Effect.fn("Config.httpConnection")(function*(
  settings: Settings
): Effect.fn.Return<HttpPolicy.ConnectionOptions, CertificateError, FileSystem.FileSystem> {
  const fileSystem = yield* FileSystem.FileSystem
  const read = (key: "http.ca" | "http.cert" | "http.key") => {
    const file = settings[key]
    return file === undefined
      ? Effect.succeed(undefined)
      : Effect.mapError(fileSystem.readFileString(file), () => new CertificateError({ setting: key, file }))
  }
  const [ca, certificate, key] = yield* Effect.all([read("http.ca"), read("http.cert"), read("http.key")])
  return {
    insecure: settings["http.insecure"],
    ca,
    certificate,
    key: key === undefined ? undefined : Redacted.make(key, { label: "http.key" }),
    proxy: settings["http.proxy"]
  }
})

/** How connections to Postgres are kept. `postgres.statement_timeout` is the steps' business. */
export const postgresOptions = (settings: Settings): Required<Postgres.ConnectOptions> => {
  const { statementTimeout: _, ...options } = connectOptions("postgres", settings)
  return options
}

/** How connections to document stores are kept. */
export const mongoOptions = (settings: Settings): Required<DocumentStore.ConnectOptions> =>
  connectOptions("mongo", settings)

/** How connections to message brokers are kept. */
export const amqpOptions = (settings: Settings): Required<MessageBroker.ConnectOptions> =>
  connectOptions("amqp", settings)

/** How caches are kept. */
export const cacheOptions = (settings: Settings): Required<CacheStore.ConnectOptions> =>
  connectOptions("cache", settings)

type ConnectOptionsOf<Family extends string> = Connection.InCode<
  { readonly [K in Key as K extends `${Family}.${infer Name}` ? Exclude<Name, "url"> : never]: Settings[K] }
>

/** The settings of a family as a service takes them: its keys without `url`, and as they are spelt in code. */
const connectOptions = <const Family extends string>(family: Family, settings: Settings): ConnectOptionsOf<Family> =>
  Connection.inCode(Object.fromEntries(
    keys.filter((key) => key.startsWith(`${family}.`) && key !== `${family}.url`).map((key) => [
      key.slice(family.length + 1),
      settings[key]
    ])
  )) as ConnectOptionsOf<Family>

/** Where the secrets of a Vault are. What is not set is left to the environment. */
export const vaultOptions = (settings: Settings): Vault.Options => ({
  address: settings["vault.address"] === undefined ? undefined : Redacted.value(settings["vault.address"]),
  namespace: settings["vault.namespace"],
  caFile: settings["vault.ca"],
  login: settings["vault.login"],
  loginMount: settings["vault.login_mount"],
  tokenFile: settings["vault.token_file"],
  roleId: settings["vault.role_id"],
  secretIdFile: settings["vault.secret_id_file"],
  role: settings["vault.role"],
  jwtFile: settings["vault.jwt_file"]
})
