/**
 * Turns an expression's text into its tree, reporting every problem it can find in one pass: spellings of other languages,
 * unknown functions, wrong numbers of arguments. Precedence, loosest first: `?:`, `||`, `&&`, `not`, comparisons and `in`
 * (not chained), `??`, `+ -`, `* / %`, `! -`, paths and calls.
 */
import * as DidYouMean from "../../core/DidYouMean.ts"
import type { Value } from "../../core/Value.ts"
import * as Arithmetic from "./Arithmetic.ts"
import * as Functions from "./Functions.ts"
import * as Lexer from "./Lexer.ts"
import { isNumber } from "./Operators.ts"
import { type BinaryOperator, children, type Node, type SyntaxProblem } from "./Syntax.ts"

/** Deepest nesting of brackets, and longest chain of operators: far beyond what people write, far below a stack. */
const maxNesting = 200
const maxHeight = 1_000

export interface Parsed {
  /** `undefined` when there are problems. */
  readonly node: Node | undefined
  readonly problems: ReadonlyArray<SyntaxProblem>
  /** Offset after the last character read. */
  readonly end: number
  /** False when a hole has no closing brace. */
  readonly closed: boolean
}

/** Parses from `start` to the end of the text or, in a `hole`, to the brace that closes it. Never throws. */
export const parse = (text: string, start: number, hole: boolean): Parsed => {
  const { closed, end, problems, tokens } = Lexer.lex(text, start, hole)
  const parser = new Parser(text, tokens, [...problems])
  const node = parser.whole()
  const found = parser.problems.toSorted((a, b) => a.start - b.start)
  return { node: found.length === 0 ? node : undefined, problems: found, end, closed }
}

/** Thrown to leave the parser at a place from where it cannot go on; the problem is recorded. */
class Stop extends Error {}

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])

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

const foreignValues: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["True", true],
  ["TRUE", true],
  ["False", false],
  ["FALSE", false],
  ["None", null],
  ["nil", null],
  ["NULL", null],
  ["undefined", null]
])

class Parser {
  readonly problems: Array<SyntaxProblem>
  readonly #text: string
  readonly #tokens: ReadonlyArray<Lexer.Token>
  readonly #heights = new Map<Node, number>()
  readonly #locals: Array<string> = []
  #at = 0
  #nesting = 0

  constructor(text: string, tokens: ReadonlyArray<Lexer.Token>, problems: Array<SyntaxProblem>) {
    this.#text = text
    this.#tokens = tokens
    this.problems = problems
  }

  whole(): Node | undefined {
    try {
      if (this.#ended()) {
        if (this.problems.length > 0) return undefined
        return this.#stop("there is no expression", "write a name, a value or a comparison", this.#next)
      }
      const node = this.#conditional()
      return this.#ended() ? node : this.#unexpected("the end")
    } catch (error) {
      if (error instanceof Stop) return undefined
      throw error
    }
  }

  get #next(): Lexer.Token {
    return this.#tokens[this.#at]!
  }

  #ended(): boolean {
    return this.#next.type === "end"
  }

  #peek(offset: number): Lexer.Token {
    return this.#tokens[Math.min(Math.max(0, this.#at + offset), this.#tokens.length - 1)]!
  }

  #is(text: string, offset = 0): boolean {
    const token = this.#peek(offset)
    return token.text === text && (token.type === "operator" || token.type === "name")
  }

  #take(...texts: ReadonlyArray<string>): Lexer.Token | undefined {
    return texts.some((text) => this.#is(text)) ? this.#tokens[this.#at++] : undefined
  }

  #expect(text: string, after: string): Lexer.Token {
    return this.#take(text) ?? this.#unexpected(`${text} ${after}`)
  }

  #stop(message: string, hint: string | undefined, at: { readonly start: number; readonly end: number }): never {
    this.problems.push({ message, hint, start: at.start, end: Math.max(at.end, at.start) })
    throw new Stop()
  }

  #unexpected(wanted: string): never {
    const token = this.#next
    // A quotation mark or ${ that was reported and skipped explains what follows.
    if (this.problems.length > 0) throw new Stop()
    if (token.type === "end") return this.#stop(`expected ${wanted}, but the expression ends`, undefined, token)
    const list = this.#peek(-2)
    const hint = token.type === "name"
      ? foreignWords.get(token.text)
      : token.type === "literal" && this.#is(".", -1) && /^\d+$/.test(token.text)
      ? `an index is written ${list.text}[${token.text}]`
      : token.text === "=>"
      ? "item => ... is an argument of map, filter, any, all, find, count, sort or sum"
      : undefined
    return this.#stop(`expected ${wanted}, found ${token.text.slice(0, 40)}`, hint, token)
  }

  #make(node: Node): Node {
    let height = 0
    for (const child of children(node)) height = Math.max(height, this.#heights.get(child) ?? 0)
    if (height >= maxHeight) this.#stop(`more than ${maxHeight} operators in one chain`, "split the expression", node)
    this.#heights.set(node, height + 1)
    return node
  }

  #nested<A>(parse: () => A): A {
    if (this.#nesting >= maxNesting) this.#stop(`nested deeper than ${maxNesting} levels`, undefined, this.#next)
    this.#nesting += 1
    const result = parse()
    this.#nesting -= 1
    return result
  }

  #conditional(): Node {
    return this.#nested(() => {
      const test = this.#or()
      if (this.#take("?") === undefined) return test
      const then = this.#conditional()
      this.#expect(":", "and what holds otherwise")
      const otherwise = this.#conditional()
      return this.#make({ type: "conditional", test, then, otherwise, start: test.start, end: otherwise.end })
    })
  }

  #or(): Node {
    let left = this.#and()
    while (this.#take("||", "or") ?? this.#foreign("OR")) {
      const right = this.#and()
      left = this.#make({ type: "or", left, right, start: left.start, end: right.end })
    }
    return left
  }

  #and(): Node {
    let left = this.#inverted()
    while (this.#take("&&", "and") ?? this.#foreign("AND")) {
      const right = this.#inverted()
      left = this.#make({ type: "and", left, right, start: left.start, end: right.end })
    }
    return left
  }

  /** Reads `AND`, `OR`, `NOT` as what was meant, with a problem. */
  #foreign(word: string): Lexer.Token | undefined {
    const token = this.#take(word)
    if (token !== undefined) {
      this.problems.push({
        message: `${word} is no operator`,
        hint: foreignWords.get(word),
        start: token.start,
        end: token.end
      })
    }
    return token
  }

  #inverted(): Node {
    const meant = this.#next.type === "name" && this.#peek(1).type !== "operator"
    const token = this.#take("not") ?? (meant ? this.#foreign("NOT") : undefined)
    if (token === undefined) return this.#comparison()
    const operand = this.#nested(() => this.#inverted())
    return this.#make({ type: "not", operand, start: token.start, end: operand.end })
  }

  #comparison(): Node {
    const left = this.#coalesce()
    const operator = this.#comparator()
    if (operator === undefined) return left
    const right = this.#coalesce()
    const node = this.#make({ type: "binary", operator, left, right, start: left.start, end: right.end })
    const chained = this.#next
    if (this.#comparator() === undefined) return node
    const last = this.#text.slice(right.start, right.end)
    return this.#stop(
      "comparisons cannot be chained",
      `write ${this.#text.slice(left.start, right.end).slice(0, 60)} && ${last.slice(0, 40)} ${chained.text} ...`,
      chained
    )
  }

  #comparator(): BinaryOperator | undefined {
    if (this.#is("not") && this.#is("in", 1)) {
      this.#at += 2
      return "not in"
    }
    return comparisons.has(this.#next.text) && this.#next.type !== "literal"
      ? this.#tokens[this.#at++]!.text as BinaryOperator
      : undefined
  }

  #coalesce(): Node {
    let left = this.#sum()
    while (this.#take("??") !== undefined) {
      const right = this.#sum()
      left = this.#make({ type: "coalesce", left, right, start: left.start, end: right.end })
    }
    return left
  }

  #sum(): Node {
    return this.#chain(["+", "-"], () => this.#product())
  }

  #product(): Node {
    return this.#chain(["*", "/", "%"], () => this.#unary())
  }

  #chain(operators: ReadonlyArray<BinaryOperator>, operand: () => Node): Node {
    let left = operand()
    for (let token = this.#take(...operators); token !== undefined; token = this.#take(...operators)) {
      const right = operand()
      const operator = token.text as BinaryOperator
      left = this.#make({ type: "binary", operator, left, right, start: left.start, end: right.end })
    }
    return left
  }

  #unary(): Node {
    const token = this.#take("!", "-")
    if (token === undefined) return this.#postfix()
    const operand = this.#nested(() => this.#unary())
    const place = { start: token.start, end: operand.end }
    if (token.text === "!") return this.#make({ type: "not", operand, ...place })
    if (operand.type === "literal" && isNumber(operand.value)) {
      return this.#make({ type: "literal", value: Arithmetic.negate(operand.value), ...place })
    }
    return this.#make({ type: "negate", operand, ...place })
  }

  #postfix(): Node {
    let node = this.#primary()
    for (;;) {
      if (this.#take(".") !== undefined) node = this.#member(node)
      else if (this.#take("[") !== undefined) {
        const index = this.#conditional()
        const close = this.#expect("]", "after the index")
        node = this.#make({ type: "index", target: node, index, start: node.start, end: close.end })
      } else return node
    }
  }

  #member(target: Node): Node {
    const token = this.#next
    if (token.type !== "name") return this.#unexpected("a field name after .")
    this.#at += 1
    if (this.#take("(") !== undefined) return this.#call(token, target)
    return this.#make({ type: "member", target, key: token.text, start: target.start, end: token.end })
  }

  #primary(): Node {
    const token = this.#next
    const place = { start: token.start, end: token.end }
    if (token.type === "literal") {
      this.#at += 1
      return this.#make({ type: "literal", value: token.value ?? null, ...place })
    }
    if (token.type === "name") return this.#name(token)
    if (token.text === "(") {
      this.#at += 1
      const inner = this.#conditional()
      const close = this.#expect(")", "to close the bracket")
      const node: Node = { ...inner, start: token.start, end: close.end }
      return this.#make(node)
    }
    if (token.text === "[") return this.#list(token)
    if (token.text === "{") return this.#record(token)
    return this.#unexpected("a value")
  }

  #name(token: Lexer.Token): Node {
    const place = { start: token.start, end: token.end }
    if (token.text === "and" || token.text === "or" || token.text === "in") return this.#unexpected("a value")
    this.#at += 1
    if (this.#take("(") !== undefined) return this.#call(token)
    const slot = this.#locals.lastIndexOf(token.text)
    if (slot !== -1) return this.#make({ type: "local", name: token.text, slot, ...place })
    const constant = constants.get(token.text)
    if (constant !== undefined) return this.#make({ type: "literal", value: constant, ...place })
    const foreign = foreignValues.get(token.text)
    if (foreign !== undefined) {
      this.problems.push({ message: `${token.text} is no value`, hint: `write ${String(foreign)}`, ...place })
      return this.#make({ type: "literal", value: foreign, ...place })
    }
    return this.#make({ type: "name", name: token.text, hint: this.#dashHint(), ...place })
  }

  /** `headers.content-type` is a subtraction; this tells so should `type` be unknown. The name is the last token taken. */
  #dashHint(): string | undefined {
    const touching = (offset: number) => this.#peek(offset).end === this.#peek(offset + 1).start
    const dashed = (offset: number) => this.#is("-", offset) && touching(offset) && touching(offset - 1)
    let first = -1
    while (dashed(first - 1) && this.#peek(first - 2).type === "name") first -= 2
    if (first === -1) return undefined
    let last = -1
    while (dashed(last + 1) && this.#peek(last + 2).type === "name") last += 2
    const key = this.#text.slice(this.#peek(first).start, this.#peek(last).end)
    const owner = this.#is(".", first - 1) ? this.#peek(first - 2) : undefined
    return `a name with a dash is written ${owner?.type === "name" ? owner.text : "vars"}['${key}']`
  }

  #list(open: Lexer.Token): Node {
    this.#at += 1
    const items: Array<Node> = []
    while (!this.#is("]")) {
      items.push(this.#conditional())
      if (this.#take(",") === undefined) break
    }
    const close = this.#expect("]", "to close the list")
    return this.#make({ type: "list", items, start: open.start, end: close.end })
  }

  #record(open: Lexer.Token): Node {
    this.#at += 1
    const fields: Array<{ readonly key: string; readonly value: Node }> = []
    while (!this.#is("}")) {
      const key = this.#next
      const name = key.type === "name" ? key.text : key.type === "literal" ? key.value : undefined
      if (typeof name !== "string") {
        if (key.text === "{") this.#stop("{{...}} inside an expression", "write the expression bare", key)
        return this.#unexpected("a field name")
      }
      this.#at += 1
      this.#expect(":", "after the field name")
      fields.push({ key: name, value: this.#conditional() })
      if (this.#take(",") === undefined) break
    }
    const close = this.#expect("}", "to close the object")
    return this.#make({ type: "record", fields, start: open.start, end: close.end })
  }

  #call(name: Lexer.Token, target?: Node): Node {
    const definition = Functions.find(name.text)
    const args = target === undefined ? [] : [target]
    while (!this.#is(")")) {
      args.push(this.#argument())
      if (this.#take(",") === undefined) break
    }
    const close = this.#expect(")", "to close the call")
    const node: Node = {
      type: "call",
      name: definition?.name ?? name.text,
      arguments: args,
      start: target?.start ?? name.start,
      end: close.end
    }
    this.#check(node, name, definition)
    return this.#make(node)
  }

  #check(
    node: Extract<Node, { type: "call" }>,
    name: Lexer.Token,
    definition: Functions.KnownFunction | undefined
  ): void {
    const report = (
      message: string,
      hint: string | undefined,
      at: { readonly start: number; readonly end: number }
    ) => {
      this.problems.push({ message, hint, start: at.start, end: at.end })
    }
    if (definition === undefined) {
      return report(`unknown function ${name.text}`, DidYouMean.hint(name.text, Functions.names), name)
    }
    const count = node.arguments.length
    if (count < definition.least || count > definition.most) {
      report(`${name.text} takes ${amount(definition)}, not ${count}`, `it is ${definition.signature}`, node)
      return
    }
    node.arguments.forEach((argument, at) => {
      const takes = Functions.takesLambda(definition.parameters[at])
      if (takes !== (argument.type === "lambda")) {
        report(
          takes ? `${name.text} takes item => ... here` : `${name.text} takes a value here, not item => ...`,
          `it is ${definition.signature}`,
          argument
        )
      }
    })
    const [path] = node.arguments
    if (definition.name === "has" && path !== undefined && !["name", "local", "member", "index"].includes(path.type)) {
      report("has takes a path", "such as has(body.items[0].id)", path)
    }
  }

  #argument(): Node {
    const start = this.#next.start
    const parameters = this.#lambdaParameters()
    if (parameters === undefined) return this.#conditional()
    if (parameters.length > 2) this.#stop("item => ... takes an item and its index", undefined, this.#next)
    const slots = parameters.map((_, at) => this.#locals.length + at)
    this.#locals.push(...parameters)
    const body = this.#conditional()
    this.#locals.length -= parameters.length
    return this.#make({ type: "lambda", slots, body, start, end: body.end })
  }

  /** Takes `x =>` or `(x, i) =>` when that is what stands here. */
  #lambdaParameters(): ReadonlyArray<string> | undefined {
    if (this.#next.type === "name" && this.#is("=>", 1)) {
      const name = this.#next.text
      this.#at += 2
      return [name]
    }
    if (!this.#is("(")) return undefined
    const names: Array<string> = []
    let offset = 1
    while (this.#peek(offset).type === "name") {
      names.push(this.#peek(offset).text)
      offset += 1
      if (!this.#is(",", offset)) break
      offset += 1
    }
    if (!this.#is(")", offset) || !this.#is("=>", offset + 1)) return undefined
    this.#at += offset + 2
    return names
  }
}

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([["true", true], ["false", false], ["null", null]])

const plural = (count: number): string => `${count} argument${count === 1 ? "" : "s"}`

const amount = ({ least, most }: Functions.KnownFunction): string => {
  if (most === Infinity) return `at least ${plural(least)}`
  return least === most ? plural(least) : `${least} to ${plural(most)}`
}
