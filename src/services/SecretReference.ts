/** Where a secret comes from, as written under `secrets:` in a file. Read by `services/Secrets`. */
import { Result, Schema } from "effect"
import { hint as didYouMean } from "../core/DidYouMean.ts"
import { isRecord, kindOf, type Value } from "../core/Value.ts"

const Env = Schema.Struct({ env: Schema.NonEmptyString })
const DotEnv = Schema.Struct({
  /** The file; `null` is `.env`. */
  dotenv: Schema.NullOr(Schema.NonEmptyString),
  /** @default the secret's own name */
  key: Schema.optionalKey(Schema.NonEmptyString)
})
const File = Schema.Struct({ file: Schema.NonEmptyString })
const Command = Schema.Struct({
  /** The program and its arguments; a text is split at blanks, quotes keep words together. No shell looks at it. */
  command: Schema.Union([Schema.NonEmptyString, Schema.NonEmptyArray(Schema.String)])
})
const Inline = Schema.Struct({ value: Schema.Union([Schema.String, Schema.Finite, Schema.BigInt]) })

/**
 * One source of a secret: `{ env: NAME }`, `{ dotenv: FILE, key: NAME }`, `{ file: PATH }`, `{ command: [...] }` or `{ value: TEXT }`.
 * Relative paths start at the folder of the file that has the reference.
 */
export const SecretReference = Schema.Union([Env, DotEnv, File, Command, Inline])
export type SecretReference = typeof SecretReference.Type

/** What is wrong with a reference. Carries no value: it may be the secret itself. */
export interface ReferenceProblem {
  readonly message: string
  readonly hint: string
}

/** The word that each kind of source begins with. */
export const kinds = ["env", "dotenv", "file", "command", "value"] as const

const decode = Schema.decodeUnknownResult(SecretReference, { onExcessProperty: "error" })

/** Reads one reference, or a list of them in order of preference. Called at check time and again when secrets are resolved. */
export const read = (value: Value): Result.Result<ReadonlyArray<SecretReference>, ReferenceProblem> => {
  if (!Array.isArray(value)) return Result.map(readOne(value), (reference) => [reference])
  return value.length === 0
    ? Result.fail({ message: "the list of sources is empty", hint: hintOf("at least one of them") })
    : Result.all(value.map(readOne))
}

/** Returns the reference with a relative path made to start at `directory`, for references that move to another folder. */
export const from = (reference: SecretReference, directory: string): SecretReference =>
  "file" in reference
    ? { file: absolute(reference.file, directory) }
    : "dotenv" in reference
    ? { ...reference, dotenv: absolute(reference.dotenv ?? defaultDotEnv, directory) }
    : reference

/** The file of a `dotenv` source that names none. */
export const defaultDotEnv = ".env"

/** Returns `path` when it is absolute, else from `directory` on. */
export const absolute = (path: string, directory: string): string =>
  /^(?:[/\\]|[A-Za-z]:)/.test(path) ? path : `${directory}/${path}`

const readOne = (value: Value): Result.Result<SecretReference, ReferenceProblem> =>
  Result.mapError(decode(value), () => explain(value))

const explain = (value: Value): ReferenceProblem => {
  if (!isRecord(value)) {
    return { message: `expected where the secret comes from, found ${kindOf(value)}`, hint: hintOf("one of them") }
  }
  const keys = Object.keys(value)
  const known = keys.filter((key) => kinds.some((kind) => kind === key))
  if (known.length > 1) {
    return {
      message: `has ${known.join(" and ")} at once`,
      hint: "write a list to give several sources: the first that has it wins"
    }
  }
  const kind = kinds.find((kind) => kind === known[0])
  const unknown = keys.find((key) => key !== kind && !(kind === "dotenv" && key === "key"))
  if (unknown !== undefined) {
    return {
      message: `has no key ${JSON.stringify(unknown)}`,
      hint: didYouMean(unknown, kind === "dotenv" ? ["key"] : kinds) ?? hintOf("one of them")
    }
  }
  if (kind === undefined) return { message: "does not say where the secret comes from", hint: hintOf("one of them") }
  return {
    message: `${kind} cannot be ${value[kind] === "" ? "empty" : kindOf(value[kind])}`,
    hint: kind === "command" ? "write command: [program, argument, ...]" : `write ${example[kind]}`
  }
}

const example = {
  env: "{ env: NAME }",
  dotenv: "{ dotenv: FILE, key: NAME }",
  file: "{ file: PATH }",
  command: "{ command: [program, argument] }",
  value: "{ value: \"text\" }"
} as const

const hintOf = (which: string): string => `write ${which}: ${Object.values(example).join(", ")}`
