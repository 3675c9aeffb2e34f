/**
 * XPath 3.1 over XML texts. A document may come from anywhere and an expression may be careless, so steps through the
 * document are counted and bounded, patterns take linear time, and `Xml` refuses what it refuses.
 *
 * Names match as they are written in the document: `//soap:Body`, and no prefix for a default namespace.
 */
import { Result } from "effect"
import fontoxpath from "fontoxpath"
import { type Attr, Document, type Element, Node } from "slimdom"
import * as LinearRegex from "../../core/LinearRegex.ts"
import type { Value } from "../../core/Value.ts"
import * as Xml from "./Xml.ts"

export interface Options {
  /** Namespace URIs by prefix: names then match by namespace and no longer as written. `""` is the one without a prefix. */
  readonly namespaces?: Readonly<Record<string, string>> | undefined
}

export interface XPathProblem {
  readonly message: string
}

type DomFacade = Parameters<typeof evaluateXPath>[2]

// oxlint-disable-next-line import/no-named-as-default-member -- Node sees no named exports in this CommonJS package
const { evaluateXPath, registerCustomXPathFunction } = fontoxpath

/** Steps from node to node that one expression may take. */
export const maxSteps = 5_000_000

/** Returns what an expression finds, in order: the text of each node; numbers, booleans and texts as they are. */
export const evaluate = (
  text: string,
  expression: string,
  options: Options = {}
): Result.Result<ReadonlyArray<Value>, XPathProblem> =>
  Result.flatMap(
    Result.mapError(
      document(text, options),
      ({ message }) => ({ message: `the document is not well-formed XML: ${message}` })
    ),
    (root) => {
      const refusal = refuse(expression)
      if (refusal !== undefined) return Result.fail({ message: refusal })
      return Result.try({
        try: () => {
          const found: ReadonlyArray<unknown> = evaluateXPath(
            expression,
            root,
            counting() as unknown as DomFacade,
            null,
            evaluateXPath.ALL_RESULTS_TYPE,
            { functionNameResolver, namespaceResolver: resolverOf(options) }
          )
          return found.map(valueOf)
        },
        catch: (error) => ({ message: describe(error) })
      })
    }
  )

/** What would take unbounded time without touching the document, or would reach the engine's own patterns. */
const refuse = (expression: string): string | undefined => {
  if (expression.trim() === "") return "the expression is empty"
  if (expression.length > 10_000) return "the expression is longer than 10000 characters"
  const code = expression.replaceAll(/"[^"]*"|'[^']*'/g, "''")
  if (/\bQ\{|\bfunction\s*\(|\bfunction-lookup\b|\bparse-json\b/.test(code)) {
    return "Q{...}, function(...), function-lookup and parse-json are left out"
  }
  return range.test(code) ? "ranges (1 to n) are left out" : undefined
}

// `to` between two operands; after a word operator it is the name of an element.
const range =
  /(?<!\b(?:and|or|div|mod|eq|ne|lt|le|gt|ge|is|union|intersect|except|return|in|satisfies|then|else))(?<=[\w)\]'])\s+to\s+[\w($.'/@-]/

class OutOfSteps extends Error {}

const describe = (error: unknown): string => {
  if (error instanceof OutOfSteps) return `it takes more than ${maxSteps} steps through the document`
  const message = error instanceof Error ? error.message : String(error)
  // A syntax error draws the expression before it says why; after that comes a trace.
  const lines = message.split("\n").map((line) => line.trim().replace(/^(gg \[)?Error\]?: /, ""))
  const code = lines.find((line) => /^X[PQ][A-Z]{2}\d{4}/.test(line))
  return code ?? lines.find((line) => line !== "" && !/^(at |\^|Custom XPath function)/.test(line)) ??
    "it is no XPath expression"
}

const valueOf = (item: unknown): Value => {
  if (item instanceof Node) return item.nodeType === Node.ATTRIBUTE_NODE ? (item as Attr).value : textOf(item)
  if (typeof item === "number" || typeof item === "boolean" || typeof item === "string") return item
  if (item instanceof Date) return item.toISOString()
  return JSON.stringify(item)
}

const textOf = (node: Node): string => (node as Element).textContent ?? node.nodeValue ?? ""

const document = (text: string, options: Options): Result.Result<Document, Xml.XmlProblem> => {
  const root = new Document()
  const open: Array<Document | Element> = [root]
  const names = options.namespaces === undefined ? writtenNames() : declaredNames()
  const result = Xml.read(text, {
    open: (name, attributes) => {
      names.enter(attributes)
      const element = root.createElementNS(names.element(name), name)
      for (const [key, value] of attributes) {
        if (key === "xmlns" || key.startsWith("xmlns:")) continue
        element.setAttributeNS(names.attribute(key), key, value)
      }
      open.at(-1)!.appendChild(element)
      open.push(element)
    },
    close: () => {
      names.leave()
      open.pop()
    },
    text: (part) => void open.at(-1)!.appendChild(root.createTextNode(part)),
    comment: (part) => void open.at(-1)!.appendChild(root.createComment(part))
  })
  return Result.map(result, () => root)
}

interface Names {
  readonly enter: (attributes: ReadonlyMap<string, string>) => void
  readonly leave: () => void
  readonly element: (name: string) => string | null
  readonly attribute: (name: string) => string | null
}

const prefixOf = (name: string): string => name.slice(0, Math.max(0, name.indexOf(":")))

const ignore = () => {}

/** Every prefix is its own namespace, and no prefix is none. */
const writtenNames = (): Names => {
  const namespace = (name: string) => prefixOf(name) === "" ? null : written(prefixOf(name))
  return { enter: ignore, leave: ignore, element: namespace, attribute: namespace }
}

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

const written = (prefix: string): string => prefix === "xml" ? xmlNamespace : `urn:skein:prefix:${prefix}`

/** Namespaces as the document declares them. A prefix that it does not declare is its own namespace. */
const declaredNames = (): Names => {
  const scopes: Array<ReadonlyMap<string, string>> = [new Map([["xml", xmlNamespace]])]
  const namespace = (prefix: string) => scopes.at(-1)!.get(prefix) ?? (prefix === "" ? null : written(prefix))
  return {
    enter: (attributes) => {
      const declared = [...attributes].filter(([name]) => name === "xmlns" || name.startsWith("xmlns:"))
      const outer = scopes.at(-1)!
      scopes.push(
        declared.length === 0
          ? outer
          : new Map([...outer, ...declared.map(([name, uri]) => [name.slice(6), uri] as const)])
      )
    },
    leave: () => void scopes.pop(),
    element: (name) => namespace(prefixOf(name)) || null,
    attribute: (name) => prefixOf(name) === "" ? null : namespace(prefixOf(name))
  }
}

const resolverOf = (options: Options) => (prefix: string): string | null =>
  options.namespaces === undefined
    ? prefix === "" ? null : written(prefix)
    : options.namespaces[prefix] ?? (prefix === "xml" ? xmlNamespace : null)

/** Reads the document like the engine's own facade, and counts. */
const counting = () => {
  let left = maxSteps
  const step = <A>(value: A): A => {
    if (--left < 0) throw new OutOfSteps()
    return value
  }
  return {
    getAllAttributes: (node: Element) => step([...node.attributes]),
    getAttribute: (node: Element, name: string) => step(node.getAttribute(name)),
    getChildNodes: (node: Node) => step([...node.childNodes]),
    getData: (node: Node) => step(node.nodeType === Node.ATTRIBUTE_NODE ? (node as Attr).value : node.nodeValue ?? ""),
    getFirstChild: (node: Node) => step(node.firstChild),
    getLastChild: (node: Node) => step(node.lastChild),
    getNextSibling: (node: Node) => step(node.nextSibling),
    getPreviousSibling: (node: Node) => step(node.previousSibling),
    getParentNode: (node: Node) =>
      step(node.nodeType === Node.ATTRIBUTE_NODE ? (node as Attr).ownerElement : node.parentNode)
  }
}

const functions = "http://www.w3.org/2005/xpath-functions"
const own = "urn:skein:functions"

const functionNameResolver = ({ localName, prefix }: { readonly localName: string; readonly prefix: string }) => {
  if (prefix !== "" && prefix !== "fn") return { localName, namespaceURI: others[prefix] ?? own }
  return { localName, namespaceURI: ownNames.has(localName) ? own : functions }
}

const others: Readonly<Record<string, string>> = {
  xs: "http://www.w3.org/2001/XMLSchema",
  math: `${functions}/math`,
  map: `${functions}/map`,
  array: `${functions}/array`
}

const ownNames = new Set(["matches", "replace", "tokenize"])

const regexOf = (pattern: string, flags = "") =>
  Result.getOrThrowWith(LinearRegex.compile(pattern, flags), (problem) => new Error(problem.message))

const register = (name: string, parameters: Array<string>, result: string, run: (...texts: Array<string>) => unknown) =>
  registerCustomXPathFunction(
    { namespaceURI: own, localName: name },
    parameters,
    result,
    (_context: unknown, ...texts: Array<string | null>) => run(...texts.map((text) => text ?? ""))
  )

const matches = (text: string, pattern: string, flags?: string) => regexOf(pattern, flags).test(text)
register("matches", ["xs:string?", "xs:string"], "xs:boolean", matches as never)
register("matches", ["xs:string?", "xs:string", "xs:string"], "xs:boolean", matches as never)

const replace = (text: string, pattern: string, by: string, flags?: string) =>
  Result.getOrThrowWith(regexOf(pattern, flags).replaceAll(text, by), (problem) => new Error(problem.message))
register("replace", ["xs:string?", "xs:string", "xs:string"], "xs:string", replace as never)
register("replace", ["xs:string?", "xs:string", "xs:string", "xs:string"], "xs:string", replace as never)

/** The pieces of a text between matches; on white space when no pattern is given. */
const tokenize = (text: string, pattern?: string, flags?: string): Array<string> => {
  if (pattern === undefined) return text.trim() === "" ? [] : text.trim().split(/\s+/)
  if (text === "") return []
  const found = Result.getOrThrowWith(regexOf(pattern, flags).matchAll(text), (problem) => new Error(problem.message))
  const starts = [0, ...found.map((match) => match.index + match.text.length)]
  return starts.map((start, at) => text.slice(start, found[at]?.index))
}
register("tokenize", ["xs:string?"], "xs:string*", tokenize as never)
register("tokenize", ["xs:string?", "xs:string"], "xs:string*", tokenize as never)
register("tokenize", ["xs:string?", "xs:string", "xs:string"], "xs:string*", tokenize as never)
