/** Updates: from `{ $inc: { stock: -1 } }` to a function from a document to what it becomes. */
import { Timestamp } from "bson"
import { canonical } from "./DocumentCanonical.ts"
import { type Change, change, collide, type Positions } from "./DocumentChangePaths.ts"
import { invalid, shown } from "./DocumentFailure.ts"
import { compile as compileFilter, isOperators, type Test } from "./DocumentFilter.ts"
import { compare, type Fields, isDocument, own, put } from "./DocumentKinds.ts"
import * as Lists from "./DocumentListUpdates.ts"
import * as Numbers from "./DocumentNumbers.ts"
import * as Paths from "./DocumentPaths.ts"

export interface Moment {
  /** Milliseconds. */
  readonly now: number
  /** Whether the document is about to be inserted, for `$setOnInsert`. */
  readonly inserting: boolean
}

/** The document as it becomes; the same one when nothing changes. Throws `Invalid` when it cannot be done with this document. */
export type Updater = (document: Fields, moment: Moment) => Fields

interface Part {
  readonly path: string
  readonly parts: ReadonlyArray<string>
  readonly creates: boolean
  /** Gets the value at the path, and the document as it was before the update. */
  readonly change: (value: unknown, moment: Moment, document: Fields) => unknown
}

/** Throws `Invalid` when the update is wrong. `filter` tells which element of a list `$` is. */
export const compile = (update: Fields, filter: Fields, arrayFilters: ReadonlyArray<unknown> = []): Updater => {
  const parts = Object.entries(update).flatMap(([operator, operands]) => partsOf(operator, operands))
  refuseCollisions(parts)
  if (parts.length > 1) parts.sort(byName)
  const filters = namedFilters(arrayFilters, parts)
  return (document, moment) => {
    let result = document
    const positions: Positions = { matched: (list) => matchedIndex(document, list, filter), filters }
    for (const part of parts) {
      result = change(result, part, positions, (value) => part.change(value, moment, document))
    }
    return result
  }
}

/** New fields come in the order of their names, numbers as numbers. */
const byName = (a: Part, b: Part): number => {
  const at = a.parts.findIndex((part, index) => part !== b.parts[index])
  const [one, other] = [a.parts[at], b.parts[at]]
  if (one === undefined || other === undefined) return a.parts.length - b.parts.length
  const [number, otherNumber] = [Number(one), Number(other)]
  if (!Number.isNaN(number) && !Number.isNaN(otherNumber)) return number - otherNumber
  return one < other ? -1 : 1
}

const partsOf = (operator: string, operands: unknown): ReadonlyArray<Part> => {
  if (!operator.startsWith("$")) throw invalid(`an update consists of operators such as $set, and not of ${operator}`)
  const make = operators[operator]
  if (make === undefined) throw invalid(`unknown operator of updates: ${operator}`, "FailedToParse")
  if (!isDocument(operands)) throw invalid(`${operator} wants a document, and not ${shown(operands)}`, "FailedToParse")
  return Object.entries(operands).flatMap(([path, operand]) => {
    const parts = Paths.split(path)
    if (parts.includes("")) throw invalid(`the path ${shown(path)} has an empty part`)
    if (parts[0]!.startsWith("$")) throw invalid(`the path ${path} begins with $`, "DollarPrefixedFieldName")
    return make(path, operand)
  })
}

const part = (path: string, creates: boolean, change: Part["change"]): ReadonlyArray<Part> => [
  { path, parts: Paths.split(path), creates, change }
]

const operators: Readonly<Record<string, (path: string, operand: unknown) => ReadonlyArray<Part>>> = {
  $set: (path, operand) => {
    const value = canonical(operand)
    return part(path, true, () => value)
  },
  $setOnInsert: (path, operand) => {
    const value = canonical(operand)
    return part(path, true, (old, { inserting }) => inserting ? value : old)
  },
  $unset: (path) => part(path, false, () => undefined),
  $inc: (path, operand) => {
    const by = numeric("$inc", operand)
    return part(path, true, (old) => old === undefined ? by : calculated("$inc", "add", path, old, by))
  },
  $mul: (path, operand) => {
    const by = numeric("$mul", operand)
    const zero = Numbers.calculate("multiply", by, 0)
    return part(path, true, (old) => old === undefined ? zero : calculated("$mul", "multiply", path, old, by))
  },
  $min: (path, operand) => {
    const value = canonical(operand)
    return part(path, true, (old) => old === undefined || compare(value, old) < 0 ? value : old)
  },
  $max: (path, operand) => {
    const value = canonical(operand)
    return part(path, true, (old) => old === undefined || compare(value, old) > 0 ? value : old)
  },
  $currentDate: (path, operand) => {
    const type = isDocument(operand) ? operand["$type"] : operand === true ? "date" : undefined
    if (type !== "date" && type !== "timestamp") {
      throw invalid("$currentDate wants true, or { $type: date | timestamp }")
    }
    return part(
      path,
      true,
      (_, { now }) => type === "date" ? new Date(now) : Timestamp.fromBits(1, Math.floor(now / 1_000))
    )
  },
  $bit: (path, operand) => {
    const change = bits(operand)
    return part(path, true, (old) => change(path, old ?? 0))
  },
  $rename: (path, operand) => renamed(path, operand),
  $push: (path, operand) => part(path, true, Lists.push(path, operand)),
  $addToSet: (path, operand) => part(path, true, Lists.addToSet(path, operand)),
  $pop: (path, operand) => part(path, false, Lists.pop(path, operand)),
  $pull: (path, operand) => part(path, false, Lists.pull(path, operand)),
  $pullAll: (path, operand) => part(path, false, Lists.pullAll(path, operand))
}

const numeric = (operator: string, operand: unknown): Numbers.Numeric => {
  const value = canonical(operand)
  if (!Numbers.isNumeric(value)) throw invalid(`${operator} wants a number, and not ${shown(operand)}`, "TypeMismatch")
  return value
}

const calculated = (
  operator: string,
  operation: "add" | "multiply",
  path: string,
  old: unknown,
  by: Numbers.Numeric
): unknown => {
  if (!Numbers.isNumeric(old)) {
    throw invalid(`${operator} cannot be done with ${path}, which is no number: ${shown(old)}`, "TypeMismatch")
  }
  const result = Numbers.calculate(operation, old, by)
  if (result === undefined) throw invalid(`${operator} of ${path}: the result does not fit an int64`)
  return result
}

const bits = (operand: unknown): (path: string, old: unknown) => unknown => {
  const steps = Object.entries(isDocument(operand) ? operand : {})
  const wrong = steps.length === 0 ||
    steps.some(([name, mask]) =>
      !["and", "or", "xor"].includes(name) || !Numbers.isNumeric(mask) ||
      !["int", "long"].includes(Numbers.typeName(mask))
    )
  if (wrong) throw invalid("$bit wants { and | or | xor: a whole number }")
  return (path, old) => {
    if (!Numbers.isNumeric(old) || !["int", "long"].includes(Numbers.typeName(old))) {
      throw invalid(`$bit cannot be done with ${path}, which is no whole number: ${shown(old)}`)
    }
    const isLong = Numbers.typeName(old) === "long" ||
      steps.some(([, mask]) => Numbers.typeName(mask as Numbers.Numeric) === "long")
    const result = steps.reduce((bits, [name, mask]) => {
      const other = BigInt(Numbers.toNumber(mask as Numbers.Numeric))
      return name === "and" ? bits & other : name === "or" ? bits | other : bits ^ other
    }, BigInt(Numbers.toNumber(old)))
    return isLong ? BigInt.asIntN(64, result) : Number(BigInt.asIntN(32, result))
  }
}

/** Two parts: the old name goes, and the new one gets what the old one had. */
const renamed = (path: string, operand: unknown): ReadonlyArray<Part> => {
  if (typeof operand !== "string" || operand === "") throw invalid("$rename wants the new name as text")
  if (collide(path, operand)) throw invalid(`$rename cannot move ${path} to ${operand}`)
  if (/(?:^|\.)\$/.test(`${path}.${operand}`)) throw invalid("$rename knows no positions in lists")
  const from = Paths.split(path)
  return [
    ...part(path, false, () => undefined),
    ...part(operand, true, (old, _, document) => valueAt(document, from) ?? old)
  ]
}

const valueAt = (document: Fields, parts: ReadonlyArray<string>): unknown =>
  parts.reduce<unknown>((inner, name) => isDocument(inner) ? own(inner, name) : undefined, document)

const refuseCollisions = (parts: ReadonlyArray<Part>): void => {
  if (parts.length < 2) return
  const paths = parts.map(({ path }) => path).sort()
  for (let at = 1; at < paths.length; at++) {
    if (collide(paths[at - 1]!, paths[at]!)) {
      throw invalid(
        `updating the path ${paths[at]} would conflict with ${paths[at - 1]}`,
        "ConflictingUpdateOperators"
      )
    }
  }
}

const namedFilters = (
  arrayFilters: ReadonlyArray<unknown>,
  parts: ReadonlyArray<Part>
): ReadonlyMap<string, Test> => {
  const filters = new Map<string, Test>()
  for (const filter of arrayFilters) {
    const names = new Set(fieldsOf(filter).map((name) => name.split(".")[0]!))
    if (names.size !== 1) throw invalid(`an array filter is about one name, and not ${[...names].join(", ") || "none"}`)
    const [name] = names
    if (filters.has(name!)) throw invalid(`two array filters are about ${name}`)
    if (!parts.some(({ path }) => path.includes(`$[${name}]`))) throw invalid(`the array filter ${name} is not used`)
    const test = compileFilter(filter)
    filters.set(name!, (value) => test({ [name!]: value }))
  }
  return filters
}

const fieldsOf = (filter: unknown): ReadonlyArray<string> =>
  isDocument(filter)
    ? Object.entries(filter).flatMap(([name, value]) =>
      name.startsWith("$") ? Array.isArray(value) ? value.flatMap(fieldsOf) : [] : [name]
    )
    : []

/** The index of the first element of a list that made the document match. */
const matchedIndex = (document: Fields, list: ReadonlyArray<string>, filter: Fields): number => {
  const path = list.join(".")
  const conditions = conditionsOn(path, filter)
  const value = valueAt(document, list)
  if (Array.isArray(value) && conditions.length > 0) {
    const tests = conditions.map((condition) => compileFilter(condition))
    const alone = (element: unknown) => nested(list, [element])
    const every = value.findIndex((element) => tests.every((test) => test(alone(element))))
    const found = every >= 0 ? every : value.findIndex((element) => tests.some((test) => test(alone(element))))
    if (found >= 0) return found
  }
  throw invalid(`${path}.$ did not find the match that it needs in the filter`)
}

const nested = (parts: ReadonlyArray<string>, value: unknown): Fields =>
  parts.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Fields

const conditionsOn = (path: string, filter: Fields): ReadonlyArray<Fields> =>
  Object.entries(filter).flatMap(([name, condition]) =>
    name === "$and" && Array.isArray(condition)
      ? condition.flatMap((one) => isDocument(one) ? conditionsOn(path, one) : [])
      : name === path || name.startsWith(`${path}.`)
      ? [{ [name]: condition }]
      : []
  )

/** What an upsert begins with: the fields that the filter wants to be equal to a value. */
export const seed = (filter: Fields): Fields => {
  let document: Fields = {}
  for (const [path, value] of equalities(filter)) {
    const at = { parts: Paths.split(path), creates: true }
    const set: Change = () => canonical(value)
    document = change(document, at, { matched: () => 0, filters: new Map() }, set)
  }
  return document
}

const equalities = (filter: Fields): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(filter).flatMap(([name, condition]): ReadonlyArray<readonly [string, unknown]> => {
    if (name === "$and" && Array.isArray(condition)) return condition.flatMap((one) => equalities(one as Fields))
    if (name === "$or" && Array.isArray(condition) && condition.length === 1) return equalities(condition[0] as Fields)
    if (name.startsWith("$")) return []
    if (!isOperators(condition)) return condition instanceof RegExp ? [] : [[name, condition]]
    if ("$eq" in condition) return [[name, condition["$eq"]]]
    const list = condition["$in"] ?? condition["$all"]
    return Array.isArray(list) && list.length === 1 && !isOperators(list[0]) ? [[name, list[0]]] : []
  })

/** The document with `_id` first. */
export const withId = (document: Fields, id: unknown): Fields => {
  const made: Fields = { _id: id }
  for (const name of Object.keys(document)) if (name !== "_id") put(made, name, document[name])
  return made
}
