/**
 * Turns the tree into closures and finds everything that is wrong in it, in one walk: unknown actions and inputs, bad
 * constants, unknown names, orders that cannot be. What `skein check` prints is what this notes.
 */
import { Result, Schema } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import type { Problem, Span } from "../../core/SourceText.ts"
import * as MockServer from "../../services/MockServer.ts"
import * as SecretReference from "../../services/SecretReference.ts"
import type * as Action from "../Action.ts"
import { locationOf } from "../Event.ts"
import * as Declared from "../read/Declared.ts"
import * as Known from "../read/Known.ts"
import * as NativeStep from "../read/NativeStep.ts"
import * as Node from "../read/Node.ts"
import type { Named } from "../read/Reader.ts"
import * as RobogoPlan from "../robogo/RobogoPlan.ts"
import * as DataSetsModel from "../run/DataSets.ts"
import type { DataSets, Head, MetricKind, Scenario, Spelling, Step, Suite } from "../Scenario.ts"
import * as Code from "./Code.ts"
import type {
  CompiledBody,
  CompiledData,
  CompiledExpectation,
  CompiledInput,
  CompiledMetric,
  CompiledScenario,
  CompiledStep,
  CompiledSuite,
  NamedCode
} from "./Compiled.ts"
import * as CompileInput from "./CompileInput.ts"
import * as Plan from "./Plan.ts"
import * as StepWork from "./StepWork.ts"

export interface CompileOptions {
  readonly actions: ReadonlyArray<Action.Any>
  /** Names set from outside: flags, the environment chosen, `skein.yaml`. */
  readonly variables: Iterable<string>
  readonly secrets: Iterable<string>
  /** Names that may stand in place of a URL. @default any */
  readonly connections?: Iterable<string> | undefined
}

/** The actions by every name under which files may call them. */
export interface ActionIndex {
  readonly native: ReadonlyMap<string, Action.Any>
  readonly robogo: ReadonlyMap<string, Action.Any>
}

export const indexActions = (actions: ReadonlyArray<Action.Any>): ActionIndex => {
  const native = new Map(actions.map((action) => [action.name as string, action]))
  const robogo = new Map(native)
  for (const action of actions) for (const name of action.robogo?.names ?? []) robogo.set(name, action)
  return { native, robogo }
}

/** Compiles a scenario for a suite, or for itself. Problems are added to `problems`; the result runs only without errors. */
export const scenario = (
  source: Scenario,
  directory: string,
  options: CompileOptions,
  problems: Array<Problem>,
  within?: { readonly suite: Suite; readonly vars: ReadonlyArray<Named<Node.Node>> }
): CompiledScenario => {
  const outer = within === undefined ? [] : [...Declared.names(within.suite), ...within.vars.map((entry) => entry.name)]
  const known = Declared.knownIn(
    source,
    [...options.variables, ...outer],
    [...options.secrets, ...Declared.secretNames(within?.suite)],
    Declared.mockNames(within?.suite),
    options.connections
  )
  const compiler = new Compiler(indexActions(options.actions), known, problems)
  const vars = [...compiler.named(source.vars), ...compiler.named(within?.vars ?? [])]
  compiler.noCycles(vars)
  const setup = compiler.list(source.setup, "setup")
  const steps = compiler.list(source.steps, "steps")
  const teardown = compiler.list(source.teardown, "teardown")
  const data = source.dataSets === undefined ? undefined : compiler.data(source.dataSets)
  return {
    scenario: source,
    directory,
    ...compiler.head(source),
    vars,
    setup,
    steps,
    teardown,
    data,
    plan: source.concurrency > 1 ? compiler.plan(steps) : undefined,
    timeout: source.timeout
  }
}

/** Compiles what a suite has of its own. */
export const suite = (
  source: Suite,
  directory: string,
  options: CompileOptions,
  problems: Array<Problem>
): CompiledSuite => {
  const compiler = new Compiler(
    indexActions(options.actions),
    Declared.knownIn(source, options.variables, options.secrets, [], options.connections),
    problems
  )
  return {
    suite: source,
    directory,
    ...compiler.head(source),
    vars: compiler.named(source.vars),
    setup: compiler.list(source.setup, "setup"),
    teardown: compiler.list(source.teardown, "teardown")
  }
}

class Compiler {
  private readonly actions: ActionIndex
  private readonly known: Known.Known
  private readonly problems: Array<Problem>
  private readonly metricKinds = new Map<string, MetricKind>()

  constructor(actions: ActionIndex, known: Known.Known, problems: Array<Problem>) {
    this.actions = actions
    this.known = known
    this.problems = problems
  }

  head(source: Head): Pick<CompiledScenario, "mocks" | "secrets"> {
    for (const entry of source.secrets) {
      const read = SecretReference.read(Node.toValue(entry.value))
      if (Result.isFailure(read)) {
        this.problem("bad-secret", `${entry.name} ${read.failure.message}`, entry.nameSpan, read.failure.hint)
      }
    }
    const mocks = this.named(source.mocks)
    for (const { code, name } of mocks) {
      if (code.constant !== undefined) this.mock(name, code)
    }
    return {
      mocks,
      secrets: source.secrets.map((entry) => ({ name: entry.name, references: Node.toValue(entry.value) }))
    }
  }

  private mock(name: string, code: Code.Code): void {
    const decoded = decodeMock(code.constant)
    for (const issue of Result.isFailure(decoded) ? CompileInput.issuesOf(decoded.failure) : []) {
      const place = CompileInput.nodeAt(code.node, issue.path)
      this.problem("bad-mock", `mocks.${[name, ...issue.path].join(".")}: ${issue.message}`, place.span)
    }
  }

  named(entries: ReadonlyArray<Named<Node.Node>>): ReadonlyArray<NamedCode> {
    return entries.map((entry) => ({ name: entry.name, code: this.template(entry.value) }))
  }

  /** Variables may refer to each other in any order, but not in a circle. */
  noCycles(vars: ReadonlyArray<NamedCode>): void {
    const plan = Plan.make(vars.map(({ code, name }, index) => ({
      id: vars.findLastIndex((other) => other.name === name) === index ? name : `${name} (${index})`,
      needs: code.uses.map((use) => use.name).filter((used) => vars.some((other) => other.name === used)),
      reads: none,
      writes: none,
      effect: "none"
    })))
    for (const problem of Result.isFailure(plan) ? plan.failure : []) {
      if (problem._tag !== "Cycle") continue
      const first = vars.find(({ name }) => name === problem.path[0])
      this.badValue(
        "variable-cycle",
        `these variables need each other: ${problem.path.join(" -> ")}`,
        first!.code.node.span
      )
    }
  }

  data(source: DataSets): CompiledData {
    const definition = this.template(source.definition)
    const decoded = definition.constant === undefined ? undefined : decodeData(definition.constant)
    for (const issue of decoded?._tag === "Failure" ? CompileInput.issuesOf(decoded.failure) : []) {
      const place = CompileInput.nodeAt(source.definition, issue.path)
      // What the reader has told about already.
      if (this.problems.some(({ span }) => span.start === place.span.start && span.end === place.span.end)) continue
      this.badValue("bad-data", `${issue.path.join(".")}: ${issue.message}`, place.span)
    }
    return {
      definition,
      environments: this.template(source.environments),
      setup: this.list(source.setup, "data_management.setup"),
      teardown: this.list(source.teardown, "data_management.teardown"),
      cleanup: source.cleanup,
      location: locationOf(source.span)
    }
  }

  list(steps: ReadonlyArray<Step>, path: string): ReadonlyArray<CompiledStep> {
    return steps.flatMap((step, index) => this.step(step, `${path}[${index}]`) ?? [])
  }

  step(step: Step, path: string): CompiledStep | undefined {
    const body = this.body(step, path)
    if (body === undefined) return undefined
    const output = { names: StepWork.outputNames(body) }
    const expect = step.expect.map((expectation): CompiledExpectation =>
      expectation._tag === "Expression"
        ? {
          expectation: { _tag: "Expression", code: this.condition(expectation.node, step.spelling, output) },
          location: locationOf(expectation.node.span)
        }
        : { expectation, location: locationOf(expectation.span) }
    )
    const save = step.save.map((entry) => ({
      name: entry.name,
      code: this.expression(entry.value, step.spelling, output)
    }))
    const metrics = (step.metrics ?? []).map(({ name, nameSpan, value: { kind, value } }): CompiledMetric => {
      this.metricName(name, kind, nameSpan)
      return { name, kind, code: this.expression(value, step.spelling, output) }
    })
    this.warnOfClashes([
      ...expect.flatMap(({ expectation }) => expectation._tag === "Expression" ? [expectation.code] : []),
      ...save.map(({ code }) => code),
      ...metrics.map(({ code }) => code)
    ], output.names)
    const compiled = {
      step,
      spelling: step.spelling,
      path,
      name: step.name === undefined ? undefined : this.template(step.name, step.spelling),
      label: labelOf(step),
      location: locationOf(step.span),
      body: judgedByStep(body, expect),
      if: step.if === undefined ? undefined : this.condition(step.if, step.spelling),
      for: step.for === undefined
        ? undefined
        : { ...step.for, as: step.for.as, items: this.loopItems(step.for.items, step.spelling) },
      while: step.while === undefined
        ? undefined
        : { max: step.while.max, condition: this.condition(step.while.condition, step.spelling) },
      retryIf: step.retry?.if === undefined ? undefined : this.condition(step.retry.if, step.spelling, output),
      expect,
      expectError: step.expectError === undefined ? undefined : {
        ...step.expectError,
        message: step.expectError.message === undefined
          ? undefined
          : this.template(step.expectError.message, step.spelling)
      },
      extract: step.extract === undefined ? undefined : this.template(step.extract, step.spelling),
      save,
      metrics
    }
    return { ...compiled, work: StepWork.of(compiled) }
  }

  private body(step: Step, path: string): CompiledBody | undefined {
    const { body } = step
    switch (body._tag) {
      case "Group":
        return { _tag: "Group", steps: this.list(body.steps, `${path}.group`), defaults: [], vars: [] }
      case "Branch":
        return {
          _tag: "Branch",
          then: this.list(body.then, `${path}.then`),
          else: this.list(body.else, `${path}.else`)
        }
      case "Include":
        return body.included === undefined ? undefined : {
          _tag: "Group",
          steps: [
            ...this.list(body.included.setup, `${path}.setup`),
            ...this.list(body.included.steps, `${path}.include`)
          ],
          defaults: this.named(body.included.vars),
          vars: this.named(body.vars)
        }
      case "Call":
        return this.call(step, body, path)
    }
  }

  private call(
    step: Step,
    body: Extract<Step["body"], { readonly _tag: "Call" }>,
    path: string
  ): CompiledBody | undefined {
    const index = this.actions[step.spelling]
    const action = index.get(body.action)
    if (action === undefined) {
      const close = suggest(body.action, index.keys())
      const elsewhere = step.spelling === "robogo" && absent.has(body.action)
      this.problem(
        "unknown-action",
        elsewhere ? `skein has no action ${body.action}` : `there is no action ${body.action}`,
        body.actionSpan,
        elsewhere
          ? "leave this step out, or write an action of your own under actions: in skein.yaml"
          : close === undefined
          ? "skein actions lists them all"
          : `did you mean ${close}?`
      )
      return undefined
    }
    const source = { name: body.action, nameSpan: body.actionSpan, input: body.input, options: body.options }
    const input = CompileInput.compile(action, source, {
      spelling: step.spelling,
      problems: this.problems,
      step: (node) => this.nested(node, path)
    })
    if (input === undefined) return undefined
    this.checkInput(action, input)
    return { _tag: "Call", action, input, anyInputs: [] }
  }

  private nested(node: Node.Node, path: string): CompiledStep | undefined {
    const read = NativeStep.step([...this.actions.native.keys()]).read(node, { problems: this.problems })
    return read === undefined ? undefined : this.step(read, `${path}.step`)
  }

  private checkInput(action: Action.Any, input: CompiledInput): void {
    if (input._tag === "Call") {
      Known.check(input.args, this.known, this.problems)
      Known.check(input.options, this.known, this.problems)
      return
    }
    const nested = input.fields.find((field) => field._tag === "Step")
    const inner = nested === undefined ? undefined : { names: StepWork.outputNames(nested.step.body) }
    for (const field of input.fields) {
      if (field._tag === "Step") continue
      if (field._tag === "Template" && CompileInput.kindOf(action.input.fields[field.key]!) === "connection") {
        Known.checkConnection(field.code, this.known, this.problems)
      }
      const own = CompileInput.namesOf(action.input.fields[field.key]!)
      const output = own === undefined ? inner : { names: own }
      for (const code of field._tag === "Expressions" ? field.codes : [field.code]) {
        Known.check(code, this.known, this.problems, field._tag === "Template" ? undefined : output)
      }
    }
  }

  /** The graph of steps that run at once; its problems point at the steps. */
  plan(steps: ReadonlyArray<CompiledStep>): Plan.Plan | undefined {
    const plan = Plan.make(steps.map((step) => step.work))
    if (Result.isSuccess(plan)) {
      return this.known.spelling === "robogo" ? RobogoPlan.inGroups(steps, plan.success) : plan.success
    }
    for (const problem of plan.failure) this.planProblem(problem, steps)
    return undefined
  }

  private planProblem(problem: Plan.PlanProblem, steps: ReadonlyArray<CompiledStep>): void {
    const ids = steps.map((step) => step.work.id)
    switch (problem._tag) {
      case "Unknown": {
        const close = suggest(problem.need, ids)
        const { step } = steps[problem.step]!
        const span = step.needs?.find((need) => need.id === problem.need)?.span ?? step.span
        this.problem(
          "unknown-need",
          `no step has the id ${problem.need}`,
          span,
          close === undefined ? undefined : `did you mean ${close}?`
        )
        return
      }
      case "SameId":
        return this.problem(
          "same-id",
          `two steps have the id ${problem.id}`,
          steps[problem.step]!.step.span,
          "give each its own"
        )
      case "Cycle": {
        const first = steps.find((step) => step.work.id === problem.path[0])
        return this.problem(
          "cycle",
          `these steps wait for each other: ${problem.path.join(" -> ")}`,
          first!.step.span,
          "remove one of their needs"
        )
      }
    }
  }

  private loopItems(node: Node.Node, spelling: Spelling): Code.Code {
    if (node._tag !== "Scalar" || typeof node.value !== "string") return this.template(node, spelling)
    const range = /^\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*$/.exec(node.value)
    if (range === null) {
      return node.value.includes("${") || spelling === "robogo"
        ? this.template(node, spelling)
        : this.expression(node, spelling)
    }
    const [from, to] = [Number(range[1]), Number(range[2])]
    const length = Math.abs(to - from) + 1
    if (length > 1_000_000) {
      this.badValue("range-too-long", `this range has ${length} numbers, more than a million`, node.span)
      return Code.constantOf(node, length)
    }
    return Code.constantOf(node, Array.from({ length }, (_, index) => from <= to ? from + index : from - index))
  }

  private template(node: Node.Node, spelling: Spelling = this.known.spelling): Code.Code {
    const code = Code.template(node, spelling, this.problems)
    Known.check(code, this.known, this.problems)
    return code
  }

  private condition(node: Node.Node, spelling: Spelling, output?: { readonly names: Known.OutputNames }): Code.Code {
    const code = Code.condition(node, spelling, this.problems)
    Known.check(code, this.known, this.problems, output)
    return code
  }

  private expression(node: Node.Node, spelling: Spelling, output?: { readonly names: Known.OutputNames }): Code.Code {
    const code = Code.expression(node, spelling, this.problems)
    Known.check(code, this.known, this.problems, output)
    return code
  }

  /** Thresholds tell metrics apart by their names alone. */
  private metricName(name: string, kind: MetricKind, span: Span): void {
    const before = this.metricKinds.get(name)
    this.metricKinds.set(name, before ?? kind)
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      this.problem(
        "bad-name",
        `${JSON.stringify(name)} cannot be the name of a metric`,
        span,
        "use letters, digits and _"
      )
    } else if (measuredAnyhow.has(name) || this.actions.native.has(name)) {
      this.problem("reserved-name", `${name} is what every load measures`, span, "choose another name")
    } else if (before !== undefined && before !== kind) {
      this.problem(
        "bad-metric",
        `${name} is a ${before} in another step, and a ${kind} here`,
        span,
        "choose another name"
      )
    }
  }

  /** A name that is both a field of the output and a variable means the field: worth saying where it is used. */
  private warnOfClashes(codes: ReadonlyArray<Code.Code>, output: Known.OutputNames): void {
    for (const use of codes.flatMap((code) => code.uses)) {
      if (output?.has(use.name) === true && this.known.names.has(use.name)) {
        this.problems.push({
          code: "name-clash",
          message: `${use.name} is both a variable and a part of this step's output; the output is meant here`,
          hint: `write vars.${use.name} for the variable`,
          severity: "warning",
          span: use.span
        })
      }
    }
  }

  private problem(code: string, message: string, span: Span, hint?: string): void {
    this.problems.push({ code, message, hint, severity: "error", span })
  }

  /** A bad value: in a Robogo file it is found when it runs. */
  private badValue(code: string, message: string, span: Span, hint?: string): void {
    const severity = this.known.spelling === "robogo" ? "warning" : "error"
    this.problems.push({ code, message, hint, severity, span })
  }
}

const decodeData = Schema.decodeUnknownResult(DataSetsModel.Definition, { errors: "all" })

const decodeMock = Schema.decodeUnknownResult(MockServer.Definition, { errors: "all", onExcessProperty: "error" })

const measuredAnyhow = new Set(["requests", "iterations", "dropped", "errors", "checks", "lateness"])

const none: ReadonlySet<string> = new Set()

/** Actions of Robogo that skein has not. */
const absent = new Set(["kafka", "spanner", "scp"])

/** Inputs that the compiler sets when a step's own `expect` looks at what would otherwise be an error, by output name. */
const judged: Readonly<Record<string, ReadonlyArray<string>>> = {
  any_status: ["status", "results", "ok", "failed"],
  any_exit: ["exit_code"],
  any_connection: ["connected"],
  any_write: ["items", "failed"],
  any_outcome: ["outcome", "refused", "confirms"],
  any_certificate: ["valid"]
}

const judgedByStep = (body: CompiledBody, expect: ReadonlyArray<CompiledExpectation>): CompiledBody => {
  if (body._tag !== "Call") return body
  const names = new Set(expect.flatMap(({ expectation }) =>
    expectation._tag === "Expression"
      ? expectation.code.uses.map((use) => use.name)
      : expectation._tag === "OpenApi"
      ? ["status"]
      : []
  ))
  const anyInputs = Object.entries(judged).flatMap(([input, words]) =>
    Object.hasOwn(body.action.input.fields, input) && words.some((word) => names.has(word)) ? [input] : []
  )
  return { ...body, anyInputs }
}

/** Inputs that say what a call is about. */
const glanced = [
  "method",
  "url",
  "path",
  "query",
  "execute",
  "name",
  "message",
  "collection",
  "exchange",
  "queue",
  "routing_key",
  "consume",
  "depth",
  "get",
  "set",
  "get_or_set"
]

const labelOf = (step: Step): string => {
  const { body } = step
  // Arguments by position may be anything, a URL with a password too.
  if (step.spelling === "robogo") return glance(step.name) ?? (body._tag === "Call" ? body.action : "group")
  if (body._tag !== "Call") {
    return step.id ?? (body._tag === "Include" ? `include ${body.file}` : body._tag.toLowerCase())
  }
  const { input } = body
  const shown = input?._tag === "Map"
    ? glanced.flatMap((key) => glance(Node.get(input, key)) ?? []).join(" ")
    : input?._tag === "List"
    ? input.items.flatMap((item) => glance(item) ?? []).join(" ")
    : glance(input)
  const text = shown === undefined || shown === "" ? body.action : `${body.action} ${shown}`
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

const glance = (node: Node.Node | undefined): string | undefined =>
  node?._tag === "Scalar" && node.value !== null ? String(node.value) : undefined
