/** Reads the steps of Robogo's files: controls as blocks in the first generation, as text in the later ones. */
import { Duration } from "effect"
import * as Node from "../read/Node.ts"
import * as Reader from "../read/Reader.ts"
import type { Body, ExpectError, Loop, Step } from "../Scenario.ts"
import * as RobogoReader from "./RobogoReader.ts"
import * as RobogoRetry from "./RobogoRetry.ts"

const { any, name, optional } = Reader
const { condition, duration, fields, flag, int, soft, words } = RobogoReader

/** Loops of a file of that tool end: it had no larger ones, or no bound at all. */
const maxPasses = { for: 10_000, while: 1_000 }

const expectError: Reader.Reader<ExpectError> = Reader.byKind<ExpectError, ExpectError>({
  expected: "text that the error contains, or a map with type and message",
  scalar: Reader.map(any, (message, node) =>
    message._tag === "Scalar" && typeof message.value === "boolean"
      ? { type: "any", span: node.span }
      : { type: "contains", message, span: node.span }),
  map: Reader.map(
    fields("expect_error", {
      type: optional(name, "How the message is compared"),
      message: optional(any, "What it is compared with")
    }),
    (read, node) => ({
      type: read.type ?? (read.message === undefined ? "any" : "contains"),
      message: read.message,
      span: node.span
    })
  )
})

const extractKeys = [
  "type",
  "path",
  "expression",
  "group",
  "multiple",
  "row",
  "column",
  "delimiter",
  "filter",
  "has_header"
]

/** Keys that mean nothing to `Extract` are left out. */
const extract: Reader.Reader<Node.Node> = {
  schema: {},
  read: (node, notes) => {
    if (node._tag !== "Map" || Node.get(node, "type") === undefined) return node
    const known = node.entries.filter((entry) => extractKeys.includes(entry.key))
    for (const entry of node.entries) {
      if (known.includes(entry)) continue
      const message = `extract has no key ${JSON.stringify(entry.key)}: it is left out`
      Reader.warn(notes, "unknown-key", message, entry.keySpan)
    }
    return { ...node, entries: known }
  }
}

/** The items of `[a, b]`, which may stand there as text. */
const loopItems = (node: Node.Node): Node.Node => {
  if (node._tag !== "Scalar" || typeof node.value !== "string") return node
  const list = /^\s*\[(.*)\]\s*$/s.exec(node.value)
  if (list === null) return node
  const items = list[1]!.split(",").map((item) => item.trim().replace(/^(['"])(.*)\1$/s, "$2")).filter((item) =>
    item !== ""
  )
  return { _tag: "List", items: items.map((item) => Node.fromValue(item, node.span)), span: node.span }
}

/** Why a step or case is left out; `undefined` when it is not. */
export const skipReason = (node: Node.Node | undefined): string | undefined => {
  if (node?._tag !== "Scalar" || node.value === null || /^(false|no|)$/i.test(String(node.value))) return undefined
  return node.value === true || node.value === "true" ? "skipped by the file" : String(node.value)
}

const stepFields = {
  name: optional(any, "What the step does"),
  action: optional(name, "The action"),
  steps: optional(any, "A group of steps"),
  args: optional(any, "Positional arguments"),
  options: optional(any, "Named options"),
  result: optional(
    soft(Reader.map(name, (value, node) => ({ name: value, span: node.span }))),
    "Variable for the result"
  ),
  extract: optional(extract, "Part of the result"),
  if: optional(any, "Condition"),
  for: optional(any, "Loop"),
  while: optional(any, "Loop"),
  retry: optional(soft(RobogoRetry.retry), "Try again"),
  continue: optional(flag, "Go on after a failure"),
  continue_on_failure: optional(flag, "Go on after a failure"),
  no_log: optional(flag, "Keep it out of reports"),
  sensitive_fields: optional(words, "Fields to mask"),
  summary: optional(flag, "Show in the summary"),
  expect_error: optional(soft(expectError), "The error that is wanted"),
  skip: optional(any, "Leave it out"),
  verbose: optional(any, "Accepted; use -v"),
  timeout: optional(duration(Duration.seconds(30)), "The longest time for one attempt"),
  recovery: optional(any, "Accepted; that tool never read it")
}

type StepFields = Reader.Read<typeof stepFields>

/** Reads one step. */
export const step: Reader.Reader<Step> = {
  schema: {},
  read: (node, notes) => {
    const read = fields("a step", stepFields, ["expect", "save", "needs", "include"]).read(node, notes)
    if (read === undefined) return undefined
    const controls = readControls(read, notes)
    const body = readBody(read, controls.body, notes)
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

export const steps = Reader.list(step)

interface Controls {
  /** Steps of the control's own block. */
  readonly body?: Body | undefined
  readonly if?: Node.Node | undefined
  readonly for?: Loop | undefined
  readonly while?: Step["while"]
}

const block = (what: string, field: Reader.Reader<Node.Node>) =>
  fields(what, {
    condition: Reader.required(field, "The condition"),
    steps: optional(steps, "Steps of each pass"),
    then: optional(steps, "Steps when it holds"),
    else: optional(steps, "Steps when it does not"),
    max_iterations: optional(int(1), "The most passes")
  })

const readControls = (read: StepFields, notes: Reader.Notes): Controls => {
  const when = read.if === undefined || read.if._tag === "Map" ? undefined : condition.read(read.if, notes)
  if (read.if?._tag === "Map") {
    const branch = block("if", condition).read(read.if, notes)
    const body: Body = { _tag: "Branch", then: branch?.then ?? branch?.steps ?? [], else: branch?.else ?? [] }
    return { body, if: branch?.condition, for: loopOf(read.for), while: whileOf(read.while, notes) }
  }
  if (read.for?._tag === "Map") {
    const loop = block("for", any).read(read.for, notes)
    return {
      body: { _tag: "Group", steps: loop?.steps ?? [] },
      if: when,
      for: loopOf(loop?.condition, loop?.max_iterations)
    }
  }
  if (read.while?._tag === "Map") {
    const loop = block("while", condition).read(read.while, notes)
    return {
      body: { _tag: "Group", steps: loop?.steps ?? [] },
      if: when,
      while: whileOf(loop?.condition, notes, loop?.max_iterations)
    }
  }
  return { if: when, for: loopOf(read.for), while: whileOf(read.while, notes) }
}

const loopOf = (node: Node.Node | undefined, max = maxPasses.for): Loop | undefined =>
  node === undefined || node._tag === "Map" ? undefined : { items: loopItems(node), max }

const whileOf = (node: Node.Node | undefined, notes: Reader.Notes, max = maxPasses.while): Step["while"] => {
  const holds = node === undefined || node._tag === "Map" ? undefined : condition.read(node, notes)
  return holds === undefined ? undefined : { condition: holds, max }
}

/** The one thing that a step does: its action, its group, or the steps of its control. */
const readBody = (read: StepFields, block: Body | undefined, notes: Reader.Notes): Body | undefined => {
  const group: Body | undefined = read.steps === undefined
    ? undefined
    : { _tag: "Group", steps: steps.read(read.steps, notes) ?? [] }
  const call: Body | undefined = read.action === undefined ? undefined : {
    _tag: "Call",
    action: read.action,
    actionSpan: Node.get(read.node, "action")!.span,
    input: read.args,
    options: read.options
  }
  if (call !== undefined && group !== undefined) {
    return Reader.note(
      notes,
      "two-actions",
      "this step has both action and steps",
      Reader.headOf(read.node),
      "make each a step of its own"
    )
  }
  if (block !== undefined) {
    // An action beside a block never ran.
    if (call !== undefined) Reader.warn(notes, "unused-action", "the block takes the place of this action", read.span)
    return block
  }
  return call ?? group ??
    Reader.note(
      notes,
      "no-action",
      "this step has neither action nor steps",
      Reader.headOf(read.node),
      "add action: with the name of one"
    )
}
