/**
 * Made-up data: patterns such as `user_{index}` and the kinds of faker (`person.fullName`). The same random numbers give
 * the same data.
 *
 * @see https://fakerjs.dev/api/
 */
import { Effect, Result } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

export interface Source {
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Milliseconds since 1970 that dates are made around. */
  readonly now: number
}

export interface TestDataProblem {
  readonly message: string
  readonly hint?: string | undefined
}

/** Largest length, count and number of values in one go. */
export const maxCount = 10_000

/**
 * Fills `{index}` (from 0), `{random}` (0 to 9999, the same in the whole pattern), `{range:1:6}` (both ends included) and
 * `{uuid}`. Anything else in braces stays.
 */
export const fill = (pattern: string, index: number, random: () => number): string => {
  const shared = Math.floor(random() * 10_000)
  return pattern.replaceAll(/\{(?:(index)|(random)|(uuid)|range:(-?\d+):(-?\d+))\}/g, (...match: Array<string>) => {
    if (match[1] !== undefined) return String(index)
    if (match[2] !== undefined) return String(shared)
    if (match[3] !== undefined) return uuid(random)
    const [low, high] = [Number(match[4]), Number(match[5])].sort((a, b) => a - b) as [number, number]
    return String(low + Math.floor(random() * (high - low + 1)))
  })
}

/** Makes a UUID of version 4. */
export const uuid = (random: () => number): string => {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16))
  digits[12] = 4
  digits[16] = 8 + (digits[16]! & 3)
  const hex = digits.map((digit) => digit.toString(16)).join("")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** Makes one value of a kind. */
export interface Faker {
  readonly make: (kind: string, args: ReadonlyArray<Value>, source: Source) => Result.Result<Value, TestDataProblem>
}

/** Loads faker. It is large, so only when it is used; its state is set anew for every value. */
export const faker: Effect.Effect<Faker> = Effect.promise(() => import("@faker-js/faker/locale/en")).pipe(
  Effect.map(({ faker }) => ({
    make: (kind, args, source) => {
      const found = resolve(faker, kind)
      if (Result.isFailure(found)) return Result.fail(found.failure)
      const tooLarge = args.find((arg) => isTooLarge(arg, found.success.bounded))
      if (tooLarge !== undefined) return Result.fail({ message: `${kind}: at most ${maxCount} of anything` })
      faker.seed(Math.floor(source.random() * 2 ** 32))
      faker.setDefaultRefDate(source.now)
      return Result.try({
        try: () => asValue(found.success.run(...args)),
        catch: (error) => ({ message: `${kind}: ${error instanceof Error ? error.message : String(error)}` })
      })
    }
  }))
)

/** What each field of a made-up record is: a kind of faker, a pattern with braces, or a value that stays. */
export type Fields = ValueRecord

/** Makes one record; `index` is its number from 0. A text `{...}` is a pattern, `module.kind` a kind, the rest stays. */
export const record = (
  fields: Fields,
  index: number,
  faker: Faker,
  source: Source
): Result.Result<ValueRecord, TestDataProblem> => {
  const made = emptyRecord()
  for (const [name, field] of Object.entries(fields)) {
    const value = typeof field !== "string"
      ? Result.succeed(field)
      : isKind(field)
      ? faker.make(field, [], source)
      : Result.succeed<Value>(fill(field, index, source.random))
    if (Result.isFailure(value)) return Result.fail(value.failure)
    made[name] = value.success
  }
  return Result.succeed(made)
}

const isKind = (text: string): boolean => /^[a-z]+\.[a-z_]+$/i.test(text)

type Run = (...args: ReadonlyArray<unknown>) => unknown

/** Modules whose single number is a length or a count. */
const counted = new Set([
  "string",
  "lorem",
  "word",
  "finance",
  "airline",
  "git",
  "image",
  "phone",
  "system",
  "internet"
])

/** Modules that make data; `helpers` runs templates of its own. */
const leftOut = new Set(["helpers", "fakerCore", "rawDefinitions", "definitions"])

const resolve = (
  faker: object,
  kind: string
): Result.Result<{ readonly run: Run; readonly bounded: boolean }, TestDataProblem> => {
  const modules = Object.entries(faker).filter(([name, module]) => !leftOut.has(name) && isModule(module))
  const [moduleName = "", methodName = ""] = kind.split(".")
  const kinds = () => modules.flatMap(([name, module]) => methodsOf(module).map((method) => `${name}.${method}`))
  const module = modules.find(([name]) => fold(name) === fold(moduleName))
  const method = module === undefined ? undefined : methodsOf(module[1]).find((name) => fold(name) === fold(methodName))
  if (module === undefined || method === undefined) {
    const close = suggest(kind, kinds())
    return Result.fail({
      message: `there is no kind ${JSON.stringify(kind)}`,
      hint: close === undefined
        ? "kinds are written person.fullName, internet.email, location.city, number.int, date.past"
        : `did you mean ${close}?`
    })
  }
  const run = module[1][method] as Run
  return Result.succeed({
    run: (...args) => run.apply(module[1], args as Array<unknown>),
    bounded: counted.has(module[0])
  })
}

const isModule = (module: unknown): module is Readonly<Record<string, unknown>> =>
  typeof module === "object" && module !== null && methodsOf(module as Record<string, unknown>).length > 0

const methodsOf = (module: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Object.keys(module).filter((name) => typeof module[name] === "function")

/** `full_name` and `fullName` are one. */
const fold = (name: string): string => name.toLowerCase().replaceAll("_", "")

const sizes = new Set(["length", "count", "min", "max", "wordCount", "sentenceCount", "width", "height"])

const isTooLarge = (value: Value, bounded: boolean): boolean => {
  if (typeof value === "number" || typeof value === "bigint") return bounded && value > maxCount
  if (isArray(value)) return value.length > maxCount
  if (!isRecord(value)) return false
  return Object.entries(value).some(([key, field]) =>
    isTooLarge(field, key === "length" || key === "count" || (bounded && sizes.has(key)))
  )
}

const asValue = (made: unknown): Value => {
  if (made instanceof Date) return made.toISOString()
  if (made === undefined || made === null) return null
  if (Array.isArray(made)) return made.map(asValue)
  if (typeof made !== "object") return made as Value
  const record = emptyRecord()
  for (const [key, field] of Object.entries(made)) record[key] = asValue(field)
  return record
}
