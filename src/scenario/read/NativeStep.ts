/** Reads the steps of skein's own spelling: their controls and the one action each has. */
import { Duration } from "effect"
import type { Body, Expectation, ExpectError, Loop, Metric, Retry, Step } from "../Scenario.ts"
import { metricKinds, reservedNames } from "../Scenario.ts"
import type * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"

const { any, duration, flag, int, name, named, oneOf, oneOrMany, optional, required, text } = Reader

export const words = oneOrMany(name)

/** `true` or a reason. */
export const skip: Reader.Reader<string> = {
  schema: { type: ["boolean", "string"] },
  read: (node, notes) =>
    node._tag === "Scalar" && typeof node.value === "boolean"
      ? node.value ? "skipped by the file" : ""
      : name.read(node, notes)
}

export const variables: Reader.Reader<ReadonlyArray<Reader.Named<Node.Node>>> = Reader.map(
  named(any),
  (entries, _node, notes) => {
    for (const entry of entries) {
      if ((reservedNames as ReadonlyArray<string>).includes(entry.name)) {
        Reader.note(notes, "reserved-name", `${entry.name} is a reserved name`, entry.nameSpan, "choose another name")
      } else if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(entry.name)) {
        Reader.note(
          notes,
          "bad-name",
          `${JSON.stringify(entry.name)} cannot be the name of a variable`,
          entry.nameSpan,
          "use letters, digits, _ and -, and begin with a letter"
        )
      }
    }
    return entries
  }
)

const metric: Reader.Reader<Metric> = Reader.map(
  Reader.fields("a metric", {
    trend: optional(any, "A number whose distribution is kept"),
    rate: optional(any, "True or false, of which the share that is true is kept"),
    counter: optional(any, "A number that is added up")
  }),
  (read, node, notes) => {
    const [first, ...more] = metricKinds.flatMap((kind) =>
      read[kind] === undefined ? [] : [{ kind, value: read[kind] }]
    )
    return first === undefined || more.length > 0
      ? Reader.note(
        notes,
        "bad-metric",
        "a metric is one of trend, rate and counter",
        Reader.headOf(node),
        "write queue_depth: { trend: body.depth }, for example"
      )
      : first
  }
)

const loopDefaults = { max: 10_000 }

const loop: Reader.Reader<Loop> = Reader.byKind<Loop, Loop, Loop>({
  expected: "a list, a range such as 1..5, a count or an expression",
  scalar: Reader.map(any, (items) => ({ ...loopDefaults, items })),
  list: Reader.map(any, (items) => ({ ...loopDefaults, items })),
  map: Reader.map(
    Reader.fields("for", {
      in: required(any, "A list, a range such as 1..5, a count or an expression"),
      as: optional(name, "Another name for item"),
      max: optional(int(1), "The most passes; more is an error [default: 10000]")
    }),
    (read) => read.in === undefined ? undefined : { items: read.in, as: read.as, max: read.max ?? loopDefaults.max }
  )
})

const whileLoop = Reader.byKind({
  expected: "an expression",
  scalar: Reader.map(any, (condition) => ({ condition, max: 1_000 })),
  map: Reader.map(
    Reader.fields("while", {
      condition: required(any, "Another pass is made while this holds"),
      max: optional(int(1), "The most passes; more is an error [default: 1000]")
    }),
    (read) => read.condition === undefined ? undefined : { condition: read.condition, max: read.max ?? 1_000 }
  )
})

/** The words of `retry.on`, beside statuses such as `503` and classes such as `5xx`. */
export const retryWords = ["any", "timeout", "connection", "unavailable", "status", "failed", "rate_limit"] as const

const retryOn: Reader.Reader<string> = Reader.map(
  text,
  (word, node, notes) =>
    (retryWords as ReadonlyArray<string>).includes(word) || /^[1-5](\d\d|xx)$/.test(word)
      ? word
      : Reader.note(
        notes,
        "unknown-word",
        `retry.on does not know ${JSON.stringify(word)}`,
        node.span,
        `use a status (503), a class of them (5xx), or one of ${retryWords.join(", ")}`
      )
)

export const makeRetry = (read: { readonly [K in keyof Retry]?: Retry[K] | undefined }): Retry => ({
  attempts: read.attempts ?? 3,
  delay: read.delay ?? Duration.zero,
  backoff: read.backoff ?? "fixed",
  maxDelay: read.maxDelay,
  jitter: read.jitter ?? false,
  on: read.on,
  if: read.if
})

const retry: Reader.Reader<Retry> = Reader.byKind<Retry, Retry>({
  expected: "a number of attempts or a map",
  scalar: Reader.map(int(1), (attempts) => makeRetry({ attempts })),
  map: Reader.map(
    Reader.fields("retry", {
      attempts: optional(int(1), "Tries in all, the first included [default: 3]"),
      delay: optional(duration, "Wait before the second try [default: none]"),
      backoff: optional(oneOf(["fixed", "linear", "exponential"]), "How the wait grows [default: fixed]"),
      max_delay: optional(duration, "The longest wait"),
      jitter: optional(flag, "Vary each wait by up to 25 % [default: false]"),
      on: optional(
        oneOrMany(retryOn),
        "What is tried again: 5xx, 503, timeout, connection, failed, ... [default: every error]"
      ),
      if: optional(any, "Tried again only while this expression holds")
    }),
    (read) => makeRetry({ ...read, maxDelay: read.max_delay })
  )
})

const expectation: Reader.Reader<Expectation> = Reader.byKind<Expectation, Expectation>({
  expected: "an expression, or a map with schema, openapi or snapshot",
  scalar: Reader.map(any, (node) => ({ _tag: "Expression", node })),
  map: Reader.map(
    Reader.fields("expect", {
      schema: optional(name, "JSON Schema file that the body (or the output) must meet"),
      openapi: optional(name, "OpenAPI file whose operation the answer must meet"),
      operation: optional(name, "operationId in the OpenAPI file"),
      snapshot: optional(any, "Compare with the stored answer: true, or the snapshot's name"),
      mask: optional(oneOrMany(name), "Paths left out of the snapshot")
    }),
    (read, node, notes): Expectation | undefined => {
      if (read.schema !== undefined) return { _tag: "JsonSchema", file: read.schema, span: node.span }
      if (read.openapi !== undefined) {
        return read.operation === undefined
          ? Reader.note(notes, "missing-key", "expect.openapi needs operation: the operationId", Reader.headOf(node))
          : { _tag: "OpenApi", file: read.openapi, operation: read.operation, span: node.span }
      }
      if (read.snapshot?._tag === "Scalar") {
        const snapshot = typeof read.snapshot.value === "string" ? read.snapshot.value : undefined
        return { _tag: "Snapshot", name: snapshot, mask: read.mask ?? [], span: node.span }
      }
      return Reader.note(
        notes,
        "missing-key",
        "expect needs an expression, schema, openapi or snapshot",
        Reader.headOf(node)
      )
    }
  )
})

export const errorTypes = [
  "any",
  "contains",
  "not_contains",
  "matches",
  "not_matches",
  "exact",
  "starts_with",
  "ends_with"
] as const

/** `expect_error`, the same in both spellings: text that the message contains, `true` for any, or a map. */
export const expectError: Reader.Reader<ExpectError> = Reader.byKind<ExpectError, ExpectError>({
  expected: "text that the error contains, or a map with type and message",
  scalar: Reader.map(any, (message, node) =>
    message._tag === "Scalar" && typeof message.value === "boolean"
      ? { type: "any", span: node.span }
      : { type: "contains", message, span: node.span }),
  map: Reader.map(
    Reader.fields("expect_error", {
      type: optional(oneOf(errorTypes), "How the message is compared [default: contains]"),
      message: optional(any, "What it is compared with")
    }),
    (read, node) => ({
      type: read.type ?? (read.message === undefined ? "any" : "contains"),
      message: read.message,
      span: node.span
    })
  )
})

const include = Reader.byKind({
  expected: "a file, or a map with file and vars",
  scalar: Reader.map(name, (file, node) => ({ file, fileSpan: node.span, vars: [] })),
  map: Reader.map(
    Reader.fields("include", {
      file: required(name, "The scenario whose steps stand here, relative to this file"),
      vars: optional(variables, "Variables for its steps, over its own")
    }),
    (read, node) =>
      read.file === undefined ? undefined : { file: read.file, fileSpan: node.span, vars: read.vars ?? [] }
  )
})

const identifier: Reader.Reader<string> = Reader.map(name, (id, node, notes) =>
  /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(id)
    ? id
    : Reader.note(
      notes,
      "bad-name",
      `${JSON.stringify(id)} cannot be an id`,
      node.span,
      "use letters, digits, _ and -"
    ))

/** Everything that a step may have beside its action. */
export const stepFields = {
  id: optional(identifier, "A name for needs and steps.<id>"),
  name: optional(any, "What the step does, for people"),
  if: optional(any, "The step is skipped unless this expression holds"),
  for: optional(loop, "Repeat for each item: a list, a range such as 1..5, a count or an expression"),
  while: optional(whileLoop, "Repeat while this expression holds"),
  needs: optional(
    oneOrMany(Reader.map(name, (id, node) => ({ id, span: node.span }))),
    "Ids of steps that must have passed before"
  ),
  retry: optional(retry, "Try again after an error"),
  timeout: optional(duration, "The longest time for one attempt"),
  expect: optional(oneOrMany(expectation), "What must hold of the output: expressions, schema, openapi, snapshot"),
  expect_error: optional(expectError, "The step passes when it fails like this"),
  extract: optional(any, "Take a part of the output by jq, jsonpath, xpath, regex or csv; it becomes the output"),
  save: optional(variables, "Variables set from expressions over the output"),
  metrics: optional(
    named(metric),
    "What skein load measures of the output by trend, rate or counter; skein run takes no notice"
  ),
  continue: optional(flag, "Go on after a failure; the case has failed all the same [default: false]"),
  skip: optional(skip, "Leave the step out: true or the reason"),
  no_log: optional(flag, "Keep input and output out of every report [default: false]"),
  sensitive_fields: optional(words, "Names of fields whose values are masked in reports"),
  summary: optional(flag, "False hides the step from summaries [default: true]"),
  steps: optional(any, "A group of steps"),
  include: optional(include, "The steps of another file")
}

/** Reads one step; `actions` are the names that may stand as its key. */
export const step = (actions: ReadonlyArray<string>): Reader.Reader<Step> => ({
  schema: { $ref: "#/$defs/step" },
  read: (node, notes) => {
    if (node._tag !== "Map") {
      return Reader.note(
        notes,
        "wrong-type",
        "a step is a map with one action as a key",
        node.span,
        "write - http: { url: ... }, for example"
      )
    }
    const controls = node.entries.filter((entry) => Object.hasOwn(stepFields, entry.key))
    const read = Reader.readKnown("a step", stepFields, node, controls, notes) as Reader.Read<typeof stepFields>
    const body = readBody(node, read, actions, notes)
    if (body === undefined) return undefined
    return {
      spelling: "native",
      span: Reader.headOf(node),
      id: read.id,
      name: read.name,
      body,
      if: read.if,
      for: read.for,
      while: read.while,
      needs: read.needs,
      retry: read.retry,
      timeout: read.timeout,
      expect: read.expect ?? [],
      expectError: read.expect_error,
      extract: read.extract,
      save: read.save ?? [],
      metrics: read.metrics,
      continue: read.continue ?? false,
      skip: read.skip === "" || body._tag === "Call" && body.action === "skip" ? undefined : read.skip,
      noLog: read.no_log ?? false,
      sensitiveFields: read.sensitive_fields ?? [],
      summary: read.summary ?? true
    }
  }
})

const readBody = (
  node: Node.MapNode,
  read: Reader.Read<typeof stepFields>,
  actions: ReadonlyArray<string>,
  notes: Reader.Notes
): Body | undefined => {
  const others = node.entries.filter((entry) => !Object.hasOwn(stepFields, entry.key))
  const known = others.filter((entry) => actions.includes(entry.key))
  const unknown = others.filter((entry) => !actions.includes(entry.key))
  const isGroup = read.steps !== undefined
  const isInclude = node.entries.some((entry) => entry.key === "include")
  const keys = [...Object.keys(stepFields), ...actions]
  for (const entry of unknown) Reader.unknownKey("a step", entry, keys, notes, "skein actions lists all actions")
  const count = known.length + (isGroup ? 1 : 0) + (isInclude ? 1 : 0)
  if (count > 1) {
    const second = known[1] ?? known[0]
    return Reader.note(
      notes,
      "two-actions",
      "a step has one action, this one has several",
      second?.keySpan ?? node.span,
      "make each a step of its own"
    )
  }
  if (known[0] !== undefined) {
    return { _tag: "Call", action: known[0].key, actionSpan: known[0].keySpan, input: known[0].value }
  }
  if (isGroup) return { _tag: "Group", steps: steps(actions).read(read.steps!, notes) ?? [] }
  if (isInclude) return read.include === undefined ? undefined : { _tag: "Include", ...read.include }
  // Beside an action `skip` leaves that step out; alone it is the action that ends the case.
  const skips = node.entries.find((entry) => entry.key === "skip")
  if (skips !== undefined && unknown.length === 0 && actions.includes("skip")) {
    const input = skips.value._tag === "Scalar" && skips.value.value === true ? undefined : skips.value
    return { _tag: "Call", action: "skip", actionSpan: skips.keySpan, input }
  }
  return unknown.length > 0
    ? undefined
    : Reader.note(
      notes,
      "no-action",
      "this step has no action",
      Reader.headOf(node),
      "add one, such as http: or assert:"
    )
}

export const steps = (actions: ReadonlyArray<string>): Reader.Reader<ReadonlyArray<Step>> => Reader.list(step(actions))
