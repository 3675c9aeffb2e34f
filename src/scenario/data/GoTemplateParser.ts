/**
 * Reads templates of Go's `text/template`: output, `if`, `range`, `with`, variables, pipelines. `GoTemplate` renders them.
 *
 * Left out are templates inside templates (`define`, `template`, `block`) and `break`, `continue`.
 *
 * @see https://pkg.go.dev/text/template
 */
import { Result } from "effect"
import { maxDepth, Mistake, type Pipe, pipeOf } from "./GoPipe.ts"

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

export interface TemplateProblem {
  readonly message: string
}

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
