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
  "secrets_timeout": setting(
    Kind.duration,
    Duration.seconds(10),
    "The longest time to fetch secrets, commands included"
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

  "postgres.url": setting(
    Kind.url,
    Redacted.make("embedded:", { label: "URL" }),
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
  "postgres.statement_timeout": optional(Kind.duration, "none", "The longest time for one statement"),

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
  "parallel.load_testing.enabled": optional(Kind.flag, "as the command says", "Read by the load tester"),
  "parallel.load_testing.max_workers": optional(Kind.count(1), "as the command says", "Read by the load tester"),
  "parallel.load_testing.rate_limit": optional(Kind.count(1), "none", "Iterations per second; read by the load tester")
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
  environments: "Named sets of vars, base_urls and secrets, one of which is chosen with --env"
} as const

export type Section = keyof typeof sections
