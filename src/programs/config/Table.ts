/**
 * Every setting of skein, once: its key in `skein.yaml`, what it may be, its default, its flag, what it is for. The file is
 * read by this table; `skein config`, the editor's schema and docs/configuration.md are made from it. The variable of a setting is its
 * key in capitals: `SKEIN_HTTP_TIMEOUT`.
 */
import { Duration, Redacted } from "effect"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import * as Kind from "./Kind.ts"

export interface Setting<A> {
  readonly kind: Kind.Kind<NonNullable<A>>
  /** The value when nobody says otherwise, given the cores of the machine. */
  readonly fallback: (cores: number) => A
  /** The default in words, where the value does not say it. */
  readonly fallbackText?: string | undefined
  /** The flag of `skein run` without `--`, where there is one. */
  readonly flag?: string | undefined
  /** One line, present tense, no full stop. */
  readonly description: string
}

const setting = <A>(kind: Kind.Kind<A>, value: A, description: string, flag?: string): Setting<A> => ({
  kind: kind as Kind.Kind<NonNullable<A>>,
  fallback: () => value,
  description,
  flag
})

/** One without a value of its own; `otherwise` says what happens then. */
const optional = <A>(
  kind: Kind.Kind<A>,
  otherwise: string,
  description: string,
  flag?: string
): Setting<A | undefined> => ({
  kind: kind as Kind.Kind<NonNullable<A>>,
  fallback: () => undefined,
  fallbackText: otherwise,
  description,
  flag
})

const http = HttpPolicy.defaults

/** No server: a store of the case's own. */
const embedded = Redacted.make("embedded:", { label: "URL" })

export const table = {
  "concurrency": {
    kind: Kind.count(1),
    fallback: (cores) => 2 * Math.max(1, cores),
    fallbackText: "twice the cores",
    description: "Cases that run at once",
    flag: "concurrency"
  } satisfies Setting<number>,
  "case_timeout": optional(Kind.duration, "none", "The longest time for a case whose file sets none", "case-timeout"),
  "run_timeout": optional(
    Kind.duration,
    "none",
    "After this time no case begins and running ones are stopped",
    "run-timeout"
  ),
  "grace": setting(Kind.duration, Duration.seconds(30), "The longest time for teardowns after a stop", "grace"),
  "retries": setting(
    Kind.count(0),
    0,
    "How often a case that did not pass is run again; one that passes then is flaky",
    "retries"
  ),
  "seed": optional(Kind.count(0), "another one each run", "Makes random data the same again", "seed"),
  "color": setting(Kind.oneOf(["auto", "always", "never"]), "auto", "Colours; auto means on a terminal", "no-color"),
  "root": optional(
    Kind.path,
    "the folder of skein.yaml, else the working directory",
    "Files outside of this folder are not touched",
    "root"
  ),
  "env": optional(Kind.text, "none", "The environment of the file that is used, such as staging", "env"),
  "actions": setting(Kind.paths, [], "Modules that export own actions"),
  "profiles": setting(Kind.paths, [], "Profiles of remote APIs: files, and folders of them"),
  "secrets_timeout": setting(
    Kind.duration,
    Duration.seconds(10),
    "The longest time to fetch secrets, commands included"
  ),
  "secrets_ttl": setting(
    Kind.duration,
    Duration.minutes(5),
    "How long a secret is used before it is fetched again"
  ),
  "history.enabled": setting(Kind.flag, true, "Keep past runs, for --last-failed, skein history and balanced shards"),
  "history.folder": setting(Kind.path, ".skein", "Where past runs are kept"),

  "http.connections_per_host": setting(
    Kind.count(1),
    http.connectionsPerHost,
    "Connections open to one origin at a time; further requests wait"
  ),
  "http.idle_timeout": setting(Kind.duration, http.keepAlive, "How long an unused connection is kept"),
  "http.connect_timeout": setting(
    Kind.duration,
    http.connectTimeout,
    "Looking up the name, connecting and TLS together"
  ),
  "http.timeout": setting(Kind.duration, http.timeout, "A whole exchange, redirects and body included"),
  "http.max_body": setting(Kind.size, http.maxBodyBytes, "The largest body that is kept, after decompression"),
  "http.max_headers": setting(Kind.size, http.maxHeaderBytes, "The largest header block of an answer"),
  "http.max_redirects": setting(Kind.count(0), http.maxRedirects, "Redirects that are followed"),
  "http.http2": setting(Kind.flag, http.http2, "Take HTTP/2 when a TLS server offers it"),
  "http.reconnect": setting(
    Kind.flag,
    http.reconnect,
    "Send an idempotent request once more when its connection broke before an answer"
  ),
  "http.insecure": setting(Kind.flag, false, "Accept any certificate; reports say so"),
  "http.proxy": optional(Kind.url, "as http_proxy, https_proxy and no_proxy say", "The HTTP proxy for every request"),
  "http.ca": optional(Kind.path, "the system's", "Certificates (PEM) that are trusted in place of the system's"),
  "http.cert": optional(Kind.path, "none", "The client's own certificate (PEM); needs http.key"),
  "http.key": optional(Kind.path, "none", "The private key (PEM) of http.cert"),

  "limits.requests_per_second": optional(
    Kind.count(1),
    "none in run, 10 in paginate, wait, batch and download",
    "Requests a second to one host, whoever sends them"
  ),
  "limits.burst": optional(Kind.count(1), "20", "Requests that may be sent at once after a pause"),
  "limits.concurrency": optional(
    Kind.count(1),
    "none in run, 5 in paginate, wait, batch and download",
    "Requests to one host at once, whoever sends them"
  ),
  "limits.adaptive": optional(
    Kind.flag,
    "true",
    "Slow down when a host refuses, and find back to the fastest it takes"
  ),
  "limits.retries": optional(
    Kind.count(0),
    "0 in run, 5 in paginate, wait, batch and download",
    "Tries of a request that is safe to send again, after the first one; a step with retry has its own"
  ),
  "limits.retry_delay": optional(
    Kind.duration,
    "500ms",
    "The wait before the second try, at random up to this; it doubles"
  ),
  "limits.max_retry_delay": optional(Kind.duration, "30s", "The longest wait before a try"),
  "limits.retry_budget": optional(Kind.duration, "2m", "The time after which a request is not tried again"),
  "limits.max_retry_after": optional(Kind.duration, "5m", "The longest wait that a server's Retry-After is given"),
  "limits.break_after": optional(
    Kind.count(1),
    "10",
    "Requests in a row without an answer, after which a host is left alone"
  ),
  "limits.break_for": optional(Kind.duration, "10s", "How long it is left alone"),
  "limits.coalesce": optional(
    Kind.flag,
    "false in run, true elsewhere",
    "Let equal GETs at the same time share one answer"
  ),

  "postgres.url": setting(
    Kind.url,
    embedded,
    "The database of steps that name none"
  ),
  "postgres.max_connections": setting(Kind.count(1), 25, "Connections to one database"),
  "postgres.min_connections": setting(Kind.count(0), 0, "Connections kept open when nobody uses them"),
  "postgres.idle_timeout": setting(Kind.duration, Duration.seconds(30), "How long an unused connection is kept"),
  "postgres.max_lifetime": setting(Kind.duration, Duration.minutes(5), "The age at which a connection is replaced"),
  "postgres.connect_timeout": setting(
    Kind.duration,
    Duration.seconds(10),
    "Making one connection, TLS and login included"
  ),
  "postgres.acquire_timeout": setting(
    Kind.duration,
    Duration.seconds(30),
    "The longest wait for a connection while all are in use"
  ),
  "postgres.reconnect_timeout": setting(
    Kind.duration,
    Duration.seconds(5),
    "How long a lost connection is tried again, once the server has been reached"
  ),
  "postgres.prepare": setting(
    Kind.flag,
    true,
    "Keep statements prepared by name; switch it off behind a pooler that cannot"
  ),
  "postgres.application_name": setting(Kind.text, "skein", "What the server shows of us"),
  "postgres.statement_timeout": optional(Kind.duration, "none", "The longest time for one statement"),

  "mongo.url": setting(Kind.url, embedded, "The document store of steps that name none"),
  "mongo.max_connections": setting(Kind.count(1), 100, "Connections to one store"),
  "mongo.min_connections": setting(Kind.count(0), 10, "Connections kept open when nobody uses them"),
  "mongo.idle_timeout": setting(Kind.duration, Duration.minutes(30), "How long an unused connection is kept"),
  "mongo.connect_timeout": setting(
    Kind.duration,
    Duration.seconds(10),
    "Making one connection, TLS and login included"
  ),
  "mongo.socket_timeout": setting(
    Kind.duration,
    Duration.seconds(30),
    "The longest silence while an answer is awaited"
  ),
  "mongo.selection_timeout": setting(
    Kind.duration,
    Duration.seconds(5),
    "The longest search for a server that can do the operation"
  ),
  "mongo.heartbeat": setting(Kind.duration, Duration.seconds(10), "How often each server is asked whether it is there"),
  "mongo.acquire_timeout": setting(
    Kind.duration,
    Duration.seconds(15),
    "The longest wait for a connection while all are in use"
  ),
  "mongo.operation_timeout": optional(Kind.duration, "none", "The longest time for one operation, on the server too"),
  "mongo.retry_reads": setting(Kind.flag, true, "Try a read once more after a lost connection"),
  "mongo.retry_writes": setting(
    Kind.flag,
    true,
    "Try a single write once more after a lost connection, where the server can tell a repetition"
  ),
  "mongo.application_name": setting(Kind.text, "skein", "What the server shows of us"),

  "amqp.url": setting(Kind.url, embedded, "The message broker of steps that name none"),
  "amqp.connect_timeout": setting(Kind.duration, Duration.seconds(10), "Making a connection, TLS and login included"),
  "amqp.heartbeat": setting(
    Kind.duration,
    Duration.seconds(10),
    "A connection that is silent for two of these is lost"
  ),
  "amqp.confirm_timeout": setting(Kind.duration, Duration.seconds(10), "The longest wait for the confirm of a message"),
  "amqp.max_unconfirmed": setting(
    Kind.count(1),
    1024,
    "Messages that wait for their confirm at a time; further ones wait"
  ),
  "amqp.max_channels": setting(Kind.count(1), 10, "Channels open for publishing and asking"),
  "amqp.min_channels": setting(Kind.count(0), 2, "Channels kept open when nobody uses them"),
  "amqp.idle_timeout": setting(Kind.duration, Duration.hours(1), "How long an unused channel is kept"),
  "amqp.max_lifetime": setting(Kind.duration, Duration.hours(2), "The age at which a channel is replaced"),
  "amqp.acquire_timeout": setting(
    Kind.duration,
    Duration.seconds(15),
    "The longest wait for a channel while all are in use"
  ),
  "amqp.health_interval": setting(
    Kind.duration,
    Duration.minutes(30),
    "How often unused channels are asked whether they are there"
  ),
  "amqp.reconnect_timeout": optional(Kind.duration, "for ever", "How long a lost connection is tried again"),
  "amqp.reconnect_delay": setting(
    Kind.duration,
    Duration.millis(100),
    "The first delay before a lost connection is tried again; it grows by half each time"
  ),
  "amqp.max_reconnect_delay": setting(Kind.duration, Duration.seconds(10), "The delay grows no further than this"),
  "amqp.application_name": setting(Kind.text, "skein", "What the server shows of us"),

  "cache.url": setting(Kind.url, embedded, "The cache of steps that name none"),
  "cache.max_entries": setting(Kind.count(1), 10_000, "Entries of the memory level; the least recently used goes"),
  "cache.max_bytes": setting(Kind.size, 64 * 2 ** 20, "Bytes of the values in the memory level"),
  "cache.compress_above": setting(Kind.size, 16 * 2 ** 10, "Values of so many bytes are kept deflated on the server"),
  "cache.promotion_ttl": setting(
    Kind.duration,
    Duration.minutes(5),
    "The longest that the memory level trusts a value that came from Redis"
  ),
  "cache.invalidation": setting(
    Kind.oneOf(["tracking", "pubsub", "none"]),
    "tracking",
    "How the memory levels of other processes learn of a change"
  ),
  "cache.connect_timeout": setting(Kind.duration, Duration.seconds(5), "Making the connection, TLS and login included"),
  "cache.command_timeout": setting(Kind.duration, Duration.seconds(10), "The longest time for one command"),
  "cache.max_queued": setting(
    Kind.count(1),
    10_000,
    "Commands on their way on one connection; further ones wait"
  ),
  "cache.connections": setting(Kind.count(1), 1, "Connections; one is the fastest, since commands are pipelined"),
  "cache.min_connections": setting(Kind.count(0), 1, "Those of them that are opened at the start"),
  "cache.acquire_timeout": setting(
    Kind.duration,
    Duration.seconds(15),
    "The longest wait of a command while max_queued are on their way, and of a change for a connection"
  ),
  "cache.retries": setting(
    Kind.count(0),
    5,
    "Tries to connect again that a change waits for; nothing that was sent is sent again"
  ),

  "vault.address": optional(Kind.url, "VAULT_ADDR or BAO_ADDR", "The Vault or OpenBao that has the secrets of vault:"),
  "vault.namespace": optional(
    Kind.text,
    "VAULT_NAMESPACE or BAO_NAMESPACE, else none",
    "The namespace of paths and login"
  ),
  "vault.ca": optional(
    Kind.path,
    "VAULT_CACERT or BAO_CACERT, else the system's",
    "Certificates (PEM) that are trusted in place of the system's"
  ),
  "vault.login": optional(
    Kind.oneOf(["token", "approle", "kubernetes"]),
    "approle with a role_id, kubernetes with a role, else token",
    "How to log in"
  ),
  "vault.login_mount": optional(Kind.text, "its name", "Where the login method is mounted"),
  "vault.token_file": optional(
    Kind.path,
    "VAULT_TOKEN or BAO_TOKEN, else ~/.vault-token",
    "The file of a token, such as the sink of an agent"
  ),
  "vault.role_id": optional(Kind.text, "VAULT_ROLE_ID or BAO_ROLE_ID", "The AppRole to log in with"),
  "vault.secret_id_file": optional(
    Kind.path,
    "VAULT_SECRET_ID or BAO_SECRET_ID, else none",
    "The file of the AppRole's secret id"
  ),
  "vault.role": optional(Kind.text, "none", "The role to log in with by Kubernetes"),
  "vault.jwt_file": optional(
    Kind.path,
    "where Kubernetes mounts it",
    "The token of the service account that logs in by Kubernetes"
  ),

  "parallel.enabled": setting(Kind.flag, true, "Whether anything at all runs at once"),
  "parallel.max_concurrency": optional(Kind.count(1), "concurrency", "How much runs at once, of each kind below"),
  "parallel.test_cases": optional(Kind.flag, "true", "Run cases at once"),
  "parallel.steps": optional(
    Kind.flag,
    "as each case says",
    "Run steps of a Robogo case at once where its order allows it"
  ),
  "parallel.http_requests": optional(Kind.flag, "true", "Send the requests of a batch at once"),
  "parallel.database_operations": optional(Kind.flag, "true", "Run independent database work at once"),
  "parallel.data_validation": optional(Kind.flag, "true", "Check data sets at once"),
  "parallel.file_operations": optional(Kind.flag, "true", "Read and write independent files at once"),
  "parallel.load_testing.enabled": optional(Kind.flag, "true", "False: as if the two below were not there"),
  "parallel.load_testing.max_workers": optional(Kind.count(1), "as load says", "Virtual users of skein load"),
  "parallel.load_testing.rate_limit": optional(
    Kind.count(1),
    "as load says",
    "Iterations that skein load starts a second"
  )
} as const

/** The name of the configuration file. */
export const fileName = "skein.yaml"

export type Key = keyof typeof table

/** All settings by key, such as `settings["http.timeout"]`. */
export type Settings = { readonly [K in Key]: (typeof table)[K] extends Setting<infer A> ? A : never }

/** Values of flags, already read; `undefined` is a flag that was not given. */
export type Flags = { readonly [K in Key]?: Settings[K] | undefined }

/** Where a value came from. */
export interface Origin {
  readonly source: "default" | "file" | "environment" | "flag"
  /** `skein.yaml:3:9`, `SKEIN_HTTP_TIMEOUT`, `--concurrency`; empty for a default. */
  readonly place: string
}

export const keys = Object.keys(table) as ReadonlyArray<Key>

/** The setting of a key; its type is lost, so it is for code that treats all settings alike. */
export const of = (key: Key): Setting<unknown> => table[key] as unknown as Setting<unknown>

/** The environment variable of a setting: `http.timeout` is `SKEIN_HTTP_TIMEOUT`. */
export const variableOf = (key: Key): string => `SKEIN_${key.replaceAll(".", "_").toUpperCase()}`

/** The parts of the file that are no settings: free maps. */
export const sections = {
  vars: "Variables of every scenario, under those of the scenario itself",
  base_urls: "Addresses by name, read in scenarios as ${base_urls.name}",
  secrets: "Secrets of every scenario, by where they come from",
  connections: "Servers by name, for url: NAME of a step: a URL, or { url, options } with settings of its family",
  load: "How skein load starts iterations, for scenarios whose own load: does not say; see load.md",
  environments: "Named sets of vars, base_urls, secrets and connections, one of which is chosen with --env"
} as const

export type Section = keyof typeof sections
