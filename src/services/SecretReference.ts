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
const Folder = Schema.Struct({
  folder: Schema.NonEmptyString,
  /** The file in it. Without it all of them are one secret with a field for each. */
  key: Schema.optionalKey(Schema.NonEmptyString)
})
const Command = Schema.Struct({
  /** The program and its arguments; a text is split at blanks, quotes keep words together. No shell looks at it. */
  command: Schema.Union([Schema.NonEmptyString, Schema.NonEmptyArray(Schema.String)])
})
const Vault = Schema.Struct({
  /** `mount/path#key`, or `path#key` beside `mount`. */
  vault: Schema.NonEmptyString,
  mount: Schema.optionalKey(Schema.NonEmptyString),
  /** @default the secret's own name */
  key: Schema.optionalKey(Schema.NonEmptyString),
  /** @default the newest */
  version: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** @default that of the settings */
  namespace: Schema.optionalKey(Schema.NonEmptyString)
})
const Inline = Schema.Struct({ value: Schema.Union([Schema.String, Schema.Finite, Schema.BigInt]) })

/**
 * One source of a secret: `{ env: NAME }`, `{ dotenv: FILE, key: NAME }`, `{ file: PATH }`, `{ folder: PATH }`,
 * `{ vault: "MOUNT/PATH#KEY" }`, `{ command: [...] }` or `{ value: TEXT }`. Relative paths start at the folder of the file that has
 * the reference.
 */
export const SecretReference = Schema.Union([Env, DotEnv, File, Folder, Vault, Command, Inline])
export type SecretReference = typeof SecretReference.Type
export type VaultReference = typeof Vault.Type

/** What is wrong with a reference. Carries no value: it may be the secret itself. */
export interface ReferenceProblem {
  readonly message: string
  readonly hint: string
}

/** The word that each kind of source begins with, and what may stand beside it. */
const beside = {
  env: [],
  dotenv: ["key"],
  file: [],
  folder: ["key"],
  vault: ["mount", "key", "version", "namespace"],
  command: [],
  value: []
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

type Kind = keyof typeof beside
export const kinds = Object.keys(beside) as ReadonlyArray<Kind>

/** The JSON Schema of one source or a list of them, for editors. Closed, as a reader of the file is. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => {
  const sources = SecretReference.members.map((member) => ({
    ...Schema.toJsonSchemaDocument(member).schema,
    additionalProperties: false
  }))
  return { anyOf: [...sources, { type: "array", items: { anyOf: sources }, minItems: 1 }] }
}

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
    : "folder" in reference
    ? { ...reference, folder: absolute(reference.folder, directory) }
    : "dotenv" in reference
    ? { ...reference, dotenv: absolute(reference.dotenv ?? defaultDotEnv, directory) }
    : reference

/** The file of a `dotenv` source that names none. */
export const defaultDotEnv = ".env"

/** Returns `path` when it is absolute, else from `directory` on. */
export const absolute = (path: string, directory: string): string =>
  /^(?:[/\\]|[A-Za-z]:)/.test(path) ? path : `${directory}/${path}`

/** A place in a Vault, of which a reference names one key. */
export interface VaultPath {
  /** Without slashes around it; may have some inside. */
  readonly mount: string
  readonly path: string
  readonly version?: number | undefined
  readonly namespace?: string | undefined
}

/**
 * Takes a `vault` reference apart; `undefined` when it names no path. The `data/` of the API's addresses may stand behind the
 * mount or be left out. The key is that of the reference, else `name`.
 */
export const vaultPath = (
  { key, mount, namespace, vault, version }: VaultReference,
  name: string
): { readonly at: VaultPath; readonly key: string } | undefined => {
  const [, place = "", , ownKey] = /^([^#]*)(#(.*))?$/s.exec(vault) ?? []
  const segments = place.split("/")
  const own = mount ?? segments.shift() ?? ""
  if (mount === undefined && segments.length > 1 && segments[0] === "data") segments.shift()
  const isPath = [...own.split("/"), ...segments].every((segment) => !["", ".", ".."].includes(segment))
  if (!isPath || segments.length === 0 || ownKey === "" || ownKey !== undefined && key !== undefined) return undefined
  return { at: { mount: own, path: segments.join("/"), version, namespace }, key: ownKey ?? key ?? name }
}

const readOne = (value: Value): Result.Result<SecretReference, ReferenceProblem> =>
  Result.flatMap(
    Result.mapError(decode(value), () => explain(value)),
    (reference) =>
      "vault" in reference && vaultPath(reference, "name") === undefined
        ? Result.fail({ message: "names no path in a vault, or two keys", hint: `write ${example.vault}` })
        : Result.succeed(reference)
  )

const explain = (value: Value): ReferenceProblem => {
  if (!isRecord(value)) {
    return { message: `expected where the secret comes from, found ${kindOf(value)}`, hint: hintOf("one of them") }
  }
  const keys = Object.keys(value)
  const known = kinds.filter((kind) => keys.includes(kind))
  if (known.length > 1) {
    return {
      message: `has ${known.join(" and ")} at once`,
      hint: "write a list to give several sources: the first that has it wins"
    }
  }
  const [kind] = known
  const allowed: ReadonlyArray<string> = kind === undefined ? kinds : beside[kind]
  const unknown = keys.find((key) => key !== kind && !allowed.includes(key))
  if (unknown !== undefined) {
    return {
      message: `has no key ${JSON.stringify(unknown)}`,
      hint: didYouMean(unknown, allowed) ?? hintOf("one of them")
    }
  }
  if (kind === undefined) return { message: "does not say where the secret comes from", hint: hintOf("one of them") }
  const wrong = keys.find((key) => key !== kind && !fits(key, value[key]!)) ?? kind
  return {
    message: `${wrong} cannot be ${value[wrong] === "" ? "empty" : kindOf(value[wrong]!)}`,
    hint: kind === "command" ? "write command: [program, argument, ...]" : `write ${example[kind]}`
  }
}

const fits = (key: string, value: Value): boolean =>
  key === "version" ? Number.isInteger(value) && Number(value) > 0 : typeof value === "string" && value !== ""

const example = {
  env: "{ env: NAME }",
  dotenv: "{ dotenv: FILE, key: NAME }",
  file: "{ file: PATH }",
  folder: "{ folder: PATH }",
  vault: "{ vault: \"MOUNT/PATH#KEY\" }",
  command: "{ command: [program, argument] }",
  value: "{ value: \"text\" }"
} as const satisfies Readonly<Record<Kind, string>>

/** All spellings, for descriptions. */
export const spellings: string = Object.values(example).join(", ")

const hintOf = (which: string): string => `write ${which}: ${spellings}`
