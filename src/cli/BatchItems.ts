/** The items that the flags of `skein batch` name. */
import { Effect, type FileSystem, Option, type PlatformError, Stdio, Stream } from "effect"
import type { HttpClient } from "effect/http"
import type { Value } from "../core/Value.ts"
import { field, isRecord } from "../core/Value.ts"
import * as Items from "../programs/batch/Items.ts"
import type * as Config from "../programs/Config.ts"
import * as Pagination from "../programs/Pagination.ts"
import type { PoliteHttp } from "../services/PoliteHttp.ts"
import type { Postgres } from "../services/Postgres.ts"
import type { BatchFlags } from "./batch.ts"
import * as BatchWork from "./BatchWork.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"

/** Files up to this many items are counted before they are used. */
const counted = 1_000_000

/** The items after `--where` and `--each`, and how many there are, unless only their end can tell. */
export const open = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded, rows: ReadonlyArray<Value>) {
  const source = yield* sourceOf(flags, config, rows)
  const variables = { ...config.defaults, ...config.variables, ...Object.fromEntries(flags.var) }
  const selection = { where: Option.getOrUndefined(flags.where), each: Option.getOrUndefined(flags.each) }
  const select = yield* Items.select(selection, { environment: config.environment, variables }).pipe(asUsage)
  const items = Stream.concat(Stream.fromIterable<Value>(flags.items), source.items).pipe(
    select,
    Stream.catchTag(
      "ItemsError",
      (error) => Stream.fail(error.reason === "Usage" ? ExitCode.wrongUsage(error.message, error.hint) : error)
    )
  )
  const total = source.again ? yield* Stream.runCount(Stream.take(items, counted)) : undefined
  return { items, total: total === counted ? undefined : total }
})

const asUsage = <A, R>(effect: Effect.Effect<A, Items.ItemsError, R>) =>
  Effect.catchTag(effect, "ItemsError", ({ hint, message }) => ExitCode.wrongUsage(message, hint))

interface Source {
  readonly items: Stream.Stream<
    Value,
    Items.ItemsError | Pagination.PaginationError | PlatformError.PlatformError,
    FileSystem.FileSystem | HttpClient.HttpClient | PoliteHttp | Postgres
  >
  /** True when it can be read twice, and quickly. */
  readonly again: boolean
}

const sourceOf = Effect.fnUntraced(function*(
  flags: BatchFlags,
  config: Config.Loaded,
  rows: ReadonlyArray<Value>
): Effect.fn.Return<Source, never, Invocation | Stdio.Stdio> {
  const { directory } = yield* Invocation
  const from = Option.getOrUndefined(flags.from)
  const format = Option.getOrUndefined(flags.fromFormat)
  if (Option.isSome(flags.query)) {
    return { again: false, items: Items.query(urlOf(from ?? "embedded:", config), flags.query.value) }
  }
  if (from === undefined) return { again: true, items: Stream.fromIterable(flags.items.length > 0 ? [] : rows) }
  if (from === "-") {
    const { stdin } = yield* Stdio.Stdio
    return { again: false, items: Items.decode(stdin, "stdin", format) }
  }
  if (/^https?:\/\//i.test(from)) {
    return { again: false, items: Pagination.stream({ request: { url: from } }) }
  }
  return { again: true, items: Items.file(BatchWork.absolute(from, directory), format) }
})

/** A URL, or the name of a connection of the configuration. */
const urlOf = (from: string, { connections }: Config.Loaded): string => {
  const named = field(connections, from)
  const url = isRecord(named) ? named["url"] : named
  return typeof url === "string" ? url : from
}
