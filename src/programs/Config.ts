/**
 * The configuration of a run: flag over environment (`SKEIN_*`) over `skein.yaml` over default, and where each value came
 * from. `config/Table.ts` lists every setting once.
 */
import { Effect, FileSystem, Path, Result, Schema } from "effect"
import * as DotEnv from "../core/DotEnv.ts"
import type { Problem, SourceText } from "../core/SourceText.ts"
import type { Value, ValueRecord } from "../core/Value.ts"
import * as Resolution from "./config/Resolution.ts"
import * as Table from "./config/Table.ts"

export { resolve, type Resolved, type ResolveOptions } from "./config/Resolution.ts"
export {
  amqpOptions,
  cacheOptions,
  httpConnection,
  httpSettings,
  mongoOptions,
  politeSettings,
  postgresOptions,
  vaultOptions
} from "./config/ServiceOptions.ts"
export { fileName, type Flags, keys, type Origin, sections, type Settings, table } from "./config/Table.ts"

/** The configuration cannot be used; `problems` has every reason, each with its place. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  message: Schema.String,
  /** For code frames; empty when a file could not be read. */
  problems: Schema.declare((input: unknown): input is ReadonlyArray<Problem> => Array.isArray(input))
}) {}

export interface LoadOptions {
  /** Absolute working directory. */
  readonly directory: string
  /** The process environment; it wins over `.env` files. */
  readonly environment: Readonly<Record<string, string>>
  /** The configuration file. @default `skein.yaml` in the working directory or the nearest folder above that has one */
  readonly config?: string | undefined
  /** Files of environment variables, later ones win. @default `.env` in the working directory, if it is there */
  readonly envFiles?: ReadonlyArray<string> | undefined
  readonly flags?: Table.Flags | undefined
  readonly cores: number
}

export interface Loaded extends Resolution.Resolved {
  /** The process environment with what `.env` files add. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute path of the configuration file, when there is one. */
  readonly file: string | undefined
}

/** Reads the files and resolves the configuration. A file that was asked for by name must be there. */
export const load = Effect.fn("Config.load")(function*(
  options: LoadOptions
): Effect.fn.Return<Loaded, ConfigError, FileSystem.FileSystem | Path.Path> {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const shown = (file: string): string => {
    const relative = path.relative(options.directory, file)
    return relative.startsWith("..") ? file : relative
  }
  const read = (file: string, what: string) =>
    Effect.mapError(
      Effect.map(fileSystem.readFileString(file), (text): SourceText => ({ path: shown(file), text })),
      (error) =>
        new ConfigError({ message: `cannot read ${what} ${shown(file)}: ${why(error.reason._tag)}`, problems: [] })
    )
  const exists = (file: string) => Effect.orElseSucceed(fileSystem.exists(file), () => false)
  const dotEnv = path.join(options.directory, ".env")
  const envFiles = options.envFiles !== undefined && options.envFiles.length > 0
    ? options.envFiles.map((file) => path.resolve(options.directory, file))
    : (yield* exists(dotEnv))
    ? [dotEnv]
    : []
  const added = yield* Effect.forEach(envFiles, (file) => Effect.map(read(file, "the environment file"), DotEnv.parse))
  const environment = {
    ...Object.assign({}, ...added.map(({ values }) => values)) as Record<string, string>,
    ...options.environment
  }

  const file = options.config === undefined
    ? yield* nearest(options.directory, path, exists)
    : path.resolve(options.directory, options.config)
  const resolved = Resolution.resolve({
    ...options,
    environment,
    file: file === undefined ? undefined : yield* read(file, "the configuration file"),
    fileDirectory: file === undefined ? undefined : path.dirname(file)
  })
  if (Result.isFailure(resolved)) return yield* invalid(resolved.failure)
  const warnings = [...added.flatMap(({ problems }) => problems), ...resolved.success.warnings]
  return { ...resolved.success, warnings, environment, file }
})

const nearest = Effect.fnUntraced(function*(
  directory: string,
  path: Path.Path,
  exists: (file: string) => Effect.Effect<boolean>
) {
  for (let folder = directory;; folder = path.dirname(folder)) {
    const file = path.join(folder, Table.fileName)
    if (yield* exists(file)) return file
    if (path.dirname(folder) === folder) return undefined
  }
})

const why = (tag: string): string =>
  tag === "NotFound"
    ? "there is no such file"
    : tag === "PermissionDenied"
    ? "permission denied"
    : "it is not a readable file"

const invalid = (problems: ReadonlyArray<Problem>): ConfigError => {
  const count = problems.filter(({ severity }) => severity === "error").length
  return new ConfigError({ message: `the configuration has ${count} error${count === 1 ? "" : "s"}`, problems })
}

/** One row of `skein config`. */
export interface Row {
  readonly key: Table.Key
  /** As a person would write it, passwords hidden; `null` when there is none. */
  readonly value: string | null
  readonly source: Table.Origin["source"]
  readonly place: string
}

/** Returns each setting with its value and where that came from, in the order of the table. */
export const rows = ({ origins, settings }: Resolution.Resolved): ReadonlyArray<Row> =>
  Table.keys.map((key) => ({
    key,
    value: settings[key] === undefined ? null : Table.of(key).kind.show(settings[key]),
    ...origins[key]
  }))

/** Returns the settings that actions read, by family: `{ http: { timeout: "30s", ... }, mongo: { ... }, ... }`. */
export const actionSettings = ({ parallel, settings }: Resolution.Resolved): ValueRecord => {
  const family = (name: string): ValueRecord =>
    Object.fromEntries(Table.keys.flatMap((key): ReadonlyArray<readonly [string, Value]> => {
      const value = settings[key]
      return key.startsWith(`${name}.`) && value !== undefined
        ? [[key.slice(name.length + 1), Table.of(key).kind.toValue(value)]]
        : []
    }))
  const families = ["http", "postgres", "mongo", "amqp", "cache"].map((name) => [name, family(name)] as const)
  return { ...Object.fromEntries(families), parallel: { ...parallel } }
}
