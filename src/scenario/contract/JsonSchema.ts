/**
 * JSON Schema by ajv: drafts 2020-12 (the default), 2019-09, 07 and 06. Patterns run in linear time, and a `$ref` leads to
 * files that the caller may read and nowhere else.
 *
 * ajv is loaded when the first schema is compiled, so that a run without contracts does not pay for it.
 */
import type { ErrorObject, ValidateFunction } from "ajv"
import type { RegExpEngine } from "ajv/dist/types/index.js"
import { Effect } from "effect"
import * as LinearRegex from "../../core/LinearRegex.ts"
import type { Value } from "../../core/Value.ts"
import * as Text from "../expression/Text.ts"
import * as Plain from "./Plain.ts"

/** Returns a sentence for each fault of a value, with the place as a JSON pointer; empty when it is valid. */
export type Validator = (value: Value) => ReadonlyArray<string>

/** A schema that cannot be used. */
export interface SchemaProblem {
  readonly message: string
}

/** The most faults that are told; more are counted. */
const maxFaults = 50
/** The most files that one schema may pull in. */
const maxFiles = 100

/**
 * Compiles the schema that stands at `uri`. `load` reads the document that a `$ref` names by its absolute URI; its own
 * failures pass through.
 */
export const compile = Effect.fnUntraced(function*<E, R>(
  schema: Value,
  uri: string,
  load: (uri: string) => Effect.Effect<Value, E, R>
): Effect.fn.Return<Validator, SchemaProblem | E, R> {
  const { ajv, MissingRefError } = yield* makeAjv(dialectOf(schema))
  const document = yield* Effect.try({ try: () => schemaOf(schema), catch: problem })
  const attempt = Effect.try({
    try: (): ValidateFunction | MissingReference => {
      try {
        return ajv.getSchema(uri) ?? ajv.compile(document)
      } catch (error) {
        if (error instanceof MissingRefError) return { document: error.missingSchema, reference: error.missingRef }
        throw error
      }
    },
    catch: problem
  })
  // A schema may name its own place by `$id`; without one its references start where the file is.
  const own = typeof document === "object" && typeof document["$id"] === "string"
  if (!own) yield* Effect.try({ try: () => ajv.addSchema(document, uri), catch: problem })

  const known = new Set([uri])
  while (known.size <= maxFiles) {
    const answer = yield* attempt
    if (typeof answer === "function") return validator(answer)
    if (known.has(answer.document)) {
      return yield* Effect.fail({ message: `the reference ${answer.reference} leads nowhere` })
    }
    known.add(answer.document)
    const missing = yield* load(answer.document)
    yield* Effect.try({ try: () => ajv.addSchema(schemaOf(missing), answer.document), catch: problem })
  }
  return yield* Effect.fail({ message: `the schema needs more than ${maxFiles} files` })
})

interface MissingReference {
  /** URI of the document that is not known yet, or has no such part. */
  readonly document: string
  readonly reference: string
}

type Dialect = "2020-12" | "2019-09" | "draft-07" | { readonly unknown: string }

const dialectOf = (schema: Value): Dialect => {
  const uri = typeof schema === "object" && schema !== null && "$schema" in schema ? String(schema["$schema"]) : ""
  if (uri === "" || uri.includes("2020-12")) return "2020-12"
  if (uri.includes("2019-09")) return "2019-09"
  return /draft-0[67]/.test(uri) ? "draft-07" : { unknown: uri }
}

const makeAjv = Effect.fnUntraced(function*(dialect: Dialect) {
  if (typeof dialect !== "string") {
    const message = `$schema is ${JSON.stringify(dialect.unknown)}; drafts 06, 07, 2019-09 and 2020-12 are known`
    return yield* Effect.fail<SchemaProblem>({ message })
  }
  const { Ajv, Ajv2019, Ajv2020, MissingRefError, addFormats } = yield* modules
  const Class = dialect === "2020-12" ? Ajv2020 : dialect === "2019-09" ? Ajv2019 : Ajv
  const ajv = new Class({
    allErrors: true,
    verbose: true,
    // Contracts of others hold keywords and formats of their own; the standard says to pass over them.
    strict: false,
    logger: false,
    ownProperties: true,
    addUsedSchema: false,
    code: { regExp }
  })
  addFormats(ajv)
  return { ajv, MissingRefError }
})

const modules = Effect.promise(() => import("./Ajv.ts"))

/** What ajv takes for a regular expression; it tells patterns apart by `toString`. */
const regExp: RegExpEngine = Object.assign((pattern: string, flags: string) => {
  const compiled = LinearRegex.compile(unicodeEscapes(pattern), flags)
  if (compiled._tag === "Failure") {
    const { hint, message } = compiled.failure
    throw new Error(hint === undefined ? message : `${message} (${hint})`)
  }
  return { test: (text: string) => compiled.success.test(text), toString: () => `/${pattern}/${flags}` }
}, { code: "linearRegex" })

/** JSON Schema's patterns write a character as `\u00e9`, RE2 as `\x{00e9}`. */
const unicodeEscapes = (pattern: string): string =>
  pattern.replaceAll(/\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|[\s\S])/g, (whole, four, braced) => {
    const digits: unknown = four ?? braced
    return typeof digits === "string" ? `\\x{${digits}}` : whole
  })

/** `$schema` has chosen the class already; ajv does not know the one of draft 06. */
const schemaOf = (schema: Value): { [key: string]: unknown } | boolean => {
  const plain = Plain.from(schema)
  if (typeof plain === "boolean") return plain
  if (!Plain.isRecord(plain)) throw new Error(`a schema is an object, true or false; this is ${Text.show(plain)}`)
  const { $schema: _, ...rest } = plain
  return rest
}

const problem = (error: unknown): SchemaProblem => ({ message: error instanceof Error ? error.message : String(error) })

const validator = (validate: ValidateFunction): Validator => (value) => {
  try {
    if (validate(Plain.from(value)) === true) return []
  } catch (error) {
    // Equality of records goes by their `valueOf`; data with a field of that name cannot be compared.
    return [`the value cannot be checked: ${problem(error).message}`]
  }
  const faults = [...new Set((validate.errors ?? []).map(describe))]
  const more = faults.length - maxFaults
  return more > 0 ? [...faults.slice(0, maxFaults), `... and ${more} more`] : faults
}

const describe = (error: ErrorObject): string => {
  const where = error.instancePath === "" ? "the value" : error.instancePath
  return `${where} ${sentence(error)} (${error.keyword})`
}

const sentence = ({ data, keyword, message, params }: ErrorObject): string => {
  const actual = `is ${Text.show(data as Value)}`
  switch (keyword) {
    case "required":
    case "dependentRequired":
    case "dependencies":
      return `lacks the field ${JSON.stringify(params["missingProperty"])}`
    case "additionalProperties":
      return `must not have the field ${JSON.stringify(params["additionalProperty"])}`
    case "unevaluatedProperties":
      return `must not have the field ${JSON.stringify(params["unevaluatedProperty"])}`
    case "propertyNames":
      return `has a field with a wrong name, ${JSON.stringify(params["propertyName"])}`
    case "enum":
      return `must be one of ${Text.show(params["allowedValues"] as Value)}, ${actual}`
    case "const":
      return `must be ${Text.show(params["allowedValue"] as Value)}, ${actual}`
    case "false schema":
      return "must not be there"
    case "type":
      return `must be ${String(params["type"]).replaceAll(",", " or ")}, ${actual}`
    case "anyOf":
    case "oneOf":
    case "not":
    case "if":
      return message ?? "is not valid"
    default:
      return `${message ?? "is not valid"}, ${actual}`
  }
}
