/** Pipelines of Go's templates: `$x := .Amount | printf "%.2f"`. `GoTemplateParser` finds them. */
import type { Value } from "../../core/Value.ts"

/** `$i, $v := first | second`: the variables that are set, and the commands, each fed with the one before. */
export interface Pipe {
  readonly variables: ReadonlyArray<string>
  /** True for `:=`, which makes a variable; false for `=`. */
  readonly declares: boolean
  readonly commands: ReadonlyArray<Command>
}

/** A function with arguments, or one value. */
export type Command = readonly [Operand, ...ReadonlyArray<Operand>]

export type Operand =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "function"; readonly name: string }
  /** `.a.b` (no variable), `$x.a` or `(pipe).a`. */
  | { readonly kind: "path"; readonly root: string | Pipe | undefined; readonly path: ReadonlyArray<string> }

/** Deepest nesting of parentheses and of blocks. */
export const maxDepth = 100

/** A mistake in a template, at a line from 1. */
export class Mistake extends Error {
  readonly line: number
  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** Parses what stands in one action. Throws a {@link Mistake}. */
export const pipeOf = (code: string, line: number): Pipe => {
  const reader = new PipeReader(tokensOf(code.trim(), line), line)
  const pipe = reader.pipe(0)
  reader.expectEnd()
  return pipe
}

const token =
  /\s+|"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)'|:=|[|()=,]|\$\w*|\.[A-Za-z_]\w*|\.|[+-]?(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|[A-Za-z_]\w*/iy

const tokensOf = (code: string, line: number): Array<string> => {
  const tokens: Array<string> = []
  token.lastIndex = 0
  while (token.lastIndex < code.length) {
    const at = token.lastIndex
    const match = token.exec(code)
    if (match === null) throw new Mistake(`unexpected ${JSON.stringify(code.slice(at, at + 10))}`, line)
    // White space is kept: `.a .b` are two operands, `.a.b` is one.
    tokens.push(match[0].trim() === "" ? " " : match[0])
  }
  return tokens
}

class PipeReader {
  private at = 0
  private readonly tokens: ReadonlyArray<string>
  private readonly line: number
  constructor(tokens: ReadonlyArray<string>, line: number) {
    this.tokens = tokens
    this.line = line
  }

  pipe(depth: number): Pipe {
    if (depth > maxDepth) this.fail(`nested deeper than ${maxDepth} levels`)
    const assignment = this.assignment()
    const commands = [this.command(depth)]
    while (this.peek() === "|") {
      this.at++
      commands.push(this.command(depth))
    }
    return { ...assignment, commands }
  }

  expectEnd(): void {
    if (this.peek() !== undefined) this.fail(`unexpected ${JSON.stringify(this.peek())}`)
  }

  private assignment(): Pick<Pipe, "variables" | "declares"> {
    const start = this.at
    const variables: Array<string> = []
    while (this.peek()?.startsWith("$") === true) {
      variables.push(this.tokens[this.at++]!.slice(1))
      const sign = this.peek()
      if (sign === ":=" || sign === "=") {
        this.at++
        return { variables, declares: sign === ":=" }
      }
      if (sign !== ",") break
      this.at++
    }
    this.at = start
    return { variables: [], declares: false }
  }

  private command(depth: number): Command {
    const operands: Array<Operand> = []
    for (let next = this.peek(); next !== undefined && next !== "|" && next !== ")"; next = this.peek()) {
      operands.push(this.operand(depth))
    }
    const [first, ...rest] = operands
    return first === undefined ? this.fail("a value is missing") : [first, ...rest]
  }

  private operand(depth: number): Operand {
    const text = this.tokens[this.at++]!
    if (text === "(") {
      const root = this.pipe(depth + 1)
      if (this.peek() !== ")") this.fail("( without its )")
      this.at++
      return { kind: "path", root, path: this.path() }
    }
    if (text.startsWith("$")) return { kind: "path", root: text.slice(1), path: this.path() }
    if (text === ".") return { kind: "path", root: undefined, path: [] }
    if (text.startsWith(".")) return { kind: "path", root: undefined, path: [text.slice(1), ...this.path()] }
    if (/^["`'\d+-]/.test(text)) return { kind: "literal", value: this.literal(text) }
    if (Object.hasOwn(constants, text)) return { kind: "literal", value: constants[text]! }
    return /^[A-Za-z_]/.test(text) ? { kind: "function", name: text } : this.fail(`unexpected ${JSON.stringify(text)}`)
  }

  /** Fields that follow without a space between. */
  private path(): ReadonlyArray<string> {
    const path: Array<string> = []
    while (/^\.\w/.test(this.tokens[this.at] ?? "")) path.push(this.tokens[this.at++]!.slice(1))
    return path
  }

  private literal(text: string): Value {
    if (text.startsWith("`")) return text.slice(1, -1)
    if (text.startsWith("'")) {
      return (JSON.parse(`"${text.slice(1, -1).replace("\\'", "'")}"`) as string).codePointAt(0)!
    }
    if (!text.startsWith("\"")) return Number(text)
    try {
      return JSON.parse(text) as string
    } catch {
      return this.fail(`${text} has an escape that is unknown here`)
    }
  }

  /** The next token that is no space. */
  private peek(): string | undefined {
    while (this.tokens[this.at] === " ") this.at++
    return this.tokens[this.at]
  }

  private fail(message: string): never {
    throw new Mistake(message, this.line)
  }
}

const constants: Readonly<Record<string, Value>> = { true: true, false: false, nil: null }
