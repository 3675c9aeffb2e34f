/** Settings as the services take them. */
import { Effect, FileSystem, Redacted, Schema } from "effect"
import type * as HttpPolicy from "../../services/HttpPolicy.ts"
import type { ConnectOptions } from "../../services/Postgres.ts"
import type { Settings } from "./Table.ts"

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
    proxy: settings["http.proxy"] === undefined ? undefined : Redacted.value(settings["http.proxy"])
  }
})

/** How connections to Postgres are kept. `postgres.statement_timeout` is the steps' business. */
export const postgresOptions = (settings: Settings): ConnectOptions => ({
  maxConnections: settings["postgres.max_connections"],
  minConnections: settings["postgres.min_connections"],
  idleTimeout: settings["postgres.idle_timeout"],
  maxLifetime: settings["postgres.max_lifetime"],
  connectTimeout: settings["postgres.connect_timeout"],
  acquireTimeout: settings["postgres.acquire_timeout"]
})
