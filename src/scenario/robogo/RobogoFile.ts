/**
 * Reads the files of Robogo, all three generations, into the same tree. Unknown keys are warnings here: that tool dropped
 * them silently, and its files must run. `docs/robogo.md` lists what is done differently, and why.
 */
import { Duration } from "effect"
import type { SourceText } from "../../core/SourceText.ts"
import type { LoadSettings } from "../LoadSettings.ts"
import * as Node from "../read/Node.ts"
import * as Reader from "../read/Reader.ts"
import type { Scenario, Suite, SuiteCase } from "../Scenario.ts"
import * as RobogoData from "./RobogoData.ts"
import * as RobogoReader from "./RobogoReader.ts"
import * as RobogoStep from "./RobogoStep.ts"

const { any, name, named, optional, required, text } = Reader
const { duration, fields, flag, int, soft, words } = RobogoReader
const { skipReason, steps } = RobogoStep

/** True when a map is a Robogo file: it has `testcase` or `testsuite`. */
export const isRobogo = (node: Node.Node): boolean =>
  Node.get(node, "testcase") !== undefined || Node.get(node, "testsuite") !== undefined

const variables = optional(
  soft(fields("variables", {
    vars: optional(named(any), "Variables"),
    secrets: optional(named(any), "Secrets")
  })),
  "Variables and secrets"
)

/** `{ value | file, mask_output }`, or text. Everything is masked, whatever `mask_output` says. */
const secretReference = (entry: Reader.Named<Node.Node>): Reader.Named<Node.Node> => {
  const { value } = entry
  const own = value._tag === "Map" ? Node.get(value, "value") ?? Node.get(value, "file") : value
  const text = own?._tag === "Scalar" && own.value !== null ? String(own.value) : ""
  const isFile = value._tag === "Map" && Node.get(value, "value") === undefined && text !== ""
  const variable = /^\s*\$\{ENV:([^{}]+)\}\s*$/.exec(text)?.[1]?.trim()
  const reference = isFile ? { file: text } : variable === undefined ? { value: text } : { env: variable }
  return { ...entry, value: Node.fromValue(reference, value.span) }
}

/** That tool never read it. `max_workers` are virtual users, `rate_limit` the iterations that are started a second. */
const loadTesting: Reader.Reader<LoadSettings> = Reader.map(
  fields("load_testing", {
    enabled: optional(flag, "False: as if it were not there"),
    max_workers: optional(int(1), "Virtual users"),
    rate_limit: optional(int(1), "Iterations a second")
  }),
  (read) => read.enabled === false ? {} : { vus: read.max_workers, rate: read.rate_limit }
)

const parallelFields = {
  enabled: optional(flag, "Whether anything runs at once"),
  max_concurrency: optional(int(1), "How many"),
  test_cases: optional(flag, "Cases of a suite"),
  steps: optional(flag, "Steps of a case"),
  http_requests: optional(flag, "Requests of a batch"),
  database_operations: optional(flag, "Statements of a batch"),
  data_validation: optional(flag, "Validations"),
  file_operations: optional(flag, "File actions"),
  load_testing: optional(soft(loadTesting), "How skein load puts the case under load")
}

/** What a file says about running at once. A key that is missing is as good as false, apart from `enabled`. */
interface Parallel {
  readonly cases: boolean
  readonly steps: boolean
  readonly max: number
  /** For the actions of the case: how many of a kind run at once. */
  readonly bounds: Readonly<Record<string, number>>
  readonly load?: LoadSettings | undefined
}

/** As many as that tool had on a small machine; its default was the number of processors. */
const usualConcurrency = 4

const parallel: Reader.Reader<Parallel> = Reader.byKind<Parallel, Parallel>({
  expected: "true, false or a map",
  scalar: Reader.map(flag, (enabled) => ({ cases: enabled, steps: false, max: usualConcurrency, bounds: {} })),
  map: Reader.map(fields("parallel", parallelFields), (read) => {
    const enabled = read.enabled ?? true
    const max = Math.min(read.max_concurrency ?? usualConcurrency, 100)
    const kinds = ["http_requests", "database_operations", "data_validation", "file_operations"] as const
    return {
      cases: enabled && (read.test_cases ?? false),
      steps: enabled && (read.steps ?? false),
      max,
      load: read.load_testing,
      bounds: Object.fromEntries(
        kinds.flatMap((kind) => {
          const allowed = read[kind] ?? (enabled ? undefined : false)
          return allowed === undefined ? [] : [[kind, enabled && allowed ? max : 1]]
        })
      )
    }
  })
})

const scenarioFields = {
  testcase: required(name, "The case's name"),
  description: optional(soft(text), "What it is for"),
  tags: optional(words, "Words to select by"),
  variables,
  templates: optional(soft(named(text)), "Message templates"),
  setup: optional(steps, "Steps before"),
  steps: required(steps, "The steps"),
  teardown: optional(steps, "Steps after"),
  timeout: optional(duration(Duration.minutes(5)), "The longest time for the case"),
  verbose: optional(any, "Accepted; use -v"),
  parallel: optional(soft(parallel), "What runs at once"),
  skip: optional(any, "Leave it out"),
  data_management: optional(any, "Data sets"),
  environments: optional(soft(Reader.list(any)), "Named sets of variables")
}

/** Reads a Robogo test case. */
export const scenario = (source: SourceText, node: Node.Node, notes: Reader.Notes): Scenario | undefined => {
  const foreign = ["vars", "mocks", "data", "load", "locks", "cases", "suite"]
  const read = fields("a test case", scenarioFields, foreign).read(RobogoReader.merged(node), notes)
  if (read === undefined) return undefined
  const list = Node.get(read.node, "steps")
  if (list?._tag === "List" && list.items.length === 0) {
    Reader.note(notes, "no-steps", "a test case needs at least one step", list.span)
  }
  const data = RobogoData.read(read.data_management, read.environments ?? [], notes)
  return {
    _tag: "Scenario",
    spelling: "robogo",
    source,
    span: Reader.headOf(read.node),
    name: read.testcase ?? source.path,
    description: read.description,
    tags: read.tags ?? [],
    vars: read.variables?.vars ?? [],
    secrets: [...read.variables?.secrets ?? [], ...data?.secrets ?? []].map(secretReference),
    mocks: [],
    setup: read.setup ?? [],
    steps: read.steps ?? [],
    teardown: read.teardown ?? [],
    // Files of that tool run one after the other, unless their `parallel` says otherwise.
    serial: read.parallel?.cases !== true,
    locks: [],
    skip: skipReason(read.skip),
    concurrency: read.parallel?.steps === true ? read.parallel.max : 1,
    timeout: read.timeout,
    dataSets: data?.dataSets,
    templates: read.templates ?? [],
    load: read.parallel?.load,
    bounds: read.parallel?.bounds
  }
}

const suiteCase: Reader.Reader<SuiteCase> = Reader.byKind<SuiteCase, SuiteCase>({
  expected: "a file, or a map with file",
  scalar: Reader.map(name, (file, node) => ({ file, fileSpan: node.span, vars: [], tags: [] })),
  map: Reader.map(
    fields("a test case of the suite", {
      file: required(name, "The file"),
      name: optional(soft(name), "Another name"),
      variables: optional(any, "Variables over those of the file"),
      options: optional(any, "Accepted; that tool never read it")
    }),
    (read, node, notes) => {
      if (read.file === undefined) return undefined
      const inner = read.variables === undefined ? undefined : Node.get(read.variables, "vars") ?? read.variables
      return {
        file: read.file,
        fileSpan: Node.get(node, "file")?.span ?? node.span,
        name: read.name,
        vars: inner === undefined ? [] : soft(named(any)).read(inner, notes) ?? [],
        tags: []
      }
    }
  )
})

const suiteFields = {
  testsuite: required(name, "The suite's name"),
  description: optional(soft(text), "What it is for"),
  variables,
  setup: optional(steps, "Steps before all cases"),
  testcases: required(Reader.list(suiteCase), "The cases"),
  teardown: optional(steps, "Steps after all cases"),
  parallel: optional(soft(parallel), "Whether cases run at once"),
  fail_fast: optional(flag, "Stop at the first failure"),
  options: optional(any, "Accepted; that tool never read it"),
  verbose: optional(any, "Accepted; use -v")
}

/** Reads a Robogo test suite. */
export const suite = (source: SourceText, node: Node.Node, notes: Reader.Notes): Suite | undefined => {
  const foreign = ["vars", "mocks", "locks", "cases", "suite"]
  const read = fields("a test suite", suiteFields, foreign).read(RobogoReader.merged(node), notes)
  return read === undefined ? undefined : {
    _tag: "Suite",
    spelling: "robogo",
    source,
    span: Reader.headOf(read.node),
    name: read.testsuite ?? source.path,
    description: read.description,
    tags: [],
    vars: read.variables?.vars ?? [],
    secrets: (read.variables?.secrets ?? []).map(secretReference),
    mocks: [],
    setup: read.setup ?? [],
    teardown: read.teardown ?? [],
    serial: read.parallel?.cases !== true,
    locks: [],
    cases: read.testcases ?? [],
    parallel: read.parallel?.cases ?? false,
    maxConcurrency: read.parallel?.max,
    failFast: read.fail_fast ?? false
  }
}
