/** Puts the configuration together from its sources. Pure: the files were read by `programs/Config`. */
import { Result } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import { formatPlace, type Problem, type SourceText, type Span } from "../../core/SourceText.ts"
import type { ValueRecord } from "../../core/Value.ts"
import type { LoadSettings } from "../../scenario/LoadSettings.ts"
import * as LoadReader from "../../scenario/read/LoadReader.ts"
import type * as Node from "../../scenario/read/Node.ts"
import * as Reader from "../../scenario/read/Reader.ts"
import * as Connections from "./Connections.ts"
import * as FileSettings from "./FileSettings.ts"
import * as Parallel from "./Parallel.ts"
import * as Table from "./Table.ts"

export interface Resolved {
  readonly settings: Table.Settings
  readonly origins: Readonly<Record<Table.Key, Table.Origin>>
  /** Values under those of scenarios: `vars` of the file, and `base_urls`. */
  readonly defaults: ValueRecord
  /** Values over those of scenarios: `vars` of the chosen environment. */
  readonly variables: ValueRecord
  /** Secrets of the file and, over them, of the chosen environment, in the spelling of `secrets:`. Not fetched yet. */
  readonly secrets: ValueRecord
  /**
   * Servers of the file and, over them, of the chosen environment: `{ url, options }` by name. `${secrets.NAME}` is still in the URLs,
   * which may hold passwords.
   */
  readonly connections: ValueRecord
  /** How much of each kind of work runs at once. */
  readonly parallel: Parallel.Bounds
  /** `load` of the file, or else `parallel.load_testing`. */
  readonly load: LoadSettings
  readonly warnings: ReadonlyArray<Problem>
}

export interface ResolveOptions {
  /** The configuration file, when there is one. */
  readonly file?: SourceText | undefined
  /** Absolute folder of the file. @default directory */
  readonly fileDirectory?: string | undefined
  /** Absolute working directory: relative paths of flags and of the environment start there. */
  readonly directory: string
  /** The environment, `.env` files included. */
  readonly environment: Readonly<Record<string, string>>
  /** Values of flags, already read. @default none */
  readonly flags?: Table.Flags | undefined
  /** Processor cores. */
  readonly cores: number
}

/** Puts the configuration together. Answers with every problem of every source at once; warnings alone are no failure. */
export const resolve = (options: ResolveOptions): Result.Result<Resolved, ReadonlyArray<Problem>> => {
  const notes: Reader.Notes = { problems: [] }
  const file = options.file === undefined
    ? { values: new Map<Table.Key, never>(), sections: {} }
    : FileSettings.read(options.file, options.environment, notes)
  const values: Partial<Record<Table.Key, unknown>> = {}
  const origins: Partial<Record<Table.Key, Table.Origin>> = {}
  for (const key of Table.keys) {
    const { origin, value } = pick(key, file, options, notes)
    values[key] = value
    origins[key] = origin
  }
  // Every key of the table was set just now.
  const own = { settings: values as Table.Settings, origins: origins as Record<Table.Key, Table.Origin> }
  const { settings } = Parallel.apply(own)
  const contents = readSections(file.sections, settings, options, notes)
  const load = loadOf(file.sections.load, settings, options, notes)
  warnOfVariables(options.environment, notes)
  return notes.problems.some(({ severity }) => severity === "error") ? Result.fail(notes.problems) : Result.succeed({
    settings,
    origins: own.origins,
    ...contents,
    parallel: Parallel.bounds(settings),
    load,
    warnings: notes.problems
  })
}

/** The value of one setting and where it came from: flag, environment, file, default. */
const pick = (
  key: Table.Key,
  file: FileSettings.FileSettings,
  options: ResolveOptions,
  notes: Reader.Notes
): { readonly value: unknown; readonly origin: Table.Origin } => {
  const { fallback, flag, kind } = Table.of(key)
  const based = (value: unknown, directory: string): unknown =>
    kind.isPath === true ? absolute(value, directory) : value
  const fromFlag = options.flags?.[key]
  if (fromFlag !== undefined) {
    return {
      value: based(fromFlag, options.directory),
      origin: { source: "flag", place: flag === undefined ? "" : `--${flag}` }
    }
  }
  const variable = Table.variableOf(key)
  const text = options.environment[variable]
  if (text !== undefined && text !== "") {
    const value = kind.reader.read(nodeOf(variable, text, kind.scalar(text)), notes)
    return { value: based(value, options.directory), origin: { source: "environment", place: variable } }
  }
  const written = file.values.get(key)
  const folder = options.fileDirectory ?? options.directory
  if (written !== undefined) {
    return { value: based(written.value, folder), origin: { source: "file", place: formatPlace(written.span) } }
  }
  return { value: based(fallback(options.cores), folder), origin: { source: "default", place: "" } }
}

/** A variable's text as a node, so that the same reader judges it and problems can show it. */
const nodeOf = (variable: string, text: string, scalar: Node.Scalar | ReadonlyArray<Node.Scalar>): Node.Node => {
  const span: Span = { source: { path: `$${variable}`, text }, start: 0, end: text.length }
  const one = (value: Node.Scalar): Node.Node => ({ _tag: "Scalar", value, textStart: undefined, span })
  return isList(scalar) ? { _tag: "List", items: scalar.map(one), span } : one(scalar)
}

const isList = (scalar: Node.Scalar | ReadonlyArray<Node.Scalar>): scalar is ReadonlyArray<Node.Scalar> =>
  Array.isArray(scalar)

const absolute = (value: unknown, directory: string): unknown =>
  Array.isArray(value)
    ? value.map((path) => absolute(path, directory))
    : typeof value !== "string" || /^(?:[/\\]|[A-Za-z]:)/.test(value)
    ? value
    : `${directory}/${value.replace(/^\.\//, "")}`

const readSections = (
  sections: FileSettings.FileSettings["sections"],
  settings: Table.Settings,
  options: ResolveOptions,
  notes: Reader.Notes
): Pick<Resolved, "defaults" | "variables" | "secrets" | "connections"> => {
  const { environment } = options
  const folder = options.fileDirectory ?? options.directory
  const environments = FileSettings.readEnvironments(sections.environments, notes)
  const chosen = choose(settings.env, environments, options, notes)
  const urls = {
    ...FileSettings.readValues(sections.base_urls, environment, notes),
    ...FileSettings.readValues(chosen.base_urls, environment, notes)
  }
  const secrets = {
    ...FileSettings.readSecrets(sections.secrets, folder, notes),
    ...FileSettings.readSecrets(chosen.secrets, folder, notes)
  }
  const names = Object.keys(secrets)
  return {
    defaults: {
      ...FileSettings.readValues(sections.vars, environment, notes),
      ...(Object.keys(urls).length === 0 ? {} : { base_urls: urls })
    },
    variables: FileSettings.readValues(chosen.vars, environment, notes),
    secrets,
    connections: {
      ...Connections.read(sections.connections, environment, names, notes),
      ...Connections.read(chosen.connections, environment, names, notes)
    }
  }
}

const loadOf = (
  node: Node.Node | undefined,
  settings: Table.Settings,
  options: ResolveOptions,
  notes: Reader.Notes
): LoadSettings => {
  const expanded = node === undefined || FileSettings.isNothing(node)
    ? undefined
    : FileSettings.expand(node, options.environment, notes)
  const written = expanded === undefined ? undefined : LoadReader.reader.read(expanded, notes)
  if (written !== undefined || settings["parallel.load_testing.enabled"] === false) return written ?? {}
  return { vus: settings["parallel.load_testing.max_workers"], rate: settings["parallel.load_testing.rate_limit"] }
}

const choose = (
  name: string | undefined,
  environments: ReturnType<typeof FileSettings.readEnvironments>,
  options: ResolveOptions,
  notes: Reader.Notes
): Omit<FileSettings.FileSettings["sections"], "environments"> => {
  const found = name === undefined ? {} : environments.get(name)
  if (found !== undefined) return found
  const known = [...environments.keys()]
  const close = suggest(name ?? "", known)
  const source = options.file ?? { path: Table.fileName, text: "" }
  const span = { source, start: 0, end: 0 }
  const hint = close !== undefined
    ? `did you mean ${close}?`
    : known.length === 0
    ? `${source.path} has no environments`
    : `known environments: ${known.join(", ")}`
  Reader.note(notes, "unknown-environment", `there is no environment ${JSON.stringify(name)}`, span, hint)
  return {}
}

/** A misspelt variable would be without effect and nobody would know. Other programs' variables are left alone. */
const warnOfVariables = (environment: Readonly<Record<string, string>>, notes: Reader.Notes): void => {
  const known = new Set(Table.keys.map(Table.variableOf))
  for (const [name, value] of Object.entries(environment)) {
    const close = name.startsWith("SKEIN_") && !known.has(name) ? suggest(name, known) : undefined
    if (close !== undefined && !others.has(name)) {
      const span = { source: { path: `$${name}`, text: value }, start: 0, end: 0 }
      Reader.warn(
        notes,
        "unknown-variable",
        `the environment has ${name}, which is no setting`,
        span,
        `did you mean ${close}?`
      )
    }
  }
}

/** Variables of skein that are no settings. */
const others: ReadonlySet<string> = new Set([
  "SKEIN_DEBUG",
  "SKEIN_LIVE",
  "SKEIN_SEEDS",
  "SKEIN_SOAK",
  "SKEIN_SOURCE",
  "SKEIN_TEST_AMQP_URL",
  "SKEIN_TEST_MONGO_URL",
  "SKEIN_TEST_POSTGRES_URL",
  "SKEIN_TEST_REDIS_URL",
  "SKEIN_TEST_REPORT"
])
