/**
 * The client of a step: named by a URL, or by a name that `connections:` of `skein.yaml` or an earlier step gives to one, and made
 * once per case with the settings of its family. What `postgres`, `mongo`, `amqp` and `cache` have in common.
 */
import { type Context, Effect, type FileSystem, type Path, Result, type Scope } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import { field, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as SafePath from "../SafePath.ts"

/** One kind of server, as its actions reach it. */
export interface Family<Identifier, Client, Failure, Options, Settings> {
  /** The key of its settings in `skein.yaml`. */
  readonly name: string
  readonly service: Context.Key<Identifier, {
    readonly connect: (url: string, options?: Options) => Effect.Effect<Client, Failure, Scope.Scope>
  }>
  /** Reads its settings beside `url`. Those of a connection by name come before those of the family. */
  readonly settings: (given: ValueRecord) => Result.Result<Settings, { readonly message: string }>
  readonly options: (settings: Settings) => Options
  readonly toActionError: (error: Failure) => ActionError
}

export interface Connection<Client, Settings> {
  readonly client: Client
  readonly settings: Settings
}

/** Reads the settings of a family and opens the case's client: one per URL and settings, closed when the case ends. */
export const open = Effect.fnUntraced(function*<Identifier, Client, Failure, Options, Settings>(
  family: Family<Identifier, Client, Failure, Options, Settings>,
  given: string | undefined,
  context: ActionContext
): Effect.fn.Return<Connection<Client, Settings>, ActionError, Identifier | FileSystem.FileSystem | Path.Path> {
  const service = yield* family.service
  const outer = recordAt(context.settings, family.name)
  const place = yield* placeOf(family.name, given ?? textAt(outer, "url") ?? "embedded:", context)
  if (place.url.startsWith("embedded:") && field(context.settings, sharedKey) === null) {
    return yield* new ActionError({ reason: "Invalid", ...oneThreadOnly(family.name) })
  }
  const url = yield* withinRoot(place.url === "embedded:" ? privateUrl(context) : place.url, context)
  const read = family.settings({ ...outer, ...place.options })
  if (Result.isFailure(read)) {
    // Those of `skein.yaml` were checked: a mistake of whoever made the context.
    return yield* new ActionError({ reason: "Invalid", message: `${family.name} settings: ${read.failure.message}` })
  }
  const settings = read.success
  const key = `${family.name} ${url} ${JSON.stringify(place.options)}`
  const client = yield* context.once(key, service.connect(url, family.options(settings))).pipe(
    Effect.mapError(family.toActionError)
  )
  return { client, settings }
})

/**
 * Under which name the users of a load share what `embedded:` is to a case, in the settings of actions. `null`: they are on several
 * threads, each of which would have embedded stores of its own.
 */
export const sharedKey = "embedded"

/** Why a step cannot be put under load by several threads. */
export const oneThreadOnly = (family: string): { readonly message: string; readonly hint: string } => ({
  message: `${family}: threads cannot share an embedded: store`,
  hint: `load it on one thread, or give it the url of a server (${family}.url in skein.yaml)`
})

/** Whether `given`, or what is set where that is absent, is an embedded store. Names that only a step gives are not known here. */
export const isEmbedded = (family: string, given: Value | undefined, settings: ValueRecord): boolean => {
  const text = given ?? textAt(recordAt(settings, family), "url") ?? "embedded:"
  const found = typeof text === "string" ? field(recordAt(settings, "connections"), text) : undefined
  const url = isRecord(found) ? field(found, "url") : found ?? text
  return typeof url === "string" && url.startsWith("embedded:")
}

/** A store of the case's own; under load that of the scenario, so that its setup and all users see the same one. */
const privateUrl = (context: ActionContext): string => `embedded:${textAt(context.settings, sharedKey) ?? ""}`

/** Gives a URL a name for the later steps of the case. */
export const remember = (family: string, name: string, url: string, context: ActionContext): Effect.Effect<void> =>
  Effect.map(named(context), (names) => void names.set(`${family} ${name}`, url))

/** `max_connections` as `maxConnections`: settings are named so in files, and so in code. */
export const inCode = <Settings extends object>(settings: Settings): InCode<Settings> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value
    ])
  ) as InCode<Settings>

export type InCode<Settings> = { readonly [Key in keyof Settings as CamelCase<Key & string>]: Settings[Key] }
type CamelCase<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Key

/** What is wrong with a constant `url`, as far as that can be seen: a scheme that belongs to another kind of server. */
export const urlProblems = (constants: ValueRecord, schemes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const url = constants["url"]
  const scheme = typeof url === "string" ? /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() : undefined
  const known = ["embedded", ...schemes]
  if (scheme === undefined || known.includes(scheme)) return []
  const close = suggest(scheme, known)
  return [
    `no such URL begins with ${scheme}:${
      close === undefined ? `; known are ${known.join(", ")}` : `; did you mean ${close}:?`
    }`
  ]
}

interface Place {
  readonly url: string
  readonly options: ValueRecord
}

/** A text without a colon is a name: one that an earlier step has given, or one of the configuration. */
const placeOf = Effect.fnUntraced(function*(
  family: string,
  text: string,
  context: ActionContext
): Effect.fn.Return<Place, ActionError> {
  if (text.includes(":")) return { url: text, options: {} }
  const remembered = (yield* named(context)).get(`${family} ${text}`)
  if (remembered !== undefined) return { url: remembered, options: {} }
  const connections = recordAt(context.settings, "connections")
  const found = field(connections, text)
  if (typeof found === "string") return { url: found, options: {} }
  if (isRecord(found)) return { url: textAt(found, "url") ?? "", options: recordAt(found, "options") }
  const names = Object.keys(connections)
  const close = suggest(text, names)
  // Far from every name it may be anything, also a password in the wrong place.
  return yield* new ActionError({
    reason: "Invalid",
    message: `${family}: ${
      close === undefined ? "this url is none" : `${text} is no URL`
    }, and no connection has that name`,
    hint: close !== undefined
      ? `did you mean ${close}?`
      : names.length > 0
      ? `connections: ${names.join(", ")}`
      : "write a URL such as embedded:, or name one under connections: in skein.yaml"
  })
})

const named = (context: ActionContext): Effect.Effect<Map<string, string>> =>
  context.once("names of connections", Effect.sync(() => new Map<string, string>()))

/** A folder of an embedded server is a file of the scenario: relative to it, and inside the root. */
const withinRoot = (
  url: string,
  context: ActionContext
): Effect.Effect<string, ActionError, FileSystem.FileSystem | Path.Path> => {
  const folder = /^embedded:(\.{0,2}\/.*|\.{1,2})$/.exec(url)?.[1]
  return folder === undefined ? Effect.succeed(url) : SafePath.resolve(folder, context).pipe(
    Effect.map((place) => `embedded:${place}`),
    Effect.mapError(SafePath.asActionError)
  )
}

const recordAt = (record: ValueRecord, key: string): ValueRecord => {
  const value: Value | undefined = field(record, key)
  return isRecord(value) ? value : {}
}

const textAt = (record: ValueRecord, key: string): string | undefined => {
  const value = field(record, key)
  return typeof value === "string" ? value : undefined
}
