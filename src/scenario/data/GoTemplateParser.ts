/**
 * Reads templates of Go's `text/template`: output, `if`, `range`, `with`, variables, pipelines. `GoTemplate` renders them.
 *
 * Left out are templates inside templates (`define`, `template`, `block`) and `break`, `continue`.
 *
 * @see https://pkg.go.dev/text/template
 */
import { Result } from "effect"
import type { Value } from "../../core/Value.ts"

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipe: Pipe; readonly line: number }
  | { readonly kind: "if"; readonly pipe: Pipe; readonly then: Nodes; readonly otherwise: Nodes; readonly line: number }
  | {
    readonly kind: "with"
    readonly pipe: Pipe
    readonly then: Nodes
    readonly otherwise: Nodes
    readonly line: number
  }
  | {
    readonly kind: "range"
    readonly pipe: Pipe
    readonly then: Nodes
    readonly otherwise: Nodes
    readonly line: number
  }

export type Nodes = ReadonlyArray<Node>

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

export interface TemplateProblem {
  readonly message: string
}

export const maxDepth = 100

/** Parses a whole template. Fails with the line of the first mistake. */
export const parse = (text: string): Result.Result<Nodes, TemplateProblem> => {
  try {
    const pieces = split(text)
    const { nodes, next } = block(pieces, 0, 0)
    const left = pieces[next]
    if (left !== undefined) throw new Mistake(`unexpected {{${left.code}}}`, left.line)
    return Result.succeed(nodes)
  } catch (error) {
    if (error instanceof Mistake) return Result.fail({ message: `line ${error.line}: ${error.message}` })
    throw error
  }
}

class Mistake extends Error {
  readonly line: number
  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** Text, or what stands between `{{` and `}}`. */
interface Piece {
  readonly text?: string
  readonly code: string
  readonly line: number
}

const split = (text: string): ReadonlyArray<Piece> => {
  const pieces: Array<Piece> = []
  let [at, line, trimStart] = [0, 1, false]
  const pushText = (end: number, trimEnd: boolean) => {
    const whole = text.slice(at, end)
    const part = trimStart ? whole.trimStart() : whole
    const kept = trimEnd ? part.trimEnd() : part
    if (kept !== "") pieces.push({ text: kept, code: "", line })
    line += countLines(whole)
  }
  for (let open = text.indexOf("{{"); open !== -1; open = text.indexOf("{{", at)) {
    const close = closeOf(text, open + 2)
    if (close === undefined) throw new Mistake("{{ without its }}", line + countLines(text.slice(at, open)))
    const code = text.slice(open + 2, close)
    pushText(open, /^-\s/.test(code))
    const trimmed = code.replace(/^-(?=\s)/, "").replace(/(?<=\s)-$/, "").trim()
    if (!trimmed.startsWith("/*")) pieces.push({ code: trimmed, line })
    trimStart = /\s-$/.test(code)
    line += countLines(code)
    at = close + 2
  }
  pushText(text.length, false)
  return pieces
}

/** Where the `}}` stands that ends an action; those in texts and comments do not count. */
const closeOf = (text: string, start: number): number | undefined => {
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (character === "}" && text[at + 1] === "}") return at
    if (character === "/" && text[at + 1] === "*") at = skipTo(text, "*/", at + 2) + 1
    else if (character === "`") at = skipTo(text, "`", at + 1)
    else if (character === "\"" || character === "'") {
      for (at++; at < text.length && text[at] !== character; at++) if (text[at] === "\\") at++
    }
  }
  return undefined
}

const skipTo = (text: string, end: string, start: number): number => {
  const found = text.indexOf(end, start)
  return found === -1 ? text.length : found
}

const countLines = (text: string): number => text.split("\n").length - 1

/** Reads nodes up to an `end`, an `else` or the end of the text. */
const block = (
  pieces: ReadonlyArray<Piece>,
  start: number,
  depth: number
): { readonly nodes: Nodes; readonly next: number } => {
  const nodes: Array<Node> = []
  let at = start
  for (; at < pieces.length; at++) {
    const piece = pieces[at]!
    if (piece.text !== undefined) nodes.push({ kind: "text", text: piece.text })
    else {
      const word = /^\w+/.exec(piece.code)?.[0] ?? ""
      if (word === "end" || word === "else") break
      if (word === "if" || word === "range" || word === "with") {
        if (depth >= maxDepth) throw new Mistake(`nested deeper than ${maxDepth} levels`, piece.line)
        const read = branch(pieces, at, word, depth)
        nodes.push(read.node)
        at = read.next
      } else if (leftOut.has(word)) throw new Mistake(`${word} is left out here`, piece.line)
      else nodes.push({ kind: "output", pipe: pipeOf(piece.code, piece.line), line: piece.line })
    }
  }
  return { nodes, next: at }
}

const leftOut = new Set(["define", "template", "block", "break", "continue"])

/** Reads `if`, `range` or `with` with its `else` up to its `end`; `next` is the place of the `end`. */
const branch = (
  pieces: ReadonlyArray<Piece>,
  start: number,
  kind: "if" | "range" | "with",
  depth: number
): { readonly node: Node; readonly next: number } => {
  const { code, line } = pieces[start]!
  const pipe = pipeOf(code.replace(/^(else\s+)?\w+/, ""), line)
  const then = block(pieces, start + 1, depth + 1)
  const stop = pieces[then.next]
  if (stop === undefined) throw new Mistake(`${kind} without its end`, line)
  if (stop.code === "end") return { node: { kind, pipe, then: then.nodes, otherwise: [], line }, next: then.next }

  const chained = /^else\s+(if|with)\b/.exec(stop.code)
  if (chained !== null && chained[1] === kind) {
    const rest = branch(pieces, then.next, kind, depth + 1)
    return { node: { kind, pipe, then: then.nodes, otherwise: [rest.node], line }, next: rest.next }
  }
  if (stop.code !== "else") throw new Mistake(`unexpected {{${stop.code}}}`, stop.line)
  const otherwise = block(pieces, then.next + 1, depth + 1)
  if (pieces[otherwise.next]?.code !== "end") throw new Mistake("else without its end", stop.line)
  return { node: { kind, pipe, then: then.nodes, otherwise: otherwise.nodes, line }, next: otherwise.next }
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

const pipeOf = (code: string, line: number): Pipe => {
  const reader = new PipeReader(tokensOf(code.trim(), line), line)
  const pipe = reader.pipe(0)
  reader.expectEnd()
  return pipe
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
