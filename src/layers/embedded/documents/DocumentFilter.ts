/** Filters: from `{ age: { $gte: 18 } }` to a function that says whether a document matches. */
import { Binary } from "bson"
import { invalid, shown, unsupported } from "./DocumentFailure.ts"
import { bsonType, compare, equals, type Fields, isDocument, keyOf, Kind, kindOf, typeName } from "./DocumentKinds.ts"
import * as Numbers from "./DocumentNumbers.ts"
import * as Paths from "./DocumentPaths.ts"

export type Test = (value: unknown) => boolean

/** What filters cannot do by themselves: `$expr` is evaluated by `DocumentPipelines`. */
export interface Expressions {
  readonly test: (expression: unknown) => Test
}

const all = (tests: ReadonlyArray<Test>): Test =>
  tests.length === 0 ? () => true : tests.length === 1 ? tests[0]! : (value) => tests.every((test) => test(value))

/** Throws `Invalid` when the filter is wrong. */
export const compile = (filter: unknown, expressions?: Expressions): Test => {
  if (!isDocument(filter)) throw invalid(`a filter is a document, and this is none: ${shown(filter)}`)
  return all(
    Object.entries(filter).flatMap(([name, condition]) =>
      name.startsWith("$") ? logical(name, condition, expressions) : [field(name, condition, expressions)]
    )
  )
}

const logical = (name: string, condition: unknown, expressions: Expressions | undefined): ReadonlyArray<Test> => {
  switch (name) {
    case "$and":
      return [all(clauses(name, condition, expressions))]
    case "$or": {
      const tests = clauses(name, condition, expressions)
      return [(value) => tests.some((test) => test(value))]
    }
    case "$nor": {
      const tests = clauses(name, condition, expressions)
      return [(value) => !tests.some((test) => test(value))]
    }
    case "$expr":
      if (expressions === undefined) throw invalid("$expr cannot stand here")
      return [expressions.test(condition)]
    case "$comment":
      return []
    case "$where":
    case "$text":
    case "$jsonSchema":
      throw unsupported(name)
    default:
      throw invalid(`unknown top level operator: ${name}`)
  }
}

const clauses = (name: string, condition: unknown, expressions: Expressions | undefined): ReadonlyArray<Test> => {
  if (!Array.isArray(condition) || condition.length === 0) throw invalid(`${name} wants a list that is not empty`)
  return condition.map((one) => compile(one, expressions))
}

/** Whether a condition consists of operators, such as `{ $gt: 1 }`; otherwise it is a value to be equal to. */
export const isOperators = (condition: unknown): condition is Fields =>
  isDocument(condition) && Object.keys(condition)[0]?.startsWith("$") === true &&
  !("$ref" in condition || "$id" in condition)

const field = (name: string, condition: unknown, expressions: Expressions | undefined): Test => {
  const parts = Paths.split(name)
  if (!isOperators(condition)) {
    return onPath(parts, leaf(isPattern(condition) ? matches(condition) : isEqual(condition)))
  }
  const tests = Object.entries(condition).flatMap(([operator, operand]) => {
    if (operator === "$options") {
      if (!("$regex" in condition)) throw invalid("$options needs a $regex")
      return []
    }
    if (operator === "$not") return [not(negated(parts, operand, expressions))]
    const made = conditionOf(operator, operand, condition, expressions)
    return [made.negated ? not(onPath(parts, made.test)) : onPath(parts, made.test)]
  })
  return all(tests)
}

const not = (test: Test): Test => (value) => !test(value)

/** The path of one field costs less. */
const onPath = (parts: Paths.Parts, test: Test): Test => {
  const [name = ""] = parts
  if (parts.length > 1 || name in Object.prototype) return (document) => Paths.some(document, parts, 0, test)
  return (document) => test((document as Fields)[name])
}

const negated = (parts: Paths.Parts, operand: unknown, expressions: Expressions | undefined): Test => {
  if (isPattern(operand)) return onPath(parts, leaf(matches(operand)))
  if (!isOperators(operand)) throw invalid("$not wants an operator or a pattern")
  return field(parts.join("."), operand, expressions)
}

/** Holds for the value itself or, when it is a list, for one of its elements. */
const leaf = (test: Test): Test => (value) => test(value) || Array.isArray(value) && value.some(test)

const isEqual = (operand: unknown): Test =>
  operand === null || operand === undefined
    ? (value) => value === null || value === undefined
    : typeof operand === "string" || typeof operand === "boolean"
    ? (value) => value === operand
    : (value) => value !== undefined && equals(value, operand)

interface Condition {
  readonly test: Test
  readonly negated?: boolean
}

const conditionOf = (
  operator: string,
  operand: unknown,
  siblings: Fields,
  expressions: Expressions | undefined
): Condition => {
  switch (operator) {
    case "$eq":
      return { test: leaf(isEqual(operand)) }
    case "$ne":
      return { test: leaf(isEqual(operand)), negated: true }
    case "$in":
      return { test: leaf(isIn(operator, operand)) }
    case "$nin":
      return { test: leaf(isIn(operator, operand)), negated: true }
    case "$gt":
      return { test: leaf(isBeyond(operand, (order) => order > 0, false)) }
    case "$gte":
      return { test: leaf(isBeyond(operand, (order) => order >= 0, true)) }
    case "$lt":
      return { test: leaf(isBeyond(operand, (order) => order < 0, false)) }
    case "$lte":
      return { test: leaf(isBeyond(operand, (order) => order <= 0, true)) }
    case "$exists":
      return { test: (value) => value !== undefined, negated: isFalse(operand) }
    case "$type":
      return { test: isOfType(operand) }
    case "$regex":
      return { test: leaf(matches(operand, siblings["$options"])) }
    case "$mod":
      return { test: leaf(hasRemainder(operand)) }
    case "$size":
      return { test: (value) => Array.isArray(value) && value.length === Numbers.toNumber(numeric(operator, operand)) }
    case "$all":
      return { test: hasAll(operand, expressions) }
    case "$elemMatch": {
      const test = element(operand, expressions)
      return { test: (value) => Array.isArray(value) && value.some(test) }
    }
    case "$bitsAllSet":
    case "$bitsAnySet":
    case "$bitsAllClear":
    case "$bitsAnyClear":
      return { test: leaf(hasBits(operator, operand)) }
    case "$comment":
      return { test: () => true }
    case "$near":
    case "$nearSphere":
    case "$geoWithin":
    case "$geoIntersects":
      throw unsupported(operator)
    default:
      throw invalid(`unknown operator: ${operator}`)
  }
}

const isFalse = (operand: unknown): boolean =>
  operand === false || operand === null || Numbers.isNumeric(operand) && Numbers.toNumber(operand) === 0

const numeric = (operator: string, operand: unknown): Numbers.Numeric => {
  if (!Numbers.isNumeric(operand)) throw invalid(`${operator} wants a number`)
  return operand
}

/** Only values of one kind are before or after each other. */
const isBeyond = (operand: unknown, holds: (order: number) => boolean, orEqual: boolean): Test => {
  const kind = kindOf(operand)
  if (kind === Kind.null || kind === Kind.undefined) {
    return (value) => orEqual && (value === null || value === undefined)
  }
  if (kind === Kind.minKey || kind === Kind.maxKey) {
    return (value) => value !== undefined && holds(compare(value, operand))
  }
  if (Number.isNaN(operand)) return (value) => orEqual && Number.isNaN(value)
  if (kind === Kind.number) {
    return (value) =>
      (typeof value === "number" || Numbers.isNumeric(value)) && !Number.isNaN(value) && holds(compare(value, operand))
  }
  return (value) => kindOf(value) === kind && value !== undefined && holds(compare(value, operand))
}

const isIn = (operator: string, operand: unknown): Test => {
  if (!Array.isArray(operand)) throw invalid(`${operator} wants a list`)
  if (operand.some(isOperators)) throw invalid(`cannot nest operators in ${operator}`)
  const patterns = operand.filter(isPattern).map((pattern) => matches(pattern))
  const values = new Set(operand.map((one) => keyOf(one ?? null)))
  return (value) => values.has(keyOf(value ?? null)) || patterns.some((test) => test(value))
}

const numbersOfTypes: Readonly<Record<number, string>> = {
  1: "double",
  2: "string",
  3: "object",
  4: "array",
  5: "binData",
  6: "undefined",
  7: "objectId",
  8: "bool",
  9: "date",
  10: "null",
  11: "regex",
  12: "dbPointer",
  13: "javascript",
  14: "symbol",
  16: "int",
  17: "timestamp",
  18: "long",
  19: "decimal",
  [-1]: "minKey",
  127: "maxKey"
}

const typeNames = new Set([...Object.values(numbersOfTypes), "number"])

const isOfType = (operand: unknown): Test => {
  const wanted = (Array.isArray(operand) ? operand : [operand]).map((one: unknown) => {
    const name = typeof one === "string" ? one : numbersOfTypes[Number(one)]
    if (name === undefined || !typeNames.has(name)) throw invalid(`unknown type: ${shown(one)}`)
    return name
  })
  const test: Test = (value) =>
    value !== undefined && (wanted.includes(typeName(value)) || wanted.includes("number") && Numbers.isNumeric(value))
  return leaf(test)
}

export const isPattern = (value: unknown): boolean => value instanceof RegExp || bsonType(value) === "BSONRegExp"

const matches = (operand: unknown, options?: unknown): Test => {
  const pattern = toRegExp(operand, options)
  return (value) =>
    typeof value === "string" ? pattern.test(value) : isPattern(value) && isPattern(operand) && equals(value, operand)
}

/** The pattern as JavaScript has it. */
export const toRegExp = (operand: unknown, options?: unknown): RegExp => {
  const [source, own] = operand instanceof RegExp
    ? [operand.source, operand.flags.replace(/[gy]/g, "")]
    : bsonType(operand) === "BSONRegExp"
    ? [(operand as { pattern: string }).pattern, (operand as { options: string }).options]
    : [operand, ""]
  if (typeof source !== "string") throw invalid("$regex wants a pattern")
  const flags = typeof options === "string" ? options : own
  if (/[^imsu]/.test(flags)) throw unsupported(`option "${flags.replace(/[imsu]/g, "")[0]}" of patterns`)
  try {
    return new RegExp(source, flags)
  } catch (error) {
    throw invalid(`the pattern ${shown(source)} is wrong: ${error instanceof Error ? error.message : ""}`)
  }
}

const hasRemainder = (operand: unknown): Test => {
  if (!Array.isArray(operand) || operand.length !== 2 || !operand.every(Numbers.isNumeric)) {
    throw invalid("$mod wants a divisor and a remainder")
  }
  const [divisor, remainder] = operand.map((one) => Math.trunc(Numbers.toNumber(one))) as [number, number]
  if (divisor === 0) throw invalid("the divisor of $mod cannot be 0")
  return (value) => Numbers.isNumeric(value) && Math.trunc(Numbers.toNumber(value)) % divisor === remainder
}

const hasAll = (operand: unknown, expressions: Expressions | undefined): Test => {
  if (!Array.isArray(operand)) throw invalid("$all wants a list")
  const tests = operand.map((one: unknown) => {
    if (isOperators(one) && "$elemMatch" in one) {
      const test = element(one["$elemMatch"], expressions)
      return (value: unknown) => Array.isArray(value) && value.some(test)
    }
    return leaf(isPattern(one) ? matches(one) : isEqual(one))
  })
  return (value) => tests.length > 0 && tests.every((test) => test(value))
}

/** For elements of lists: operators on the element itself, or a filter on a document. */
export const element = (condition: unknown, expressions?: Expressions): Test => {
  if (!isDocument(condition)) throw invalid("$elemMatch wants a document")
  const first = Object.keys(condition)[0] ?? ""
  if (first.startsWith("$") && !["$and", "$or", "$nor", "$expr"].includes(first)) {
    const test = field("value", condition, expressions)
    return (value) => !Array.isArray(value) && test({ value })
  }
  const test = compile(condition, expressions)
  return (value) => (isDocument(value) || Array.isArray(value)) && test(value)
}

const hasBits = (operator: string, operand: unknown): Test => {
  const mask = toMask(operator, operand)
  return (value) => {
    const bits = toBits(value)
    if (bits === undefined) return false
    const set = bits & mask
    switch (operator) {
      case "$bitsAllSet":
        return set === mask
      case "$bitsAnySet":
        return set !== 0n
      case "$bitsAllClear":
        return set === 0n
      default:
        return set !== mask
    }
  }
}

const toMask = (operator: string, operand: unknown): bigint => {
  if (Array.isArray(operand) && operand.every((one) => Number.isInteger(one) && one >= 0 && one < 65_536)) {
    return operand.reduce((mask: bigint, position: number) => mask | 1n << BigInt(position), 0n)
  }
  const mask = toBits(operand)
  if (mask === undefined || Numbers.isNumeric(operand) && mask < 0n) {
    throw invalid(`${operator} wants a mask, as a number, bytes or positions`)
  }
  return mask
}

const toBits = (value: unknown): bigint | undefined => {
  if (value instanceof Binary) {
    return value.value().reduceRight((bits: bigint, byte: number) => bits << 8n | BigInt(byte), 0n)
  }
  if (!Numbers.isNumeric(value)) return undefined
  if (typeof value === "bigint") return value
  const number = Numbers.toNumber(value)
  return Number.isSafeInteger(number) ? BigInt(number) : undefined
}
