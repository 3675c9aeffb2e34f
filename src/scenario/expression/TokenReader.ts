/** Reads an expression's tokens one after the other, and words problems for what stands in the wrong place. */
import type { Token } from "./Lexer.ts"
import type { SyntaxProblem } from "./Syntax.ts"

/** Thrown to leave the parser at a place from where it cannot go on; the problem is recorded. */
export class Stop extends Error {}

/** Words of other languages where an operator or a value stands. */
const foreignWords: ReadonlyMap<string, string> = new Map([
  ["AND", "write and, or &&"],
  ["OR", "write or, or ||"],
  ["NOT", "write not, or !"],
  ["IN", "write in"],
  ["is", "write =="],
  ["eq", "write =="],
  ["equals", "write =="],
  ["ne", "write !="],
  ["gt", "write >"],
  ["lt", "write <"],
  ["contains", "write contains(whole, part)"],
  ["matches", "write matches(text, 'pattern')"],
  ["starts_with", "write starts_with(text, 'start')"],
  ["ends_with", "write ends_with(text, 'end')"],
  ["like", "write matches(text, 'pattern')"]
])

/** The base of the parser: a position in the tokens, and the problems so far. */
export class TokenReader {
  readonly problems: Array<SyntaxProblem>
  protected at = 0
  readonly #text: string
  readonly #tokens: ReadonlyArray<Token>

  constructor(text: string, tokens: ReadonlyArray<Token>, problems: ReadonlyArray<SyntaxProblem>) {
    this.#text = text
    this.#tokens = tokens
    this.problems = [...problems]
  }

  /** The token that comes next; the last one is `end`. */
  get next(): Token {
    return this.#tokens[this.at]!
  }

  ended(): boolean {
    return this.next.type === "end"
  }

  peek(offset: number): Token {
    return this.#tokens[Math.min(Math.max(0, this.at + offset), this.#tokens.length - 1)]!
  }

  is(text: string, offset = 0): boolean {
    const token = this.peek(offset)
    return token.text === text && (token.type === "operator" || token.type === "name")
  }

  /** Takes the next token when it is one of these. */
  take(...texts: ReadonlyArray<string>): Token | undefined {
    return texts.some((text) => this.is(text)) ? this.#tokens[this.at++] : undefined
  }

  takeAny(): Token {
    return this.#tokens[this.at++]!
  }

  expect(text: string, after: string): Token {
    return this.take(text) ?? this.unexpected(`${text} ${after}`)
  }

  report(message: string, hint: string | undefined, place: { readonly start: number; readonly end: number }): void {
    this.problems.push({ message, hint, start: place.start, end: place.end })
  }

  /** Records a problem and leaves the parser. */
  stop(message: string, hint: string | undefined, place: { readonly start: number; readonly end: number }): never {
    this.report(message, hint, place)
    throw new Stop()
  }

  /** Records that something else was expected here, and leaves the parser. */
  unexpected(wanted: string): never {
    const token = this.next
    // A quotation mark or ${ that was reported and skipped explains what follows.
    if (this.problems.length > 0) throw new Stop()
    if (token.type === "end") return this.stop(`expected ${wanted}, but the expression ends`, undefined, token)
    const list = this.peek(-2)
    const hint = token.type === "name"
      ? foreignWords.get(token.text)
      : token.type === "literal" && this.is(".", -1) && /^\d+$/.test(token.text)
      ? `an index is written ${list.text}[${token.text}]`
      : token.text === "=>"
      ? "item => ... is an argument of map, filter, any, all, find, count, sort or sum"
      : undefined
    return this.stop(`expected ${wanted}, found ${token.text.slice(0, 40)}`, hint, token)
  }

  /** Reads `AND`, `OR`, `NOT` as what was meant, with a problem. */
  foreign(word: string): Token | undefined {
    const token = this.take(word)
    if (token !== undefined) {
      this.report(`${word} is no operator`, foreignWords.get(word), token)
    }
    return token
  }

  /** `headers.content-type` is a subtraction; this tells so should `type` be unknown. The name is the last token taken. */
  dashHint(): string | undefined {
    const touching = (offset: number) => this.peek(offset).end === this.peek(offset + 1).start
    const dashed = (offset: number) => this.is("-", offset) && touching(offset) && touching(offset - 1)
    let first = -1
    while (dashed(first - 1) && this.peek(first - 2).type === "name") first -= 2
    if (first === -1) return undefined
    let last = -1
    while (dashed(last + 1) && this.peek(last + 2).type === "name") last += 2
    const key = this.#text.slice(this.peek(first).start, this.peek(last).end)
    const owner = this.is(".", first - 1) ? this.peek(first - 2) : undefined
    return `a name with a dash is written ${owner?.type === "name" ? owner.text : "vars"}['${key}']`
  }

  /** Takes `x =>` or `(x, i) =>` when that is what stands here. */
  lambdaParameters(): ReadonlyArray<string> | undefined {
    if (this.next.type === "name" && this.is("=>", 1)) {
      const name = this.next.text
      this.at += 2
      return [name]
    }
    if (!this.is("(")) return undefined
    const names: Array<string> = []
    let offset = 1
    while (this.peek(offset).type === "name") {
      names.push(this.peek(offset).text)
      offset += 1
      if (!this.is(",", offset)) break
      offset += 1
    }
    if (!this.is(")", offset) || !this.is("=>", offset + 1)) return undefined
    this.at += offset + 2
    return names
  }
}
