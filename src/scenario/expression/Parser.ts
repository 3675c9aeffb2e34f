/**
 * Turns an expression's text into its tree, reporting every problem it can find in one pass: spellings of other languages,
 * unknown functions, wrong numbers of arguments. Precedence, loosest first: `?:`, `||`, `&&`, `not`, comparisons and `in`
 * (not chained), `??`, `+ -`, `* / %`, `! -`, paths and calls.
 */
import type { Value } from "../../core/Value.ts"
import * as Arithmetic from "./Arithmetic.ts"
import * as Functions from "./Functions.ts"
import * as Lexer from "./Lexer.ts"
import { isNumber } from "./Operators.ts"
import * as Signature from "./Signature.ts"
import { type BinaryOperator, children, type Node, type NodeOf, type SyntaxProblem } from "./Syntax.ts"
import { Stop, TokenReader } from "./TokenReader.ts"

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
  const lexed = Lexer.lex(text, start, hole)
  const parser = new Parser(text, lexed)
  const node = parser.whole()
  const found = parser.problems.toSorted((a, b) => a.start - b.start)
  return { node: found.length === 0 ? node : undefined, problems: found, end: lexed.end, closed: lexed.closed }
}

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])

class Parser extends TokenReader {
  readonly #text: string
  readonly #heights = new Map<Node, number>()
  readonly #locals: Array<string> = []
  #nesting = 0

  constructor(text: string, { problems, tokens }: Lexer.Lexed) {
    super(text, tokens, problems)
    this.#text = text
  }

  whole(): Node | undefined {
    try {
      if (this.ended()) {
        if (this.problems.length > 0) return undefined
        return this.stop("there is no expression", "write a name, a value or a comparison", this.next)
      }
      const node = this.#conditional()
      return this.ended() ? node : this.unexpected("the end")
    } catch (error) {
      if (error instanceof Stop) return undefined
      throw error
    }
  }

  #make(node: Node): Node {
    let height = 0
    for (const child of children(node)) height = Math.max(height, this.#heights.get(child) ?? 0)
    if (height >= maxHeight) this.stop(`more than ${maxHeight} operators in one chain`, "split the expression", node)
    this.#heights.set(node, height + 1)
    return node
  }

  #nested<A>(parse: () => A): A {
    if (this.#nesting >= maxNesting) this.stop(`nested deeper than ${maxNesting} levels`, undefined, this.next)
    this.#nesting += 1
    const result = parse()
    this.#nesting -= 1
    return result
  }

  #conditional(): Node {
    return this.#nested(() => {
      const test = this.#or()
      if (this.take("?") === undefined) return test
      const then = this.#conditional()
      this.expect(":", "and what holds otherwise")
      const otherwise = this.#conditional()
      return this.#make({ type: "conditional", test, then, otherwise, start: test.start, end: otherwise.end })
    })
  }

  #or(): Node {
    let left = this.#and()
    while (this.take("||", "or") ?? this.foreign("OR")) {
      const right = this.#and()
      left = this.#make({ type: "or", left, right, start: left.start, end: right.end })
    }
    return left
  }

  #and(): Node {
    let left = this.#inverted()
    while (this.take("&&", "and") ?? this.foreign("AND")) {
      const right = this.#inverted()
      left = this.#make({ type: "and", left, right, start: left.start, end: right.end })
    }
    return left
  }

  #inverted(): Node {
    const meant = this.next.type === "name" && this.peek(1).type !== "operator"
    const token = this.take("not") ?? (meant ? this.foreign("NOT") : undefined)
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
    const chained = this.next
    if (this.#comparator() === undefined) return node
    const last = this.#text.slice(right.start, right.end)
    return this.stop(
      "comparisons cannot be chained",
      `write ${this.#text.slice(left.start, right.end).slice(0, 60)} && ${last.slice(0, 40)} ${chained.text} ...`,
      chained
    )
  }

  #comparator(): BinaryOperator | undefined {
    if (this.is("not") && this.is("in", 1)) {
      this.at += 2
      return "not in"
    }
    return comparisons.has(this.next.text) && this.next.type !== "literal"
      ? this.takeAny().text as BinaryOperator
      : undefined
  }

  #coalesce(): Node {
    let left = this.#sum()
    while (this.take("??") !== undefined) {
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
    for (let token = this.take(...operators); token !== undefined; token = this.take(...operators)) {
      const right = operand()
      const operator = token.text as BinaryOperator
      left = this.#make({ type: "binary", operator, left, right, start: left.start, end: right.end })
    }
    return left
  }

  #unary(): Node {
    const token = this.take("!", "-")
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
      if (this.take(".") !== undefined) node = this.#member(node)
      else if (this.take("[") !== undefined) {
        const index = this.#conditional()
        const close = this.expect("]", "after the index")
        node = this.#make({ type: "index", target: node, index, start: node.start, end: close.end })
      } else return node
    }
  }

  #member(target: Node): Node {
    const token = this.next
    if (token.type !== "name") return this.unexpected("a field name after .")
    this.at += 1
    if (this.take("(") !== undefined) return this.#call(token, target)
    return this.#make({ type: "member", target, key: token.text, start: target.start, end: token.end })
  }

  #primary(): Node {
    const token = this.next
    const place = { start: token.start, end: token.end }
    if (token.type === "literal") {
      this.at += 1
      return this.#make({ type: "literal", value: token.value ?? null, ...place })
    }
    if (token.type === "name") return this.#name(token)
    if (token.text === "(") {
      this.at += 1
      const inner = this.#conditional()
      const close = this.expect(")", "to close the bracket")
      const node: Node = { ...inner, start: token.start, end: close.end }
      return this.#make(node)
    }
    if (token.text === "[") return this.#list(token)
    if (token.text === "{") return this.#record(token)
    return this.unexpected("a value")
  }

  #name(token: Lexer.Token): Node {
    const place = { start: token.start, end: token.end }
    if (token.text === "and" || token.text === "or" || token.text === "in") return this.unexpected("a value")
    this.at += 1
    if (this.take("(") !== undefined) return this.#call(token)
    const slot = this.#locals.lastIndexOf(token.text)
    if (slot !== -1) return this.#make({ type: "local", name: token.text, slot, ...place })
    const constant = constants.get(token.text)
    if (constant !== undefined) return this.#make({ type: "literal", value: constant, ...place })
    const foreign = foreignValues.get(token.text)
    if (foreign !== undefined) {
      this.report(`${token.text} is no value`, `write ${String(foreign)}`, token)
      return this.#make({ type: "literal", value: foreign, ...place })
    }
    return this.#make({ type: "name", name: token.text, hint: this.dashHint(), ...place })
  }

  #list(open: Lexer.Token): Node {
    this.at += 1
    const items: Array<Node> = []
    while (!this.is("]")) {
      items.push(this.#conditional())
      if (this.take(",") === undefined) break
    }
    const close = this.expect("]", "to close the list")
    return this.#make({ type: "list", items, start: open.start, end: close.end })
  }

  #record(open: Lexer.Token): Node {
    this.at += 1
    const fields: Array<{ readonly key: string; readonly value: Node }> = []
    const names = new Set<string>()
    while (!this.is("}")) {
      const key = this.next
      const name = key.type === "name" ? key.text : key.type === "literal" ? key.value : undefined
      if (typeof name !== "string") {
        if (key.text === "{") this.stop("{{...}} inside an expression", "write the expression bare", key)
        return this.unexpected("a field name")
      }
      this.at += 1
      if (names.has(name)) this.report(`the field ${name} is given twice`, undefined, key)
      names.add(name)
      this.expect(":", "after the field name")
      fields.push({ key: name, value: this.#conditional() })
      if (this.take(",") === undefined) break
    }
    const close = this.expect("}", "to close the object")
    return this.#make({ type: "record", fields, start: open.start, end: close.end })
  }

  #call(name: Lexer.Token, target?: Node): Node {
    const args = target === undefined ? [] : [target]
    while (!this.is(")")) {
      args.push(this.#argument())
      if (this.take(",") === undefined) break
    }
    const close = this.expect(")", "to close the call")
    const node: NodeOf<"call"> = {
      type: "call",
      name: Functions.find(name.text)?.name ?? name.text,
      arguments: args,
      start: target?.start ?? name.start,
      end: close.end
    }
    this.problems.push(...Signature.problemsOf(node, name))
    return this.#make(node)
  }

  #argument(): Node {
    const start = this.next.start
    const parameters = this.lambdaParameters()
    if (parameters === undefined) return this.#conditional()
    if (parameters.length > 2) this.stop("item => ... takes an item and its index", undefined, this.next)
    const slots = parameters.map((_, at) => this.#locals.length + at)
    this.#locals.push(...parameters)
    const body = this.#conditional()
    this.#locals.length -= parameters.length
    return this.#make({ type: "lambda", slots, body, start, end: body.end })
  }
}

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

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([["true", true], ["false", false], ["null", null]])
