/** Reads skein's own spelling of scenarios and suites into the tree. One table per kind of map; the editor's schema comes from them. */
import type { SourceText } from "../../core/SourceText.ts"
import * as SecretReference from "../../services/SecretReference.ts"
import type { DataSource, Scenario, Suite, SuiteCase } from "../Scenario.ts"
import * as LoadReader from "./LoadReader.ts"
import * as NativeData from "./NativeData.ts"
import { skip, stepFields, steps, variables, words } from "./NativeStep.ts"
import type * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"

const { any, duration, flag, int, name, named, optional, required, text } = Reader

/** What stands in them is judged when they are compiled. */
const secrets: typeof variables = {
  get schema() {
    return { type: "object", additionalProperties: SecretReference.jsonSchema() }
  },
  read: variables.read
}

const headFields = (actions: ReadonlyArray<string>) => ({
  description: optional(text, "What it is for"),
  tags: optional(words, "Words to select by, with --tag"),
  vars: optional(variables, "Variables and their first values"),
  secrets: optional(
    secrets,
    `Secrets by where they come from: ${SecretReference.spellings}; or a list of which the first that has it wins`
  ),
  mocks: optional(named(any), "Stub HTTP APIs for the life of the case"),
  setup: optional(steps(actions), "Steps before; when one fails, the rest is not run"),
  teardown: optional(steps(actions), "Steps that always run at the end"),
  serial: optional(flag, "True: never beside another serial case"),
  locks: optional(words, "Names of locks: cases that share one do not run at once"),
  skip: optional(skip, "Leave it out: true or the reason")
})

const dataSource: Reader.Reader<DataSource> = Reader.byKind<never, DataSource, DataSource>({
  expected: "a list of rows, or a map with csv, json, jsonl or query",
  list: Reader.map(Reader.list(any), (rows, node) => ({ _tag: "Rows", rows, span: node.span })),
  map: Reader.map(
    Reader.fields("data", {
      csv: optional(name, "CSV file with a header"),
      json: optional(name, "JSON file with a list"),
      jsonl: optional(name, "JSON Lines file"),
      delimiter: optional(name, "Between the fields of the CSV file [default: ,]"),
      query: optional(name, "SQL whose rows are taken"),
      url: optional(any, "Where the query is asked [default: the configured database]")
    }),
    (read, node, notes): DataSource | undefined => {
      const format = (["csv", "json", "jsonl"] as const).find((key) => read[key] !== undefined)
      const span = node.span
      if (format !== undefined) {
        return {
          _tag: "File",
          format,
          file: read[format]!,
          delimiter: read.delimiter ?? ",",
          span: fieldSpan(node, format)
        }
      }
      return read.query === undefined
        ? Reader.note(notes, "missing-key", "data needs a list, or csv, json, jsonl or query", Reader.headOf(node))
        : { _tag: "Query", query: read.query, url: read.url, span }
    }
  )
})

const fieldSpan = (node: Node.Node, key: string) =>
  (node._tag === "Map" ? node.entries.find((entry) => entry.key === key)?.value.span : undefined) ?? node.span

const scenarioFields = (actions: ReadonlyArray<string>) => ({
  name: optional(name, "What the scenario shows [default: the file's name]"),
  ...headFields(actions),
  steps: required(
    Reader.map(steps(actions), (list, node, notes) =>
      node._tag === "List" && node.items.length === 0
        ? Reader.note(notes, "no-steps", "a scenario needs at least one step", node.span)
        : list),
    "The steps, in order"
  ),
  concurrency: optional(int(1), "How many steps may run at once [default: 1, the order of the file]"),
  timeout: optional(duration, "The longest time for a case, its teardown apart"),
  retries: optional(int(0), "Run a failed case again this often"),
  data: optional(dataSource, "Run the scenario once per row; under load each iteration takes the next one"),
  load: optional(LoadReader.reader, "How skein load starts its iterations, and what must hold of the figures"),
  data_sets: optional(
    NativeData.reader(actions),
    "Data by name, rules that it must keep, and steps that put it in place"
  )
})

/** Reads a native scenario. The name falls back to the file's. */
export const scenario = (
  source: SourceText,
  node: Node.Node,
  actions: ReadonlyArray<string>,
  notes: Reader.Notes
): Scenario | undefined => {
  const read = Reader.fields("a scenario", scenarioFields(actions)).read(node, notes)
  return read === undefined ? undefined : {
    _tag: "Scenario",
    ...head(source, read),
    name: read.name ?? fileName(source),
    steps: read.steps ?? [],
    concurrency: read.concurrency ?? 1,
    timeout: read.timeout,
    retries: read.retries,
    data: read.data,
    load: read.load,
    dataSets: read.data_sets,
    templates: []
  }
}

const suiteCase: Reader.Reader<SuiteCase> = Reader.byKind<SuiteCase, SuiteCase>({
  expected: "a file, a glob or a folder, or a map with file",
  scalar: Reader.map(name, (file, node) => ({ file, fileSpan: node.span, vars: [], tags: [] })),
  map: Reader.map(
    Reader.fields("a case", {
      file: required(name, "A file, a glob or a folder, relative to the suite"),
      name: optional(name, "Another name for the case"),
      vars: optional(variables, "Variables over those of the file"),
      tags: optional(words, "Further tags")
    }),
    (read, node) =>
      read.file === undefined ? undefined : {
        file: read.file,
        fileSpan: fieldSpan(node, "file"),
        name: read.name,
        vars: read.vars ?? [],
        tags: read.tags ?? []
      }
  )
})

const suiteFields = (actions: ReadonlyArray<string>) => ({
  suite: required(name, "The suite's name"),
  ...headFields(actions),
  cases: required(Reader.list(suiteCase), "Files, globs or folders of scenarios"),
  fail_fast: optional(flag, "Stop the suite at its first failure [default: false]"),
  concurrency: optional(int(1), "How many of its cases run at once [default: as many as the run allows]")
})

/** Reads a native suite. */
export const suite = (
  source: SourceText,
  node: Node.Node,
  actions: ReadonlyArray<string>,
  notes: Reader.Notes
): Suite | undefined => {
  const read = Reader.fields("a suite", suiteFields(actions)).read(node, notes)
  return read === undefined ? undefined : {
    _tag: "Suite",
    ...head(source, read),
    name: read.suite ?? fileName(source),
    cases: read.cases ?? [],
    parallel: read.serial !== true,
    maxConcurrency: read.concurrency,
    failFast: read.fail_fast ?? false
  }
}

const head = (source: SourceText, read: Reader.Read<ReturnType<typeof headFields>>) => ({
  spelling: "native" as const,
  source,
  span: Reader.headOf(read.node),
  description: read.description,
  tags: read.tags ?? [],
  vars: read.vars ?? [],
  secrets: read.secrets ?? [],
  mocks: read.mocks ?? [],
  setup: read.setup ?? [],
  teardown: read.teardown ?? [],
  serial: read.serial ?? false,
  locks: read.locks ?? [],
  skip: read.skip === "" ? undefined : read.skip
})

/** `shop.yaml` is called `shop` when it has no name of its own. */
export const fileName = (source: SourceText): string =>
  (source.path.split("/").at(-1) ?? source.path).replace(/\.(ya?ml|skein)$/, "")

/** The JSON Schemas of the maps above, for the editor. */
export const schemas = (actions: ReadonlyArray<string>) => ({
  scenario: Reader.fields("a scenario", scenarioFields(actions)).schema,
  suite: Reader.fields("a suite", suiteFields(actions)).schema,
  step: Reader.fields("a step", stepFields).schema
})
