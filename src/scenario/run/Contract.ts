/**
 * `expect: { schema: FILE }` and `expect: { openapi: FILE, operation: ID }`: does an answer keep to what a file promises.
 *
 * Files are read inside the root only, references between them included; nothing is fetched. Each file is read and compiled
 * once per run: make the layer once per run. The parts are in `contract/`.
 */
import { Cache, Context, Effect, FileSystem, Layer, Path, Result } from "effect"
import { isRecord, type Value } from "../../core/Value.ts"
import { ActionError } from "../Action.ts"
import * as AnswerCheck from "../contract/AnswerCheck.ts"
import * as JsonSchema from "../contract/JsonSchema.ts"
import * as OpenApi from "../contract/OpenApi.ts"
import * as Plain from "../contract/Plain.ts"
import * as DataFormat from "../DataFormat.ts"
import * as SafePath from "../SafePath.ts"

export class Contracts extends Context.Service<Contracts, {
  /** Returns the compiled schema of a file. Fails when it cannot be read or is none; the answer is kept for the run. */
  readonly schema: (file: string, bounds: SafePath.Bounds) => Effect.Effect<JsonSchema.Validator, ActionError>

  /** Returns the check of one operation's answers. Fails when the document or the operation cannot be used. */
  readonly operation: (
    file: string,
    operation: string,
    bounds: SafePath.Bounds
  ) => Effect.Effect<AnswerCheck.AnswerCheck, ActionError>
}>()("skein/scenario/Contracts") {}

/** The largest schema or API document that is read, in bytes. */
const maxBytes = 20_000_000
/** Files and operations kept compiled. */
const capacity = 1_000

/** Checks `value` against the JSON Schema in `file`; one sentence per fault. */
export const checkSchema = Effect.fnUntraced(function*(file: string, value: Value, bounds: SafePath.Bounds) {
  const contracts = yield* Contracts
  const validate = yield* contracts.schema(file, bounds)
  return validate(value)
})

/** Checks the output of an http step against one operation of the API document in `file`; one sentence per fault. */
export const checkOpenApi = Effect.fnUntraced(function*(
  file: string,
  operation: string,
  output: Value,
  bounds: SafePath.Bounds
) {
  const contracts = yield* Contracts
  const check = yield* contracts.operation(file, operation, bounds)
  const answer = answerOf(output)
  if (answer !== undefined) return check(answer)
  const message = "an openapi contract is about the answer of an http step, and this step has no status"
  return yield* new ActionError({ reason: "Invalid", message, hint: "Use expect: { schema: FILE } for other values" })
})

/** Keeps what it has compiled until its scope ends. */
export const layer: Layer.Layer<Contracts, never, FileSystem.FileSystem | Path.Path> = Layer.effect(
  Contracts,
  Effect.gen(function*() {
    const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const schemas = yield* Cache.make({ capacity, lookup: (key: string) => compileSchema(placeOf(key)) })
    const documents = yield* Cache.make({ capacity: 100, lookup: (key: string) => readDocument(placeOf(key)) })
    const operations = yield* Cache.make({
      capacity,
      lookup: Effect.fnUntraced(function*(key: string) {
        const [file, bounds, operation = ""] = placeOf(key)
        const document = yield* Cache.get(documents, keyOf(file, bounds))
        return yield* compileOperation(document, file, operation)
      })
    })
    return Contracts.of({
      schema: (file, bounds) => Effect.provideContext(Cache.get(schemas, keyOf(file, bounds)), services),
      operation: (file, operation, bounds) =>
        Effect.provideContext(Cache.get(operations, keyOf(file, bounds, operation)), services)
    })
  })
)

type Place = readonly [file: string, bounds: SafePath.Bounds, operation?: string]

const keyOf = (file: string, { allowOutside, directory, root }: SafePath.Bounds, operation?: string): string =>
  JSON.stringify([file, { allowOutside, directory, root }, ...(operation === undefined ? [] : [operation])])

const placeOf = (key: string): Place => JSON.parse(key) as Place

const compileSchema = Effect.fnUntraced(function*([file, bounds]: Place) {
  const paths = yield* Path.Path
  const place = yield* SafePath.resolve(file, bounds).pipe(Effect.mapError(SafePath.asActionError))
  const schema = yield* readValue(file, bounds)
  const uri = fileUri(place)
  return yield* JsonSchema.compile(schema, uri, (target) => {
    const relative = targetPath(target, schema, paths.dirname(place))
    return relative === undefined
      ? Effect.fail(
        new ActionError({
          reason: "Refused",
          message: `the schema ${
            JSON.stringify(file)
          } refers to ${target}, which is no file; nothing is fetched for a schema`,
          hint: "Keep a copy of it beside the schema and refer to that"
        })
      )
      : readValue(relative, { ...bounds, directory: paths.dirname(place) })
  }).pipe(
    Effect.mapError((error) =>
      error instanceof ActionError ? error : new ActionError({
        reason: "Invalid",
        message: `${JSON.stringify(file)} is not a usable JSON Schema: ${error.message}`
      })
    )
  )
})

/**
 * The path that the URI of a reference stands for. A schema that names itself `https://example.org/v1/order.json` means
 * its neighbour by `https://example.org/v1/item.json`, and that neighbour lies beside it here too.
 */
const targetPath = (target: string, schema: Value, directory: string): string | undefined => {
  if (target.startsWith("file://")) return decodeURIComponent(target.slice("file://".length))
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return `${directory}/${decodeURIComponent(target)}`
  const id = isRecord(schema) ? schema["$id"] : undefined
  const base = typeof id === "string" ? id.slice(0, id.lastIndexOf("/") + 1) : ""
  return base !== "" && target.startsWith(base) && !/[?#]/.test(target)
    ? `${directory}/${decodeURIComponent(target.slice(base.length))}`
    : undefined
}

const fileUri = (place: string): string => `file://${place.split("/").map(encodeURIComponent).join("/")}`

const readDocument = Effect.fnUntraced(function*([file, bounds]: Place) {
  const document = Plain.from(yield* readValue(file, bounds))
  const version = Plain.field(document, "openapi") ?? Plain.field(document, "swagger")
  if (typeof version !== "string" || !/^(2\.0$|3\.[01](\.|$))/.test(version)) {
    return yield* invalidDocument(file, [`it is neither OpenAPI 3.0 or 3.1 nor Swagger 2.0`])
  }
  const [outside] = OpenApi.externalReferences(document)
  if (outside !== undefined) {
    const message = `${JSON.stringify(file)} refers to ${
      JSON.stringify(outside)
    }; an API document must be whole in one file here`
    return yield* new ActionError({ reason: "Refused", message, hint: "Bundle it first, with any OpenAPI bundler" })
  }
  // The validator resolves references in place: it gets a copy of its own.
  const result = yield* Effect.tryPromise({
    try: async () => {
      const { validate } = await import("@readme/openapi-parser")
      return await validate(structuredClone(document) as unknown as Parameters<typeof validate>[0], {
        resolve: { external: false, file: false },
        dereference: { circular: "ignore" },
        timeoutMs: 20_000
      })
    },
    catch: (cause) => invalidDocument(file, [cause instanceof Error ? cause.message : String(cause)])
  })
  if (result.valid) return document
  return yield* invalidDocument(file, result.errors.map(({ message }) => message.split("\n")[0]!))
})

const invalidDocument = (file: string, faults: ReadonlyArray<string>): ActionError =>
  new ActionError({
    reason: "Invalid",
    message: `${JSON.stringify(file)} is not a valid API document: ${faults.slice(0, 10).join("; ")}`
  })

const compileOperation = Effect.fnUntraced(function*(document: Plain.Plain, file: string, name: string) {
  const found = OpenApi.find(document, name)
  if (Result.isFailure(found)) {
    const { hint, message } = found.failure
    const problem = `${JSON.stringify(file)}: ${message}`
    return yield* new ActionError({ reason: "Invalid", message: problem, ...(hint === undefined ? {} : { hint }) })
  }
  const operation = found.success
  const validators = new Map<Plain.Plain, JsonSchema.Validator>()
  const schemas = operation.responses.flatMap(({ content, headers }) =>
    [...content, ...headers].map(({ schema }) => schema)
  )
  for (const schema of schemas) {
    if (schema === undefined) continue
    const validator = yield* JsonSchema.compile(
      schema,
      `openapi:${validators.size}`,
      (target) => Effect.fail({ message: `the reference ${target} leads nowhere` })
    ).pipe(Effect.mapError(({ message }) => invalidDocument(file, [`${operation.label}: ${message}`])))
    validators.set(schema, validator)
  }
  return AnswerCheck.make(operation, validators)
})

const answerOf = (output: Value): AnswerCheck.Answer | undefined => {
  if (!isRecord(output)) return undefined
  const status = output["status"] ?? output["status_code"]
  const headers = output["headers"]
  return typeof status === "number" && isRecord(headers) ? { status, headers, body: output["body"] ?? null } : undefined
}

const readValue = Effect.fnUntraced(function*(file: string, bounds: SafePath.Bounds) {
  const text = yield* SafePath.readText(file, bounds, maxBytes).pipe(Effect.mapError(SafePath.asActionError))
  const format = DataFormat.formatOf(file) === "json" ? "json" : "yaml"
  const value = DataFormat.parse(text, format, { path: file })
  if (Result.isSuccess(value)) return value.success
  const message = `${JSON.stringify(file)} cannot be read as ${format.toUpperCase()}: ${value.failure.message}`
  return yield* new ActionError({ reason: "Invalid", message })
})
