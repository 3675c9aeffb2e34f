/** The items that the flags of `skein batch` name. */
import { Effect, type FileSystem, Option, type PlatformError, Stdio, Stream } from "effect"
import type { Value } from "../core/Value.ts"
import { field, isRecord } from "../core/Value.ts"
import * as Items from "../programs/batch/Items.ts"
import type * as Config from "../programs/Config.ts"
import * as Lists from "../programs/paginate/Source.ts"
import type { Postgres } from "../services/Postgres.ts"
import type { BatchFlags } from "./batch.ts"
import * as BatchWork from "./BatchWork.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as ListSource from "./ListSource.ts"

/** Files up to this many items are counted before they are used. */
const counted = 1_000_000

/** The items after `--where` and `--each`, and how many there are, unless only their end can tell. */
export const open = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded, rows: ReadonlyArray<Value>) {
  const source: Source = yield* sourceOf(flags, config, rows)
  const selection = { where: Option.getOrUndefined(flags.where), each: Option.getOrUndefined(flags.each) }
  const select = yield* Items.select(selection, BatchWork.outside(flags, config)).pipe(
    Effect.mapError(ExitCode.asUsage)
  )
  const given = Stream.fromIterable<Value>(flags.items)
  // Beside a source, items that were written out are what they are.
  const chosen = Option.isSome(flags.from) || Option.isSome(flags.query)
    ? Stream.concat(given, select(source.items))
    : select(Stream.concat(given, source.items))
  const items = chosen.pipe(
    Stream.mapError((error) =>
      error._tag === "RowError" || error._tag === "ItemsError" && error.reason === "Usage"
        ? ExitCode.asUsage(error)
        : error
    )
  )
  const total = source.again ? yield* Stream.runCount(Stream.take(items, counted)) : undefined
  return { items, total: total === counted ? undefined : total }
})

interface Source {
  readonly items: Stream.Stream<
    Value,
    Items.ItemsError | Lists.Failure | PlatformError.PlatformError,
    FileSystem.FileSystem | Lists.Needs | Postgres
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
    const url = from === undefined ? undefined : urlOf(from, config)
    if (url === undefined || !isDatabase(url)) {
      return yield* ExitCode.wrongUsage(
        from === undefined ? "--query needs --from, which names the database" : `--from ${from} is no database`,
        "give a postgres:// URL, or the name of a connection in skein.yaml"
      )
    }
    return { again: false, items: Items.query(url, flags.query.value) }
  }
  if (from === undefined) return { again: true, items: Stream.fromIterable(flags.items.length > 0 ? [] : rows) }
  if (from === "-") {
    const { stdin } = yield* Stdio.Stdio
    return { again: false, items: Items.decode(stdin, "stdin", format) }
  }
  if (isDatabase(urlOf(from, config))) {
    return yield* ExitCode.wrongUsage(
      "--from names a database, and not which of its rows",
      "give --query, such as --query 'select id from orders'"
    )
  }
  const named = ListSource.parse(from)
  if (named !== undefined) {
    const list = yield* ListSource.opener(config)(named)
    return { again: false, items: Lists.rows(list) }
  }
  return { again: true, items: Items.file(BatchWork.absolute(from, directory), format) }
})

const isDatabase = (url: string): boolean => /^(?:postgres(?:ql)?:\/\/|embedded(?::|$))/i.test(url)

/** A URL, or the name of a connection of the configuration. */
const urlOf = (from: string, { connections }: Config.Loaded): string => {
  const named = field(connections, from)
  const url = isRecord(named) ? named["url"] : named
  return typeof url === "string" ? url : from
}
