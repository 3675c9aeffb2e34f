/**
 * Renders templates of Go's `text/template` (`GoTemplateParser` reads them), as Robogo's messages are written: `{{.Name}}`,
 * `{{range .Items}}`, `{{if}}`, `{{with}}`, `{{.Amount | printf "%.2f"}}`. Steps and output are bounded.
 *
 * Unlike Go, a field that is not there is an error where it would be written; `default` and conditions may ask for it.
 */
import { Result } from "effect"
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Operators from "../expression/Operators.ts"
import * as Text from "../expression/Text.ts"
import { FormatProblem, printf } from "./GoFormat.ts"
import {
  type Command,
  type Node,
  type Nodes,
  type Operand,
  parse,
  type Pipe,
  type TemplateProblem
} from "./GoTemplateParser.ts"

export interface Options {
  /** How a value becomes text. @default as templates of skein write it: lists and objects as JSON */
  readonly write?: ((value: Value) => string) | undefined
}

/** Steps that one rendering may take, and characters it may write. */
export const maxSteps = 1_000_000
export const maxOutput = 10_000_000

/** Parses and renders. Fails with the line of a mistake. */
export const render = (
  text: string,
  data: ValueRecord,
  options: Options = {}
): Result.Result<string, TemplateProblem> =>
  Result.flatMap(parse(text), (nodes) => {
    const rendering = new Rendering(data, options.write ?? Text.write)
    try {
      rendering.nodes(nodes, data)
      return Result.succeed(rendering.output())
    } catch (error) {
      if (error instanceof Failure) return Result.fail({ message: `line ${rendering.line}: ${error.message}` })
      throw error
    }
  })

class Failure extends Error {}

/** `undefined` is a field that is not there. */
type Found = Value | undefined

class Rendering {
  line = 1
  private readonly parts: Array<string> = []
  private readonly root: ValueRecord
  private readonly write: (value: Value) => string
  private length = 0
  private steps = 0
  private scopes: ReadonlyArray<Map<string, Found>>

  constructor(root: ValueRecord, write: (value: Value) => string) {
    this.root = root
    this.write = write
    this.scopes = [new Map<string, Found>([["", root]])]
  }

  output(): string {
    return this.parts.join("")
  }

  nodes(nodes: Nodes, dot: Found): void {
    for (const node of nodes) {
      this.step()
      if (node.kind === "text") this.put(node.text)
      else this.node(node, dot)
    }
  }

  private node(node: Exclude<Node, { readonly kind: "text" }>, dot: Found): void {
    this.line = node.line
    if (node.kind === "output") {
      const value = this.pipe(node.pipe, dot)
      if (node.pipe.variables.length > 0) return
      if (value === undefined || value === null) throw new Failure(`there is no ${describe(node.pipe)}`)
      return this.put(this.write(value))
    }
    this.inScope(() => {
      if (node.kind === "range") return this.range(node, dot)
      const value = this.pipe(node.pipe, dot)
      if (isTruthy(value)) this.nodes(node.then, node.kind === "with" ? value : dot)
      else this.nodes(node.otherwise, dot)
    })
  }

  private range(node: Extract<Node, { readonly kind: "range" }>, dot: Found): void {
    const value = this.pipe({ ...node.pipe, variables: [] }, dot)
    const entries = entriesOf(value)
    if (entries === undefined) throw new Failure(`range takes a list or an object, found ${Text.show(value ?? null)}`)
    if (entries.length === 0) return this.nodes(node.otherwise, dot)
    for (const [key, item] of entries) {
      const [first, second] = node.pipe.variables
      if (second !== undefined) {
        this.scopes.at(-1)!.set(first!, key)
        this.scopes.at(-1)!.set(second, item)
      } else if (first !== undefined) this.scopes.at(-1)!.set(first, item)
      this.inScope(() => this.nodes(node.then, item))
    }
  }

  private inScope(run: () => void): void {
    const outer = this.scopes
    this.scopes = [...outer, new Map<string, Found>()]
    run()
    this.scopes = outer
  }

  private pipe(pipe: Pipe, dot: Found): Found {
    let value: Found
    pipe.commands.forEach((command, at) => value = this.command(command, dot, at === 0 ? [] : [() => value]))
    const name = pipe.variables[0]
    if (name !== undefined) this.assign(name, value, pipe.declares)
    return value
  }

  private assign(name: string, value: Found, declares: boolean): void {
    const scope = declares ? this.scopes.at(-1) : this.scopes.findLast((scope) => scope.has(name))
    if (scope === undefined) throw new Failure(`there is no variable $${name}`)
    scope.set(name, value)
  }

  private command(command: Command, dot: Found, fed: ReadonlyArray<() => Found>): Found {
    this.step()
    const [head, ...rest] = command
    if (head.kind !== "function") {
      if (rest.length + fed.length > 0) throw new Failure("arguments are for functions only")
      return this.operand(head, dot)
    }
    const run = Object.hasOwn(functions, head.name) ? functions[head.name] : undefined
    if (run === undefined) throw new Failure(`there is no function ${head.name}`)
    // What comes through the pipe was computed before; reading it now keeps the value of this moment.
    const piped = fed.map((read) => read())
    return run([...rest.map((operand) => () => this.operand(operand, dot)), ...piped.map((value) => () => value)])
  }

  private operand(operand: Operand, dot: Found): Found {
    this.step()
    switch (operand.kind) {
      case "literal":
        return operand.value
      case "function":
        return this.command([operand], dot, [])
      case "path": {
        const { root } = operand
        const start = root === undefined ? dot : typeof root === "string" ? this.variable(root) : this.pipe(root, dot)
        return operand.path.reduce<Found>(
          (value, key) => isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined,
          start
        )
      }
    }
  }

  private variable(name: string): Found {
    if (name === "") return this.root
    const scope = this.scopes.findLast((scope) => scope.has(name))
    if (scope === undefined) throw new Failure(`there is no variable $${name}`)
    return scope.get(name)
  }

  private put(text: string): void {
    this.length += text.length
    if (this.length > maxOutput) throw new Failure(`it writes more than ${maxOutput} characters`)
    this.parts.push(text)
  }

  private step(): void {
    if (++this.steps > maxSteps) throw new Failure(`it takes more than ${maxSteps} steps`)
  }
}

const describe = (pipe: Pipe): string => {
  const first = pipe.commands[0]?.[0]
  if (first?.kind !== "path" || typeof first.root === "object") return "value"
  return `${first.root === undefined ? "" : `$${first.root}`}.${first.path.join(".")}`
}

/** False are: false, 0, "", nil, and what is empty. */
const isTruthy = (value: Found): boolean =>
  !(value === false || value === 0 || value === 0n || Operators.isEmpty(value))

/** The passes of a range: a list, the sorted keys of an object, or a number of passes; `undefined` for anything else. */
const entriesOf = (value: Found): ReadonlyArray<readonly [Value, Value]> | undefined => {
  if (value === undefined || value === null) return []
  if (isArray(value)) return value.map((item, at) => [at, item])
  if (isRecord(value)) return Object.keys(value).sort().map((key) => [key, value[key]!])
  if (typeof value !== "number" || !Number.isInteger(value) || value > maxSteps) return undefined
  return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at])
}

type Arguments = ReadonlyArray<() => Found>

const values = (given: Arguments, least: number, most = least): ReadonlyArray<Value> => {
  if (given.length < least || given.length > most) throw new Failure(`it takes ${least} arguments, not ${given.length}`)
  return given.map((read) => read() ?? null)
}

const onText = (run: (text: string) => string) => (given: Arguments): Value => run(Text.write(values(given, 1)[0]!))

const ordered = (accept: (order: number) => boolean) => (given: Arguments): Value => {
  const [a, b] = values(given, 2)
  try {
    return accept(Operators.compare(a!, b!))
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error))
  }
}

const formatted = (given: Arguments): string => {
  const [format, ...rest] = values(given, 1, Infinity)
  try {
    return printf(Text.write(format!), rest)
  } catch (error) {
    if (error instanceof FormatProblem) throw new Failure(error.message)
    throw error
  }
}

const indexed = (value: Found, key: Value): Found => {
  if (isArray(value) && typeof key === "number") return value[key]
  return isRecord(value) && Object.hasOwn(value, Text.write(key)) ? value[Text.write(key)] : undefined
}

const lengthOf = (value: Value): number =>
  typeof value === "string" || isArray(value)
    ? value.length
    : isRecord(value)
    ? Object.keys(value).length
    : notCountable(value)

const notCountable = (value: Value): never => {
  throw new Failure(`len takes a text, a list or an object, found ${Text.show(value)}`)
}

/** Go's own functions, and the few that message templates add: upper, lower, title, trim, replace, join, default. */
const functions: Readonly<Record<string, (given: Arguments) => Found>> = {
  and: (given) => given.reduce<Found>((last, read, at) => at === 0 || isTruthy(last) ? read() : last, true),
  or: (given) => given.reduce<Found>((last, read, at) => at === 0 || !isTruthy(last) ? read() : last, false),
  not: (given) => !isTruthy(given[0]?.()),
  eq: (given) => {
    const [first, ...others] = values(given, 2, Infinity)
    return others.some((other) => Operators.equal(first!, other))
  },
  ne: (given) => {
    const [a, b] = values(given, 2)
    return !Operators.equal(a!, b!)
  },
  lt: ordered((order) => order < 0),
  le: ordered((order) => order <= 0),
  gt: ordered((order) => order > 0),
  ge: ordered((order) => order >= 0),
  len: (given) => lengthOf(values(given, 1)[0]!),
  index: (given) => {
    const [value, ...keys] = values(given, 1, Infinity)
    return keys.reduce<Found>(indexed, value)
  },
  print: (given) => values(given, 0, Infinity).map(Text.goText).join(" "),
  println: (given) => `${values(given, 0, Infinity).map(Text.goText).join(" ")}\n`,
  printf: formatted,
  html: onText((text) => text.replaceAll(/[&<>"']/g, (found) => entities[found]!)),
  js: onText((text) => JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll("<", "\\u003C")),
  urlquery: onText((text) => encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+")),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  title: onText((text) => text.replaceAll(/(?<![\p{L}\p{N}])\p{L}/gu, (letter) => letter.toUpperCase())),
  trim: onText((text) => text.trim()),
  replace: (given) => {
    const [old, by, text] = values(given, 3).map(Text.write)
    return text!.replaceAll(old!, () => by!)
  },
  join: (given) => {
    const [separator, list] = values(given, 2)
    if (!isArray(list)) throw new Failure(`join takes a list, found ${Text.show(list ?? null)}`)
    return list.map(Text.write).join(Text.write(separator!))
  },
  default: (given) => {
    const value = given[1]?.()
    return isTruthy(value) ? value : given[0]?.()
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&#34;",
  "'": "&#39;"
}
