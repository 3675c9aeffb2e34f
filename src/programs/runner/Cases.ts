/**
 * From loaded files to cases: every scenario, row and suite entry that a run may run, compiled and checked, with an id that
 * stays the same between runs.
 */
import { Effect, type FileSystem, type Path, Result } from "effect"
import type { Problem } from "../../core/SourceText.ts"
import { positionAt } from "../../core/SourceText.ts"
import { field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type * as Action from "../../scenario/Action.ts"
import * as Code from "../../scenario/compile/Code.ts"
import * as Compile from "../../scenario/compile/Compile.ts"
import type { CompiledScenario, CompiledSuite, NamedCode } from "../../scenario/compile/Compiled.ts"
import * as DataFormat from "../../scenario/DataFormat.ts"
import type { Loaded, LoadedScenario } from "../../scenario/read/Load.ts"
import * as Node from "../../scenario/read/Node.ts"
import * as SafePath from "../../scenario/SafePath.ts"
import type { Scenario } from "../../scenario/Scenario.ts"
import * as Postgres from "../../services/Postgres.ts"

export interface Case {
  /** `shop.yaml#Checkout`, `shop.yaml#Checkout[2]` for a row, `all.yaml > shop.yaml#Checkout` in a suite. */
  readonly id: string
  /** The id without the number of a repetition: under it snapshots are kept. */
  readonly baseId: string
  readonly name: string
  readonly file: string
  readonly line: number
  readonly tags: ReadonlyArray<string>
  readonly locks: ReadonlyArray<string>
  readonly skip: string | undefined
  readonly compiled: CompiledScenario
  readonly suite: CompiledSuite | undefined
  /** Variables that the suite's entry sets: over what the suite's setup saves. */
  readonly entryVars: ReadonlySet<string>
  readonly row: Value | undefined
  readonly rowIndex: number
  readonly root: string
}

export interface CompileOptions {
  readonly actions: ReadonlyArray<Action.Any>
  /** Values from outside, over those of the files: `--var`, the environment chosen. */
  readonly variables: ValueRecord
  /** Values from outside, under those of the files: `vars` of `skein.yaml`. */
  readonly defaults: ValueRecord
  readonly secrets: ReadonlyArray<string>
  /** URLs by name, each a text or `{ url, options }`. */
  readonly connections: ValueRecord
  readonly workingDirectory: string
  readonly root: string
  readonly allowOutside: boolean
}

export interface Compiled {
  readonly scenarios: ReadonlyArray<
    { readonly compiled: CompiledScenario; readonly loaded: LoadedScenario; readonly suite: CompiledSuite | undefined }
  >
  readonly suites: ReadonlyArray<CompiledSuite>
  readonly problems: ReadonlyArray<Problem>
}

/** Compiles all files. Problems of one file that several suites share are told once. */
export const compile = (loaded: Loaded, options: CompileOptions): Compiled => {
  const problems: Array<Problem> = [...loaded.problems]
  const compileOptions = {
    actions: options.actions,
    variables: [...Object.keys(options.variables), ...Object.keys(options.defaults)],
    secrets: options.secrets,
    connections: Object.keys(options.connections)
  }
  const suites = loaded.suites.map(({ directory, suite }) => Compile.suite(suite, directory, compileOptions, problems))
  const bySource = new Map(suites.map((suite) => [suite.suite.source, suite]))
  const scenarios = loaded.scenarios.map((one) => {
    const suite = one.suite === undefined ? undefined : bySource.get(one.suite.suite.source)
    const within = one.suite === undefined ? undefined : { suite: one.suite.suite, vars: one.suite.entry.vars }
    return {
      loaded: one,
      suite,
      compiled: Compile.scenario(one.scenario, one.directory, compileOptions, problems, within)
    }
  })
  return { scenarios, suites, problems: unique(problems) }
}

const unique = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const seen = new Set<string>()
  return problems.filter((problem) => {
    const key = `${problem.span.source.path}:${problem.span.start}:${problem.code}:${problem.message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

export interface Expanded {
  readonly cases: ReadonlyArray<Case>
  readonly problems: ReadonlyArray<Problem>
}

/** One case per scenario, or per row of its data. `ask` says whether queries may be asked for rows now. */
export const expand = Effect.fn("Cases.expand")(function*(
  compiled: Compiled,
  options: CompileOptions,
  ask: boolean
): Effect.fn.Return<Expanded, never, FileSystem.FileSystem | Path.Path | Postgres.Postgres> {
  const problems: Array<Problem> = []
  const taken = new Map<string, number>()
  const cases: Array<Case> = []
  const inSuite = new Map<CompiledSuite, number>()
  for (const { compiled: scenario, loaded, suite } of compiled.scenarios) {
    const rows = yield* rowsOf(scenario, options, problems, ask)
    for (const [index, row] of (rows ?? [undefined]).entries()) {
      const one = makeCase(scenario, loaded, suite, row, index, rows !== undefined, options, taken)
      if (suite === undefined) cases.push(one)
      else {
        const place = inSuite.get(suite) ?? 0
        inSuite.set(suite, place + 1)
        cases.push({ ...one, locks: [...one.locks, ...placeLock(suite, place)] })
      }
    }
  }
  return { cases, problems }
})

const makeCase = (
  compiled: CompiledScenario,
  loaded: LoadedScenario,
  suite: CompiledSuite | undefined,
  row: Value | undefined,
  index: number,
  dataDriven: boolean,
  options: CompileOptions,
  taken: Map<string, number>
): Case => {
  const { scenario } = compiled
  const base = loaded.suite?.entry.name ?? scenario.name
  const name = nameOf(base, row, index, dataDriven)
  const prefix = suite === undefined ? "" : `${suite.suite.source.path} > `
  const wanted = `${prefix}${scenario.source.path}#${base}${dataDriven ? `[${index}]` : ""}`
  const times = taken.get(wanted) ?? 0
  taken.set(wanted, times + 1)
  // Robogo ran its files one after the other, those of a suite as the suite says; a suite that is not parallel keeps its order.
  const ownOrder = scenario.serial && !(scenario.spelling === "robogo" && suite?.suite.spelling === "robogo")
  const serial = ownOrder || suite?.suite.parallel === false
  const serialLock = suite?.suite.parallel === false ? `serial:${suite.suite.source.path}` : "serial"
  const id = times === 0 ? wanted : `${wanted} (${times + 1})`
  return {
    id,
    baseId: id,
    name,
    file: scenario.source.path,
    line: positionAt(scenario.source, scenario.span.start).line,
    tags: [...new Set([...suite?.suite.tags ?? [], ...loaded.suite?.entry.tags ?? [], ...scenario.tags])],
    locks: [
      ...new Set([
        ...scenario.locks,
        ...isolation(scenario),
        ...suite?.suite.locks ?? [],
        ...serial ? [serialLock] : []
      ])
    ],
    skip: suite?.suite.skip ?? scenario.skip,
    compiled,
    suite,
    entryVars: new Set(loaded.suite?.entry.vars.map((entry) => entry.name)),
    row,
    rowIndex: index,
    root: SafePath.rootOf(compiled.directory, options.root)
  }
}

const isolation = ({ dataSets }: Scenario): ReadonlyArray<string> =>
  dataSets?.isolated === true ? dataSets.names.map((name) => `data:${name}`) : []

/** A suite's own bound: its cases take turns at so many places. */
const placeLock = ({ suite }: CompiledSuite, place: number): ReadonlyArray<string> =>
  suite.maxConcurrency === undefined || !suite.parallel
    ? []
    : [`place:${suite.source.path}:${place % suite.maxConcurrency}`]

const nameOf = (base: string, row: Value | undefined, index: number, dataDriven: boolean): string => {
  if (!dataDriven) return base
  if (!base.includes("${")) return `${base} [${index + 1}]`
  const problems: Array<Problem> = []
  const source = { path: "", text: base }
  const code = Code.template(Node.fromValue(base, { source, start: 0, end: base.length }), "native", problems)
  const names = {
    get: (name: string) => name === "row" ? row : name === "index" ? index : undefined,
    list: () => ["row", "index"]
  }
  try {
    return problems.length > 0 ? base : String(code.run(names, { now: () => 0, random: () => 0 }))
  } catch {
    // A name that cannot be made is no reason to stop a run: the text stands as it is.
    return `${base} [${index + 1}]`
  }
}

/** The rows of a data-driven scenario; `undefined` when it has no data. */
const rowsOf = (
  compiled: CompiledScenario,
  options: CompileOptions,
  problems: Array<Problem>,
  ask: boolean
): Effect.Effect<ReadonlyArray<Value> | undefined, never, FileSystem.FileSystem | Path.Path | Postgres.Postgres> => {
  const { data } = compiled.scenario
  const refuse = (message: string, hint?: string): ReadonlyArray<Value> => {
    problems.push({ code: "data", message, hint, severity: "error", span: data!.span })
    return []
  }
  if (data === undefined) return Effect.succeed(undefined)
  switch (data._tag) {
    case "Rows":
      return Effect.succeed(data.rows.map(Node.toValue))
    case "File":
      return SafePath.readText(data.file, {
        directory: compiled.directory,
        root: SafePath.rootOf(compiled.directory, options.root),
        allowOutside: options.allowOutside
      }, 100_000_000).pipe(Effect.match({
        onFailure: (error) => refuse(error.message, error.hint),
        onSuccess: (text) => {
          const parsed = DataFormat.parse(text, data.format, { path: data.file, delimiter: data.delimiter })
          if (Result.isFailure(parsed)) return refuse(`${data.file}: ${parsed.failure.message}`)
          const rows = isRecord(parsed.success) ? [parsed.success] : parsed.success
          return isArray(rows) ? rows : refuse(`${data.file} holds no list`)
        }
      }))
    case "Query":
      return ask
        ? queryRows(data.query, urlOf(data.url, options)).pipe(
          Effect.match({ onFailure: (error) => refuse(error.message), onSuccess: (rows) => rows })
        )
        : Effect.succeed([{ query: data.query }])
  }
}

/** Secrets are fetched by cases, so a connection that needs one is refused here by its server. */
const urlOf = (node: Node.Node | undefined, { connections }: CompileOptions): string => {
  const given = node === undefined ? "embedded:" : String(Node.toValue(node))
  const named = field(connections, given)
  const url = isRecord(named) ? named["url"] : named
  return typeof url === "string" ? url : given
}

const queryRows = (query: string, url: string) =>
  Effect.scoped(Effect.gen(function*() {
    const postgres = yield* Postgres.Postgres
    const client = yield* postgres.connect(url)
    return (yield* client.query(query, [])).rows
  }))

/** The first values of a case, from the outside in; later ones win. */
export const variableLayers = (one: Case, options: CompileOptions): ReadonlyArray<NamedCode> => [
  ...constants(options.defaults),
  ...one.suite?.vars ?? [],
  ...one.compiled.vars
]

const constants = (values: ValueRecord): ReadonlyArray<NamedCode> => {
  const source = { path: "", text: "" }
  const node = Node.fromValue(null, { source, start: 0, end: 0 })
  return Object.entries(values).map(([name, value]) => ({ name, code: Code.constantOf(node, value) }))
}
