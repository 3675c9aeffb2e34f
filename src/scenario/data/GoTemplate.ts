/**
 * Renders templates of Go's `text/template` (`GoTemplateParser` reads them), as Robogo's messages are written: `{{.Name}}`,
 * `{{range .Items}}`, `{{if}}`, `{{with}}`, `{{.Amount | printf "%.2f"}}`. Steps and output are bounded.
 *
 * Unlike Go, a field that is not there is an error where it would be written; `default` and conditions may ask for it.
 */
import { Result } from "effect"
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Text from "../expression/Text.ts"
import type { Command, Operand, Pipe } from "./GoPipe.ts"
import { Failure, type Found, functions, isTruthy } from "./GoTemplateFunctions.ts"
import { type Node, type Nodes, parse, type TemplateProblem } from "./GoTemplateParser.ts"

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

/** The passes of a range: a list, the sorted keys of an object, or a number of passes; `undefined` for anything else. */
const entriesOf = (value: Found): ReadonlyArray<readonly [Value, Value]> | undefined => {
  if (value === undefined || value === null) return []
  if (isArray(value)) return value.map((item, at) => [at, item])
  if (isRecord(value)) return Object.keys(value).sort().map((key) => [key, value[key]!])
  if (typeof value !== "number" || !Number.isInteger(value) || value > maxSteps) return undefined
  return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at])
}
