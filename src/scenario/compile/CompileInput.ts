/**
 * The input of an action: found in the file by name or by position, checked against the action's Schema as far as it is
 * constant, compiled for the rest.
 */
import { Result, Schema, SchemaAST, SchemaIssue } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import type { Problem, Span } from "../../core/SourceText.ts"
import { emptyRecord, type Value } from "../../core/Value.ts"
import type * as Action from "../Action.ts"
import { fieldKind, fieldNames } from "../Fields.ts"
import * as Node from "../read/Node.ts"
import type { Spelling } from "../Scenario.ts"
import * as Code from "./Code.ts"
import type { CompiledInput, CompiledStep, InputField } from "./Compiled.ts"
import * as SqlCode from "./SqlCode.ts"

export interface InputContext {
  readonly spelling: Spelling
  readonly problems: Array<Problem>
  /** Compiles a step that stands inside the input. */
  readonly step: (node: Node.Node) => CompiledStep | undefined
}

export interface InputSource {
  /** The name by which the file called the action. */
  readonly name: string
  readonly nameSpan: Span
  readonly input: Node.Node | undefined
  readonly options: Node.Node | undefined
}

/** Compiles the input of one call; `undefined` after a problem that leaves nothing to run. */
export const compile = (action: Action.Any, source: InputSource, context: InputContext): CompiledInput | undefined => {
  if (context.spelling === "robogo" && action.robogo?.input !== undefined) {
    const none = Node.fromValue([], source.nameSpan)
    return {
      _tag: "Call",
      name: source.name,
      args: argsOf(asList(source.input) ?? none, action.robogo.sql?.(source.name), context),
      options: Code.template(source.options ?? Node.fromValue({}, source.nameSpan), "robogo", context.problems)
    }
  }
  const entries = context.spelling === "robogo"
    ? positional(action, source, context)
    : nativeEntries(action, source, context)
  const meant = new Set<string>()
  const fields = entries.flatMap((entry) => {
    const schema = action.input.fields[entry.key]
    if (schema === undefined) {
      meant.add(unknownInput(action, entry, context) ?? "")
      return []
    }
    const field = compileField(entry, schema, context)
    return field === undefined ? [] : [field]
  })
  // A misspelt input has been told already.
  checkPresence(action, source, new Set([...entries.map((entry) => entry.key), ...meant]), fields, context)
  return { _tag: "Named", fields }
}

/** Robogo's arguments; the one that is SQL keeps values apart from the text. */
const argsOf = (args: Node.Node, sql: number | undefined, context: InputContext): Code.Code =>
  args._tag !== "List" || sql === undefined
    ? Code.template(args, "robogo", context.problems)
    : Code.listOf(
      args,
      args.items.map((item, index) =>
        index === sql ? sqlOf(item, context) : Code.template(item, "robogo", context.problems)
      )
    )

const sqlKeys = new Set(["query", "sql", "execute", "text"])

/** One statement, a list of them, or a map that has its statement beside its values. */
const sqlOf = (node: Node.Node, context: InputContext): Code.Code => {
  if (node._tag === "List") return Code.listOf(node, node.items.map((item) => sqlOf(item, context)))
  if (node._tag !== "Map") return SqlCode.compile(node, context.problems)
  return Code.recordOf(
    node,
    node.entries.map(({ key, value }) => [
      key,
      sqlKeys.has(key) ? SqlCode.compile(value, context.problems) : Code.template(value, "robogo", context.problems)
    ])
  )
}

/** The kind of a field that is no template: `expression`, `expressions`, `step`, `plain` or `sql`. */
export const kindOf = (schema: Schema.Constraint): unknown => SchemaAST.resolve(schema.ast)?.[fieldKind]

/** The names that the expressions of a field see before all others. */
export const namesOf = (schema: Schema.Constraint): ReadonlySet<string> | undefined =>
  SchemaAST.resolve(schema.ast)?.[fieldNames] as ReadonlySet<string> | undefined

const asList = (node: Node.Node | undefined): Node.Node | undefined =>
  node === undefined || node._tag === "List" ? node : { _tag: "List", items: [node], span: node.span }

/** A map names its inputs; anything else is the first positional one. */
const nativeEntries = (action: Action.Any, source: InputSource, context: InputContext): ReadonlyArray<Node.Entry> => {
  const { input } = source
  if (input === undefined || input._tag === "Scalar" && input.value === null) return []
  const first = action.positional[0]
  if (input._tag === "Map") {
    const named = input.entries.some((entry) => Object.hasOwn(action.input.fields, entry.key))
    // `wait_for` and `secret` may be given a map that is itself their first input.
    const whole = !named && first !== undefined && input.entries.length > 0 &&
      ["step", "source"].includes(String(kindOf(action.input.fields[first]!)))
    return whole ? [{ key: first, keySpan: source.nameSpan, value: input }] : input.entries
  }
  if (first === undefined) {
    context.problems.push(
      error("wrong-type", `${action.name} takes a map of inputs, found ${Node.describe(input)}`, input.span)
    )
    return []
  }
  return [{ key: first, keySpan: source.nameSpan, value: input }]
}

const positional = (action: Action.Any, source: InputSource, context: InputContext): ReadonlyArray<Node.Entry> => {
  const args = asList(source.input)
  const items = args?._tag === "List" ? args.items : []
  const entries: Array<Node.Entry> = []
  items.forEach((item, index) => {
    const key = action.positional[index]
    if (key === undefined) {
      const most = action.positional.length
      context.problems.push({
        ...error(
          "too-many-arguments",
          `${source.name} takes ${most} argument${most === 1 ? "" : "s"}; this one is left out`,
          item.span
        ),
        severity: "warning"
      })
    } else entries.push({ key, keySpan: item.span, value: item })
  })
  return source.options?._tag === "Map" ? [...entries, ...source.options.entries] : entries
}

const unknownInput = (action: Action.Any, entry: Node.Entry, context: InputContext): string | undefined => {
  const known = Object.keys(action.input.fields).filter((key) => !key.startsWith("any_"))
  const close = suggest(entry.key, known)
  context.problems.push({
    ...error(
      "unknown-input",
      `${action.name} has no input ${JSON.stringify(entry.key)}`,
      entry.keySpan,
      close === undefined ? `its inputs: ${known.join(", ")}` : `did you mean ${close}?`
    ),
    severity: context.spelling === "robogo" ? "warning" : "error"
  })
  return close
}

const compileField = (entry: Node.Entry, schema: Schema.Constraint, context: InputContext): InputField | undefined => {
  const { key, value } = entry
  switch (kindOf(schema)) {
    case "expression":
      return { _tag: "Expression", key, code: Code.expression(value, context.spelling, context.problems) }
    case "expressions": {
      const items = value._tag === "List" ? value.items : [value]
      return {
        _tag: "Expressions",
        key,
        codes: items.map((item) => Code.condition(item, context.spelling, context.problems))
      }
    }
    case "step": {
      const step = context.step(value)
      return step === undefined ? undefined : { _tag: "Step", key, step }
    }
    case "plain":
      return plainField(entry, context)
    case "statements":
      return statementsField(entry, schema, context)
    default: {
      const code = Code.template(value, context.spelling, context.problems)
      if (code.constant !== undefined) checkConstant(entry, schema, code.constant, context)
      return { _tag: "Template", key, code }
    }
  }
}

/** Text that takes no `${}`: SQL, whose values are bound. */
const plainField = (entry: Node.Entry, context: InputContext): InputField => ({
  _tag: "Template",
  key: entry.key,
  code: plainCode(entry, context)
})

const plainCode = (entry: Node.Entry, context: InputContext): Code.Code => {
  const text = entry.value._tag === "Scalar" && typeof entry.value.value === "string" ? entry.value.value : undefined
  const hole = text?.search(/(?<!\$)\$\{/) ?? -1
  if (hole !== -1) {
    const end = text!.indexOf("}", hole)
    context.problems.push(error(
      "template-not-allowed",
      `${entry.key} takes no \${}: a value pasted into it could change what it does`,
      Node.partSpan(entry.value, hole, end === -1 ? hole + 2 : end + 1),
      "write $1 in its place and give the value in params: [\"${...}\"]"
    ))
  }
  return Code.constantOf(entry.value, Node.toValue(entry.value))
}

/** A list of statements: their SQL is plain, their values are templates. */
const statementsField = (entry: Node.Entry, schema: Schema.Constraint, context: InputContext): InputField => {
  const items = entry.value._tag === "List" ? entry.value.items : [entry.value]
  const code = Code.listOf(
    entry.value,
    items.map((item) =>
      item._tag === "Map"
        ? Code.recordOf(
          item,
          item.entries.map((field) => [
            field.key,
            field.key === "params"
              ? Code.template(field.value, context.spelling, context.problems)
              : plainCode(field, context)
          ])
        )
        : plainCode({ ...entry, value: item }, context)
    )
  )
  if (code.constant !== undefined) checkConstant(entry, schema, code.constant, context)
  return { _tag: "Template", key: entry.key, code }
}

const checkConstant = (entry: Node.Entry, schema: Schema.Constraint, value: Value, context: InputContext): void => {
  const decode = decoderOf(schema)
  const result = decode(value)
  if (Result.isSuccess(result)) return
  for (const issue of issuesOf(result.failure)) {
    const place = nodeAt(entry.value, issue.path)
    context.problems.push({
      ...error("bad-input", `${[entry.key, ...issue.path].join(".")}: ${issue.message}`, place.span),
      // A bad value in a Robogo file is found when it runs.
      severity: context.spelling === "robogo" ? "warning" : "error"
    })
  }
}

type Decoder = (value: unknown) => Result.Result<unknown, Schema.SchemaError>

const decoders = new WeakMap<SchemaAST.AST, Decoder>()

/** The decoder of a schema, made once: making one is far dearer than using it. */
export const decoderOf = (schema: Schema.Constraint): Decoder => {
  const known = decoders.get(schema.ast)
  if (known !== undefined) return known
  // Inputs decode without services: field schemas are pure.
  const made = Schema.decodeUnknownResult(schema as Schema.Codec<unknown>, { errors: "all", onExcessProperty: "error" })
  decoders.set(schema.ast, made as Decoder)
  return made as Decoder
}

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

/** All issues of a failed decoding, each with the path of keys that leads to it. */
export const issuesOf = (
  failure: Schema.SchemaError
): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly message: string }> =>
  formatter(failure.issue).issues.map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)),
    message: issue.message.slice(0, 1).toLowerCase() + issue.message.slice(1)
  }))

/** The node at a path of keys, or the deepest one on the way to it. */
export const nodeAt = (node: Node.Node, path: ReadonlyArray<string>): Node.Node => {
  const [first, ...rest] = path
  if (first === undefined) return node
  const child = node._tag === "List" ? node.items[Number(first)] : Node.get(node, first)
  return child === undefined ? node : nodeAt(child, rest)
}

const checkPresence = (
  action: Action.Any,
  source: InputSource,
  present: ReadonlySet<string>,
  fields: ReadonlyArray<InputField>,
  context: InputContext
): void => {
  const severity = context.spelling === "robogo" ? "warning" : "error"
  for (const [key, schema] of Object.entries(action.input.fields)) {
    if (present.has(key) || schema.ast.context?.isOptional === true) continue
    const description = SchemaAST.resolveDescription(schema.ast)
    const why = description === undefined ? "" : `: ${description}`
    context.problems.push({ ...error("missing-input", `${source.name} needs ${key}${why}`, source.nameSpan), severity })
  }
  for (const message of action.validate?.(present, constantsOf(fields)) ?? []) {
    context.problems.push({ ...error("bad-input", `${source.name}: ${message}`, source.nameSpan), severity })
  }
}

/** The inputs that are the same on every run. */
export const constantsOf = (fields: ReadonlyArray<InputField>): { readonly [key: string]: Value } => {
  const constants = emptyRecord()
  for (const field of fields) {
    if (field._tag === "Template" && field.code.constant !== undefined) constants[field.key] = field.code.constant
  }
  return constants
}

const error = (code: string, message: string, span: Span, hint?: string): Problem => ({
  code,
  message,
  hint,
  severity: "error",
  span
})
