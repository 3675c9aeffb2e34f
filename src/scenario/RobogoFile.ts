/**
 * Reads the files of Robogo, all three generations, into the same tree. Unknown keys are warnings here: that tool dropped
 * them silently, and its files must run. `docs/robogo.md` lists what is done differently, and why.
 */
import { Duration } from "effect"
import * as DurationText from "../core/DurationText.ts"
import type { SourceText } from "../core/SourceText.ts"
import { expectError, makeRetry } from "./NativeStep.ts"
import * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"
import type { Body, Loop, Retry, Scenario, Step, Suite, SuiteCase } from "./Scenario.ts"

const { any, flag, int, name, named, oneOf, optional, text } = Reader

/** True when a map is a Robogo file: it has `testcase` or `testsuite`. */
export const isRobogo = (node: Node.Node): boolean =>
  Node.get(node, "testcase") !== undefined || Node.get(node, "testsuite") !== undefined

/** Like `Reader.fields`, but unknown keys are warnings; keys of the native spelling are errors. */
const lenient = <const F extends { readonly [key: string]: Reader.Field<unknown> }>(
  what: string,
  table: F
): Reader.Reader<Reader.Read<F>> => ({
  get schema() {
    return Reader.fields(what, table).schema
  },
  read: (node, notes) => {
    if (node._tag !== "Map") return Reader.fields(what, table).read(node, notes)
    const known = node.entries.filter((entry) => Object.hasOwn(table, entry.key))
    for (const entry of node.entries) {
      if (Object.hasOwn(table, entry.key)) continue
      if (nativeKeys.has(entry.key)) {
        Reader.note(
          notes,
          "mixed-spelling",
          `${entry.key} belongs to skein's own spelling, and this is a Robogo file`,
          entry.keySpan,
          "write the whole file in one spelling: name: instead of testcase:, or variables: instead of vars:"
        )
      } else {Reader.warn(
          notes,
          "unknown-key",
          `${what} has no key ${JSON.stringify(entry.key)}: it is left out`,
          entry.keySpan
        )}
    }
    const read = Reader.readKnown(what, table, node, known, notes)
    return { ...read, span: node.span, node } as unknown as Reader.Read<F>
  }
})

const nativeKeys = new Set(["vars", "mocks", "expect", "save", "needs", "data", "locks", "suite", "cases"])

/** A duration as that tool took it: a bad one is `fallback`, with a warning. Numbers are seconds. */
const goDuration = (fallback: Duration.Duration): Reader.Reader<Duration.Duration> => ({
  schema: { type: ["string", "number"] },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? node.value : undefined
    if (typeof value === "number") return Duration.seconds(value)
    const parsed = typeof value === "string" ? DurationText.parse(value) : undefined
    if (parsed === undefined) {
      Reader.warn(
        notes,
        "bad-duration",
        `this is no duration; ${DurationText.format(fallback)} is used`,
        node.span,
        "write it as 500ms or 2s"
      )
    }
    return parsed ?? fallback
  }
})

const retryFields = {
  attempts: optional(int(0), "Tries in all"),
  delay: optional(goDuration(Duration.seconds(1)), "Wait between tries"),
  backoff: optional(oneOf(["fixed", "linear", "exponential"]), "How the wait grows"),
  max_delay: optional(goDuration(Duration.seconds(30)), "The longest wait"),
  jitter: optional(flag, "Vary the wait"),
  stop_on_success: optional(flag, "Always true here: a success is never repeated"),
  retry_if: optional(any, "Condition"),
  retry_on: optional(Reader.list(text), "Kinds of error"),
  conditions: optional(Reader.list(text), "Kinds of error")
}

/** That tool's words for `retry.on`. */
const retryWord = (word: string): ReadonlyArray<string> => {
  switch (word) {
    case "all":
      return ["any", "failed"]
    case "http_error":
      return ["4xx", "5xx"]
    case "connection_error":
      return ["connection"]
    case "assertion_failed":
      return ["failed"]
    case "rate_limit":
    case "4xx":
      return ["429"]
    default:
      return [word]
  }
}

const retry: Reader.Reader<Retry> = Reader.map(lenient("retry", retryFields), (read, _node, notes) => {
  if (read.attempts === 0) {
    Reader.warn(
      notes,
      "zero-attempts",
      "attempts: 0 would leave the step out of every result; it is tried once",
      read.span,
      "use skip: true to leave a step out"
    )
  }
  const words = [...read.retry_on ?? [], ...read.conditions ?? []]
  return makeRetry({
    attempts: Math.max(1, read.attempts ?? 1),
    delay: read.delay,
    backoff: read.backoff,
    maxDelay: read.max_delay,
    jitter: read.jitter,
    on: words.length === 0 ? ["any", "failed"] : words.flatMap(retryWord),
    if: read.retry_if
  })
})

/** `5`, `1..5`, `[a, b]` as text, or a list. */
const loopItems = (node: Node.Node): Node.Node => {
  if (node._tag !== "Scalar" || typeof node.value !== "string") return node
  const list = /^\s*\[(.*)\]\s*$/s.exec(node.value)
  if (list === null) return node
  const items = list[1]!.split(",").map((item) => item.trim().replace(/^(['"])(.*)\1$/s, "$2")).filter((item) =>
    item !== ""
  )
  return { _tag: "List", items: items.map((item) => Node.fromValue(item, node.span)), span: node.span }
}

const block = (what: string, steps: Reader.Reader<ReadonlyArray<Step>>) =>
  lenient(what, {
    condition: Reader.required(any, "The condition"),
    steps: optional(steps, "Steps of each pass"),
    then: optional(steps, "Steps when it holds"),
    else: optional(steps, "Steps when it does not"),
    max_iterations: optional(int(1), "The most passes")
  })

const skipReason = (node: Node.Node | undefined): string | undefined => {
  if (node?._tag !== "Scalar" || node.value === false || node.value === null) return undefined
  return node.value === true ? "skipped by the file" : String(node.value)
}

const stepFields = {
  name: optional(any, "What the step does"),
  action: optional(name, "The action"),
  steps: optional(any, "A group of steps"),
  args: optional(any, "Positional arguments"),
  options: optional(any, "Named options"),
  result: optional(Reader.map(name, (value, node) => ({ name: value, span: node.span })), "Variable for the result"),
  extract: optional(any, "Part of the result"),
  if: optional(any, "Condition"),
  for: optional(any, "Loop"),
  while: optional(any, "Loop"),
  retry: optional(retry, "Try again"),
  continue: optional(flag, "Go on after a failure"),
  continue_on_failure: optional(flag, "Go on after a failure"),
  no_log: optional(flag, "Keep it out of reports"),
  sensitive_fields: optional(Reader.list(name), "Fields to mask"),
  summary: optional(flag, "Show in the summary"),
  expect_error: optional(expectError, "The error that is wanted"),
  skip: optional(any, "Leave it out"),
  verbose: optional(any, "Accepted; use -v"),
  timeout: optional(goDuration(Duration.seconds(30)), "The longest time for one attempt"),
  recovery: optional(any, "Accepted; that tool never read it")
}

const step: Reader.Reader<Step> = {
  schema: {},
  read: (node, notes) => {
    const read = lenient("a step", stepFields).read(node, notes)
    if (read === undefined) return undefined
    const controls = readControls(read, notes)
    const body = controls.body ?? readBody(read, notes)
    return body === undefined ? undefined : {
      spelling: "robogo",
      span: Reader.headOf(read.node),
      name: read.name,
      body,
      if: controls.if,
      for: controls.for,
      while: controls.while,
      retry: read.retry,
      timeout: read.timeout,
      expect: [],
      expectError: read.expect_error,
      extract: read.extract,
      save: [],
      result: read.result,
      continue: read.continue ?? read.continue_on_failure ?? false,
      skip: skipReason(read.skip),
      noLog: read.no_log ?? false,
      sensitiveFields: read.sensitive_fields ?? [],
      summary: read.summary ?? true
    }
  }
}

const steps = Reader.list(step)

/** `if`, `for` and `while` are text in the later generations and blocks with their own steps in the first. */
const readControls = (read: Reader.Read<typeof stepFields>, notes: Reader.Notes): {
  readonly body?: Body
  readonly if?: Node.Node | undefined
  readonly for?: Loop | undefined
  readonly while?: Step["while"]
} => {
  const loopMax = 1_000
  if (read.if?._tag === "Map") {
    const branch = block("if", steps).read(read.if, notes)
    const body: Body = { _tag: "Branch", then: branch?.then ?? branch?.steps ?? [], else: branch?.else ?? [] }
    return { body, if: branch?.condition }
  }
  if (read.for?._tag === "Map") {
    const loop = block("for", steps).read(read.for, notes)
    const items = loop?.condition === undefined ? undefined : loopItems(loop.condition)
    return {
      body: { _tag: "Group", steps: loop?.steps ?? [] },
      if: read.if,
      for: items === undefined ? undefined : { items, max: loop?.max_iterations ?? loopMax }
    }
  }
  if (read.while?._tag === "Map") {
    const loop = block("while", steps).read(read.while, notes)
    const condition = loop?.condition
    return {
      body: { _tag: "Group", steps: loop?.steps ?? [] },
      if: read.if,
      while: condition === undefined ? undefined : { condition, max: loop?.max_iterations ?? loopMax }
    }
  }
  return {
    if: read.if,
    for: read.for === undefined ? undefined : { items: loopItems(read.for), max: loopMax },
    while: read.while === undefined ? undefined : { condition: read.while, max: loopMax }
  }
}

const readBody = (read: Reader.Read<typeof stepFields>, notes: Reader.Notes): Body | undefined => {
  if (read.action !== undefined) {
    const span = Node.get(read.node, "action")!.span
    return { _tag: "Call", action: read.action, actionSpan: span, input: read.args, options: read.options }
  }
  if (read.steps !== undefined) return { _tag: "Group", steps: steps.read(read.steps, notes) ?? [] }
  return Node.get(read.node, "action") !== undefined
    ? undefined
    : Reader.note(
      notes,
      "no-action",
      "this step has neither action nor steps",
      Reader.headOf(read.node),
      "add action: with the name of one"
    )
}

const variablesFields = {
  vars: optional(named(any), "Variables"),
  secrets: optional(named(any), "Secrets")
}

/** `{ value | file, mask_output }`, or text. Everything is masked, whatever `mask_output` says. */
const secretReference = (entry: Reader.Named<Node.Node>): Reader.Named<Node.Node> => {
  const { value } = entry
  if (value._tag === "Scalar") return { ...entry, value: Node.fromValue({ value: String(value.value) }, value.span) }
  if (value._tag !== "Map") return entry
  return { ...entry, value: { ...value, entries: value.entries.filter((field) => field.key !== "mask_output") } }
}

const parallelFields = {
  enabled: optional(flag, "Whether anything runs at once"),
  max_concurrency: optional(int(1), "How many"),
  test_cases: optional(flag, "Cases of a suite"),
  steps: optional(flag, "Steps of a case"),
  http_requests: optional(flag, "Requests of a batch"),
  database_operations: optional(flag, "Statements of a batch"),
  data_validation: optional(flag, "Validations"),
  file_operations: optional(flag, "File actions")
}

const parallel = Reader.byKind({
  expected: "true, false or a map",
  scalar: Reader.map(flag, (enabled) => ({ enabled, steps: false, max: undefined as number | undefined })),
  map: Reader.map(lenient("parallel", parallelFields), (read) => ({
    enabled: read.enabled ?? true,
    steps: (read.enabled ?? true) && (read.steps ?? false),
    max: read.max_concurrency
  }))
})

const scenarioFields = {
  testcase: Reader.required(name, "The case's name"),
  description: optional(text, "What it is for"),
  tags: optional(Reader.list(name), "Words to select by"),
  variables: optional(lenient("variables", variablesFields), "Variables and secrets"),
  templates: optional(named(text), "Message templates"),
  setup: optional(steps, "Steps before"),
  steps: Reader.required(steps, "The steps"),
  teardown: optional(steps, "Steps after"),
  timeout: optional(goDuration(Duration.minutes(5)), "The longest time for the case"),
  verbose: optional(any, "Accepted; use -v"),
  parallel: optional(parallel, "What runs at once"),
  skip: optional(any, "Leave it out"),
  data_management: optional(any, "Data sets"),
  environments: optional(Reader.list(any), "Named sets of variables")
}

/** Reads a Robogo test case. */
export const scenario = (source: SourceText, node: Node.Node, notes: Reader.Notes): Scenario | undefined => {
  const read = lenient("a test case", scenarioFields).read(node, notes)
  return read === undefined ? undefined : {
    _tag: "Scenario",
    spelling: "robogo",
    source,
    span: Reader.headOf(read.node),
    name: read.testcase ?? source.path,
    description: read.description,
    tags: read.tags ?? [],
    vars: read.variables?.vars ?? [],
    secrets: (read.variables?.secrets ?? []).map(secretReference),
    mocks: [],
    setup: read.setup ?? [],
    steps: read.steps ?? [],
    teardown: read.teardown ?? [],
    // Files of that tool run one after the other, unless their `parallel` says otherwise.
    serial: read.parallel?.enabled !== true,
    locks: [],
    skip: skipReason(read.skip),
    concurrency: read.parallel?.steps === true ? read.parallel.max ?? 4 : 1,
    timeout: read.timeout,
    dataManagement: read.data_management,
    environments: read.environments ?? [],
    templates: read.templates ?? []
  }
}

const suiteCase: Reader.Reader<SuiteCase> = Reader.map(
  lenient("a test case of the suite", {
    file: Reader.required(name, "The file"),
    name: optional(name, "Another name"),
    variables: optional(any, "Variables over those of the file"),
    options: optional(any, "Accepted; that tool never read it")
  }),
  (read, node, notes) => {
    if (read.file === undefined) return undefined
    const variables = read.variables?._tag === "Map" && Node.get(read.variables, "vars") !== undefined
      ? Node.get(read.variables, "vars")
      : read.variables
    return {
      file: read.file,
      fileSpan: Node.get(node, "file")?.span ?? node.span,
      name: read.name,
      vars: variables === undefined ? [] : named(any).read(variables, notes) ?? [],
      tags: []
    }
  }
)

const suiteFields = {
  testsuite: Reader.required(name, "The suite's name"),
  description: optional(text, "What it is for"),
  variables: optional(lenient("variables", variablesFields), "Variables and secrets"),
  setup: optional(steps, "Steps before all cases"),
  testcases: Reader.required(Reader.list(suiteCase), "The cases"),
  teardown: optional(steps, "Steps after all cases"),
  parallel: optional(parallel, "Whether cases run at once"),
  fail_fast: optional(flag, "Stop at the first failure"),
  options: optional(any, "Accepted; that tool never read it")
}

/** Reads a Robogo test suite. */
export const suite = (source: SourceText, node: Node.Node, notes: Reader.Notes): Suite | undefined => {
  const read = lenient("a test suite", suiteFields).read(node, notes)
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
    serial: read.parallel?.enabled !== true,
    locks: [],
    cases: read.testcases ?? [],
    parallel: read.parallel?.enabled ?? false,
    maxConcurrency: read.parallel?.max,
    failFast: read.fail_fast ?? false
  }
}
