/**
 * Pipelines and expressions of aggregation, by mingo. Where mingo does not know the kinds of BSON we do it: stages `$match` and
 * `$sort`, comparisons, and sums. mingo takes 50 to 100 ms to load, so it is loaded with the first pipeline.
 */
import { Aggregator } from "mingo/aggregator"
import { Context, evalExpr, ProcessingMode } from "mingo/core"
import * as accumulator from "mingo/operators/accumulator"
import * as expression from "mingo/operators/expression"
import * as pipeline from "mingo/operators/pipeline"
import * as projection from "mingo/operators/projection"
import * as query from "mingo/operators/query"
import * as window from "mingo/operators/window"
import type { Options } from "mingo/types"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"
import { invalid, unsupported } from "./DocumentFailure.ts"
import * as Filter from "./DocumentFilter.ts"
import { compare, type Fields, isDocument, put } from "./DocumentKinds.ts"
import * as Numbers from "./DocumentNumbers.ts"
import { comparator, type SortFields } from "./DocumentPaths.ts"

export interface Surroundings {
  /** Documents of another collection of the same database, for `$lookup` and its like. */
  readonly documents: (collection: string) => ReadonlyArray<Fields>
  readonly variables?: Fields | undefined
}

const nowhere: Surroundings = { documents: () => [] }

/** Throws `Invalid` when the pipeline is wrong or cannot be done with these documents, `Unsupported` for what writes. */
export const run = (
  documents: Iterable<Fields>,
  stages: ReadonlyArray<unknown>,
  surroundings: Surroundings = nowhere
): ReadonlyArray<Fields> => {
  refuseUnsupported(stages)
  return attempt(() => {
    const options = optionsFor(surroundings)
    const input = Array.from(documents, (document) => lowered(document) as Fields)
    return new Aggregator(stages as Array<Fields>, options).run(input, options) as ReadonlyArray<Fields>
  })
}

const attempt = <A>(work: () => A): A => {
  try {
    return work()
  } catch (error) {
    if (error instanceof DocumentStoreError) throw error
    throw invalid(`the pipeline: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const refused = new Set(["$out", "$merge", "$geoNear", "$search", "$vectorSearch", "$changeStream", "$collStats"])

const refuseUnsupported = (stages: ReadonlyArray<unknown>): void => {
  for (const stage of stages) {
    if (!isDocument(stage) || Object.keys(stage).length !== 1) {
      throw invalid("a stage of a pipeline is a document of one field")
    }
    const [name = ""] = Object.keys(stage)
    if (refused.has(name)) throw unsupported(`stage ${name}`)
    if (!(name in operators.pipeline)) throw invalid(`unknown stage of pipelines: ${name}`)
  }
}

/** `$expr` in filters. */
export const expressions: Filter.Expressions = {
  test: (wanted) => {
    const options = optionsFor(nowhere)
    return (document) =>
      attempt(() => {
        const value = evalExpr(lowered(document) as Fields, wanted as Fields, options)
        return value !== null && value !== undefined && value !== false && !isZero(value)
      })
  }
}

const isZero = (value: unknown): boolean => Numbers.isNumeric(value) && Numbers.toNumber(value) === 0

/** Stages of updates by pipelines. */
const updating = new Set(["$set", "$addFields", "$unset", "$project", "$replaceRoot", "$replaceWith"])

/** What the stages make of one document. Throws `Invalid` for stages that updates do not have. */
export const update = (document: Fields, stages: ReadonlyArray<unknown>): Fields => {
  for (const stage of stages) {
    const [name = "nothing"] = isDocument(stage) ? Object.keys(stage) : []
    if (!updating.has(name)) throw invalid(`${name} cannot be a stage of an update`)
  }
  return run([document], stages)[0] ?? {}
}

/** As mingo can calculate with it: an int64 that a number holds exactly is a number, and so is a `Double`. Shares nothing. */
const lowered = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(lowered)
  if (isDocument(value)) {
    const made: Fields = {}
    for (const name of Object.keys(value)) put(made, name, lowered(value[name]))
    return made
  }
  if (value instanceof Date) return new Date(value)
  return Numbers.isNumeric(value) && Numbers.typeName(value) === "double" ? Numbers.toNumber(value) : value
}

const optionsFor = ({ documents, variables }: Surroundings): Options => ({
  idKey: "_id",
  processingMode: ProcessingMode.CLONE_OFF,
  useStrictMode: true,
  scriptEnabled: false,
  failOnError: true,
  context,
  collectionResolver: (name) => documents(name).map((document) => lowered(document) as Fields),
  ...(variables === undefined ? {} : { variables })
})

type Binary = (document: unknown, operands: unknown, options: Options) => unknown

const comparing = (holds: (order: number) => unknown): Binary => (document, operands, options) => {
  const values = evalExpr(document, operands, options) as ReadonlyArray<unknown>
  if (!Array.isArray(values) || values.length !== 2) throw invalid("a comparison wants two operands")
  return holds(compare(values[0], values[1]))
}

/** Adds and multiplies what is not all plain numbers; mingo does the rest. */
const calculating = (operation: "add" | "multiply", otherwise: Binary): Binary => (document, operands, options) => {
  const values: unknown = evalExpr(document, operands, options)
  if (!Array.isArray(values) || values.every((one) => typeof one === "number") || !values.every(Numbers.isNumeric)) {
    return otherwise(document, operands, options)
  }
  return values.reduce((result, one) => calculated(operation, result, one))
}

const calculated = (operation: "add" | "multiply", a: Numbers.Numeric, b: Numbers.Numeric): Numbers.Numeric => {
  const result = Numbers.calculate(operation, a, b)
  if (result === undefined) throw invalid(`$${operation}: the result does not fit an int64`)
  return lowered(result) as Numbers.Numeric
}

type Accumulate = (documents: Array<unknown>, operand: unknown, options: Options) => unknown

const valuesOf: Accumulate = accumulator.$push as Accumulate

const sum: Accumulate = (documents, operand, options) => {
  if (typeof operand === "number") return documents.length * operand
  const values = valuesOf(documents, operand, options) as ReadonlyArray<unknown>
  return values.filter(Numbers.isNumeric).reduce<Numbers.Numeric>(
    (total, one) => typeof total === "number" && typeof one === "number" ? total + one : calculated("add", total, one),
    0
  )
}

const average: Accumulate = (documents, operand, options) => {
  const values = (valuesOf(documents, operand, options) as ReadonlyArray<unknown>).filter(Numbers.isNumeric)
  if (values.length === 0) return null
  return values.reduce((total: number, one) => total + Numbers.toNumber(one), 0) / values.length
}

const extreme = (sign: 1 | -1): Accumulate => (documents, operand, options) => {
  const values = (valuesOf(documents, operand, options) as ReadonlyArray<unknown>).filter((one) =>
    one !== null && one !== undefined
  )
  return values.length === 0 ? null : values.reduce((best, one) => compare(one, best) * sign > 0 ? one : best)
}

/** What a lazy sequence of mingo does, as far as we use it. */
interface Lazy {
  readonly filter: (test: (value: unknown) => boolean) => Lazy
  readonly transform: (change: (values: Array<unknown>) => Iterator<unknown>) => Lazy
}

const operators = {
  accumulator: { ...accumulator, $sum: sum, $avg: average, $max: extreme(1), $min: extreme(-1) },
  expression: {
    ...expression,
    $eq: comparing((order) => order === 0),
    $ne: comparing((order) => order !== 0),
    $gt: comparing((order) => order > 0),
    $gte: comparing((order) => order >= 0),
    $lt: comparing((order) => order < 0),
    $lte: comparing((order) => order <= 0),
    $cmp: comparing(Math.sign),
    $add: calculating("add", expression.$add as Binary),
    $multiply: calculating("multiply", expression.$multiply as Binary)
  },
  pipeline: {
    ...pipeline,
    $match: (documents: Lazy, filter: unknown) => documents.filter(Filter.compile(filter, expressions)),
    $sort: (documents: Lazy, sort: unknown) => documents.transform((all) => all.sort(comparator(sortOf(sort))).values())
  },
  projection,
  query,
  window
}

/** From `{ a: 1, b: -1 }` to pairs. */
const sortOf = (sort: unknown): SortFields => {
  if (!isDocument(sort) || !Object.values(sort).every((one) => Number(one) === 1 || Number(one) === -1)) {
    throw invalid("$sort wants fields with 1 or -1")
  }
  return Object.entries(sort).map(([field, direction]) => [field, Number(direction) as 1 | -1])
}

const context = Context.init(operators as unknown as Parameters<typeof Context.init>[0])
