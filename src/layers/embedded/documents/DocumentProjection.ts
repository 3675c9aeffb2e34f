/** Projections: which fields of a document come, from `{ name: 1 }` to a function. Those with expressions are stages of a pipeline. */
import { invalid, unsupported } from "./DocumentFailure.ts"
import { element, isOperators } from "./DocumentFilter.ts"
import { type Fields, isDocument, own, put } from "./DocumentKinds.ts"
import { isNumeric, toNumber } from "./DocumentNumbers.ts"

export type Project = (document: Fields) => Fields

/** A field that comes or goes, the fields inside of it, or what becomes of its value. */
type Tree = Map<string, Tree | boolean | ((value: unknown) => unknown)>

/** `undefined` when the projection has expressions. Throws `Invalid` when it mixes what comes and what goes. */
export const compile = (projection: Fields | undefined): Project | undefined => {
  const entries = Object.entries(projection ?? {})
  if (entries.some(([, wanted]) => isExpression(wanted))) return undefined
  if (entries.some(([path]) => path.split(".").some((part) => part.startsWith("$")))) {
    throw unsupported("projection of the element that matched (`list.$`)", "use $elemMatch in the projection")
  }
  const plain = entries.filter(([path, wanted]) => path !== "_id" && !isOperators(wanted))
  const includes = plain.some(([, wanted]) => isTrue(wanted)) ||
    plain.length === 0 && (entries.some(([, wanted]) => isOperators(wanted) && "$elemMatch" in wanted) ||
        entries.length > 0 && entries.every(([path, wanted]) => path === "_id" && isTrue(wanted)))
  if (includes && plain.some(([, wanted]) => !isTrue(wanted))) {
    throw invalid("a projection either names the fields that come, or those that do not")
  }
  const tree: Tree = new Map()
  for (const [path, wanted] of entries) {
    if (path === "_id" && !isTrue(wanted) === includes) continue
    add(tree, path.split("."), isOperators(wanted) ? operator(wanted) : true, path)
  }
  if (includes && entries.every(([path]) => path !== "_id")) tree.set("_id", true)
  if (entries.length === 0) return (document) => document
  return includes ? (document) => only(document, tree) as Fields : (document) => without(document, tree) as Fields
}

const isTrue = (wanted: unknown): boolean => wanted === true || isNumeric(wanted) && toNumber(wanted) !== 0

const isExpression = (wanted: unknown): boolean =>
  typeof wanted === "string" || Array.isArray(wanted) ||
  isDocument(wanted) && !("$slice" in wanted && !Array.isArray(wanted["$slice"]) || "$elemMatch" in wanted ||
      isSlice(wanted["$slice"]))

/** `[skip, limit]` of numbers: with more, or an expression, it is that of pipelines. */
const isSlice = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && value.every(isNumeric)

const add = (tree: Tree, parts: ReadonlyArray<string>, leaf: boolean | ((value: unknown) => unknown), path: string) => {
  const [name, ...rest] = parts
  const known = tree.get(name!)
  if (rest.length === 0 && known === undefined) return void tree.set(name!, leaf)
  if (rest.length === 0 || known !== undefined && !(known instanceof Map)) {
    throw invalid(`the projection of ${path} collides with another one`)
  }
  const inner: Tree = known ?? new Map()
  tree.set(name!, inner)
  add(inner, rest, leaf, path)
}

const operator = (wanted: Fields): (value: unknown) => unknown => {
  if ("$elemMatch" in wanted) {
    const test = element(wanted["$elemMatch"])
    return (value) => {
      const found = Array.isArray(value) ? value.find(test) : undefined
      return found === undefined ? undefined : [found]
    }
  }
  const slice = wanted["$slice"]
  const [first, second] = (Array.isArray(slice) ? slice : [slice]).map((one) => isNumeric(one) ? toNumber(one) : NaN)
  if (Number.isNaN(first) || Number.isNaN(second)) throw invalid("$slice wants a number, or [skip, limit]")
  return (value) => {
    if (!Array.isArray(value)) return value
    if (second === undefined) return first! < 0 ? value.slice(first) : value.slice(0, first)
    const from = first! < 0 ? Math.max(0, value.length + first!) : first!
    return value.slice(from, from + second)
  }
}

const only = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) return value.map((one) => only(one, tree)).filter((one) => one !== undefined)
  if (!isDocument(value)) return undefined
  const made: Fields = {}
  for (const name of Object.keys(value)) {
    const wanted = tree.get(name)
    if (wanted === undefined) continue
    const inner = wanted instanceof Map
      ? only(value[name], wanted)
      : typeof wanted === "function"
      ? wanted(value[name])
      : value[name]
    if (inner !== undefined) put(made, name, inner)
  }
  return made
}

const without = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) return value.map((one) => without(one, tree))
  if (!isDocument(value)) return value
  const made: Fields = {}
  for (const name of Object.keys(value)) {
    const gone = tree.get(name)
    if (gone === true) continue
    const inner = own(value, name)
    const left = gone === undefined ? inner : gone instanceof Map
      ? without(inner, gone)
      : typeof gone === "function"
      ? gone(inner)
      : inner
    if (left !== undefined) put(made, name, left)
  }
  return made
}
