/** The items that the flags of `skein batch` name. */
import { Effect, type FileSystem, Option, type PlatformError, Stdio, Stream } from "effect"
import type { HttpClient } from "effect/http"
import type { Value } from "../core/Value.ts"
import { field, isRecord } from "../core/Value.ts"
import type { RemoteApiError } from "../profile/RemoteApi.ts"
import * as Thing from "../profile/Thing.ts"
import * as Items from "../programs/batch/Items.ts"
import type * as Config from "../programs/Config.ts"
import * as Pagination from "../programs/Pagination.ts"
import * as RemoteList from "../programs/RemoteList.ts"
import { PoliteHttp } from "../services/PoliteHttp.ts"
import type { Postgres } from "../services/Postgres.ts"
import type { BatchFlags } from "./batch.ts"
import * as BatchWork from "./BatchWork.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as RemoteApis from "./RemoteApis.ts"

/** Files up to this many items are counted before they are used. */
const counted = 1_000_000

/** The items after `--where` and `--each`, and how many there are, unless only their end can tell. */
export const open = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded, rows: ReadonlyArray<Value>) {
  const source: Source = yield* sourceOf(flags, config, rows)
  const selection = { where: Option.getOrUndefined(flags.where), each: Option.getOrUndefined(flags.each) }
  const select = yield* Items.select(selection, BatchWork.outside(flags, config)).pipe(BatchWork.wrongItems)
  const given = Stream.fromIterable<Value>(flags.items)
  // Beside a source, items that were written out are what they are.
  const chosen = Option.isSome(flags.from) || Option.isSome(flags.query)
    ? Stream.concat(given, select(source.items))
    : select(Stream.concat(given, source.items))
  const items = chosen.pipe(
    Stream.catchTag(
      "ItemsError",
      (error) => Stream.fail(error.reason === "Usage" ? ExitCode.wrongUsage(error.message, error.hint) : error)
    )
  )
  const total = source.again ? yield* Stream.runCount(Stream.take(items, counted)) : undefined
  return { items, total: total === counted ? undefined : total }
})

interface Source {
  readonly items: Stream.Stream<
    Value,
    Items.ItemsError | Pagination.PaginationError | PlatformError.PlatformError | RemoteApiError,
    FileSystem.FileSystem | HttpClient.HttpClient | PoliteHttp | Postgres
  >
  /** True when it can be read twice, and quickly. */
  readonly again: boolean
}

const sourceOf = Effect.fnUntraced(function*(
  flags: BatchFlags,
  config: Config.Loaded,
  rows: ReadonlyArray<Value>
) {
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
  const thing = Thing.parse(from)
  if (thing !== undefined) {
    const api = yield* RemoteApis.open(thing.profile, config)
    const list = yield* api.list(thing.name)
    return { again: false, items: RemoteList.stream(list).pipe(Stream.provideService(PoliteHttp, api.http)) }
  }
  return { again: true, items: Items.file(BatchWork.absolute(from, directory), format) }
})

/** A URL, or the name of a connection of the configuration. */
const urlOf = (from: string, { connections }: Config.Loaded): string => {
  const named = field(connections, from)
  const url = isRecord(named) ? named["url"] : named
  return typeof url === "string" ? url : from
}
