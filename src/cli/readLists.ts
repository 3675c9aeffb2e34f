/** What `skein paginate` does once its flags are read. */
import { Console, Effect, Option, Path, Stream } from "effect"
import * as Style from "../core/Style.ts"
import type { RemoteApiError } from "../profile/RemoteApi.ts"
import * as ItemKey from "../programs/batch/ItemKey.ts"
import * as Config from "../programs/Config.ts"
import * as Fields from "../programs/output/Fields.ts"
import * as RowText from "../programs/output/RowText.ts"
import * as Paginate from "../programs/Paginate.ts"
import * as Source from "../programs/paginate/Source.ts"
import type { List, PaginationError } from "../programs/Pagination.ts"
import * as PagingStyle from "../programs/pagination/Style.ts"
import * as RowExpression from "../programs/RowExpression.ts"
import type { JqError } from "../services/Jq.ts"
import * as PoliteClient from "../services/polite/Client.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as ListNotes from "./ListNotes.ts"
import * as ListSource from "./ListSource.ts"
import { Machine } from "./Machine.ts"
import * as Output from "./Output.ts"
import type { PaginateFlags } from "./paginate.ts"
import * as Reading from "./Reading.ts"
import * as Settings from "./Settings.ts"
import * as Stop from "./Stop.ts"

/** Reads, writes, and ends with 1 when a list is not whole, with 5 when its server could not be used. */
export const paginate = Effect.fnUntraced(function*(flags: PaginateFlags) {
  yield* Machine.use(({ staySmall }) => staySmall)
  const wanted = yield* wantedOf(flags)
  const named = yield* namedLists(flags.lists)
  const over = {
    "limits.concurrency": Option.getOrUndefined(flags.concurrency),
    "limits.requests_per_second": Option.getOrUndefined(flags.requestsPerSecond)
  }
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags }, over)
  const limits = { ...PoliteHttp.defaults, ...Config.politeSettings(config.settings) }
  const reading = Effect.gen(function*() {
    const sources = yield* sourcesOf(named, flags, config)
    yield* wanted.file === undefined
      ? toStdout(sources, wanted, limits.concurrency)
      : toFile(sources, { ...wanted, file: wanted.file }, limits.concurrency)
  })
  yield* reading.pipe(
    Effect.catchTags({
      PaginationError: notWhole,
      RowError: (error) => fails(ExitCode.no, error),
      JqError: notJq,
      RemoteApiError: notDone
    }),
    Effect.scoped,
    Effect.provide(PoliteClient.layer(limits)),
    Reading.withMachine(config),
    Stop.within(0)
  )
})

const namedLists = Effect.fnUntraced(function*(words: ReadonlyArray<string>) {
  const named: Array<ListSource.Named> = []
  for (const text of words) {
    const list = ListSource.parse(text)
    const last = named.at(-1)
    if (list !== undefined) named.push(list)
    else if (last?.thing !== undefined) named.splice(-1, 1, { ...last, args: [...last.args, text] })
    else {
      return yield* ExitCode.wrongUsage(
        `${text} is no list`,
        "write it like https://api.example.com/sites?page=1 or pantheon:sites"
      )
    }
  }
  return named
})

/** What is to be written and where. */
interface Wanted {
  readonly format: RowText.Format
  readonly text: RowText.Options
  /** Absolute. */
  readonly file?: string | undefined
  readonly resume?: { readonly folder: string; readonly key: string } | undefined
}

const wantedOf = Effect.fnUntraced(function*(flags: PaginateFlags) {
  const { columns, directory, terminal } = yield* Invocation
  const { resolve } = yield* Path.Path
  const fields = Option.map(flags.fields, Fields.parse)
  if (Option.isSome(fields) && fields.value === undefined) {
    return yield* ExitCode.wrongUsage("--fields has an empty name, or one twice", "write it like id,owner=owner.name")
  }
  const text = { fields: Option.getOrUndefined(fields), guardFormulas: !flags.rawCsv }
  if (Option.isNone(flags.output)) {
    if (Option.isSome(flags.resume)) {
      return yield* ExitCode.wrongUsage("--resume needs --output", "what was written to stdout cannot be taken back")
    }
    const isTable = terminal.stdout ? { width: yield* columns } : {}
    return {
      format: Option.getOrElse(flags.as, () => "table" as const),
      text: { ...text, ...isTable, style: Style.make(yield* Settings.colors("stdout")) }
    }
  }
  const file = resolve(directory, flags.output.value)
  const format = Option.getOrElse(flags.as, () => RowText.formatOfFile(file))
  if (format === undefined) {
    return yield* ExitCode.wrongUsage(
      `--output ${flags.output.value}: its name does not say how to write it`,
      "call it .jsonl, .json or .csv, or give --as"
    )
  }
  if (format === "table" && Option.isSome(flags.resume)) {
    return yield* ExitCode.wrongUsage("a table cannot be resumed", "write .jsonl, .json or .csv")
  }
  const resume = Option.map(flags.resume, (folder) => ({
    folder: resolve(directory, folder),
    key: keyOf(flags, format, file)
  }))
  return { format, text, file, resume: Option.getOrUndefined(resume) }
})

/** What must be the same for a reading to go on: all that decides what is in the file. Holds no secret of theirs, only a hash. */
const keyOf = (flags: PaginateFlags, format: RowText.Format, file: string): string => {
  const { details, fields, hydrate, hydrateAs, id, jq, lists, rawCsv, rows, size, style, total, where } = flags
  const options = [fields, hydrate, hydrateAs, id, jq, rows, size, style, total, where].map((option) =>
    Option.getOrNull<string | number>(option)
  )
  return ItemKey.text(
    ItemKey.of([[...lists], flags.with.map((pair) => [...pair]), options, rawCsv, details, format, file])
  )
}

const sourcesOf = Effect.fnUntraced(function*(
  named: ReadonlyArray<ListSource.Named>,
  flags: PaginateFlags,
  config: Config.Loaded
) {
  const ofUrls = listFlags.find((name) => Option.isSome<string | number>(flags[name]))
  if (ofUrls !== undefined && named.every(({ thing }) => thing !== undefined)) {
    return yield* ExitCode.wrongUsage(
      `--${ofUrls} is for lists at URLs`,
      "how a list of a profile pages is in the profile"
    )
  }
  const listAt = yield* listsOf(flags)
  const details = yield* detailStage(flags)
  const stages = yield* rowStages(flags)
  const open = ListSource.opener(config, {
    listAt,
    given: Object.fromEntries(flags.with),
    details: flags.details,
    maxPages: Option.getOrUndefined(flags.maxPages)
  })
  return yield* Effect.forEach(named, (list) =>
    Effect.map(open(list), (source) =>
      Source.through(source, [
        ...(list.thing === undefined ? details.map((stage) => stage(listAt(list.text))) : []),
        ...stages
      ])))
})

/** Flags that say how a list at a URL pages. */
const listFlags = ["style", "rows", "id", "total", "size", "hydrate"] as const

/** The list at a URL, as flags describe it. */
const listsOf = Effect.fnUntraced(function*(flags: PaginateFlags) {
  const style = Option.map(flags.style, PagingStyle.parse)
  if (Option.isSome(style) && style.value === undefined) {
    return yield* ExitCode.wrongUsage(
      `--style ${Option.getOrElse(flags.style, () => "")} is no way to page`,
      "write it like page, page:p=0, offset:skip, cursor:after, cursor:after=meta.next, next:links.next, link or none"
    )
  }
  const total = Option.map(flags.total, (path) => path === "none" ? false as const : path)
  return (url: string): List => ({
    request: { url, headers: { accept: "application/json", ...Object.fromEntries(flags.header) } },
    style: Option.getOrUndefined(style),
    rows: Option.getOrUndefined(flags.rows),
    id: Option.getOrUndefined(flags.id),
    total: Option.getOrUndefined(total),
    size: Option.getOrUndefined(flags.size)
  })
})

const detailStage = Effect.fnUntraced(function*(flags: PaginateFlags) {
  if (Option.isNone(flags.hydrate)) return []
  const url = yield* Effect.mapError(
    RowExpression.url({ flag: "--hydrate", text: flags.hydrate.value }),
    ExitCode.asUsage
  )
  const as = Option.getOrElse(flags.hydrateAs, () => "detail")
  const concurrency = Option.getOrUndefined(flags.concurrency)
  return [({ request }: List): Source.Stage => Source.hydrate(request, { url, as, concurrency })]
})

const rowStages = Effect.fnUntraced(function*(flags: PaginateFlags) {
  const stages: Array<Source.Stage> = []
  if (Option.isSome(flags.where)) {
    const condition = RowExpression.condition({ flag: "--where", text: flags.where.value })
    stages.push(Source.where(yield* Effect.mapError(condition, ExitCode.asUsage)))
  }
  if (Option.isSome(flags.jq)) stages.push(Source.jq(flags.jq.value))
  return stages
})

const toFile = Effect.fnUntraced(function*(
  sources: ReadonlyArray<Source.Source>,
  wanted: Wanted & { readonly file: string },
  concurrency: number
) {
  const tell = yield* ListNotes.make(concurrency)
  const onEvent = yield* withContext(tell)
  const summary = yield* Paginate.toFile(sources, { ...wanted, lists: concurrency, onEvent })
  yield* Output.result({
    json: () => ({ complete: true, ...summary, format: wanted.format }),
    text: () => `${summary.rows} rows in ${summary.file}`
  })
})

/** As it is told within this command. */
const withContext = <A, R>(tell: (event: A) => Effect.Effect<void, never, R>) =>
  Effect.map(Effect.context<R>(), (context) => (event: A) => Effect.provideContext(tell(event), context))

const toStdout = Effect.fnUntraced(function*(
  sources: ReadonlyArray<Source.Source>,
  { format, text }: Wanted,
  concurrency: number
) {
  const tell = yield* ListNotes.make(concurrency)
  const isDocument = (yield* Settings.Format) === "json"
  const writer = RowText.make(isDocument ? "json" : format, text)
  const lists: Array<Paginate.ListSummary> = []
  const print = printer()
  if (isDocument) yield* print("{\"rows\": ")
  const reading = Stream.runForEach(Paginate.events(sources, { lists: concurrency }), (event) => {
    if (event._tag === "Ended") lists.push(event.summary)
    return Effect.andThen(event._tag === "Page" ? print(writer.write(event.rows)) : Effect.void, tell(event))
  })
  const end = (outcome: { readonly complete: boolean; readonly error?: string }) =>
    print(
      isDocument
        ? `${writer.end().trimEnd()},\n${
          JSON.stringify({ count: writer.state().rows, ...outcome, lists }, null, 2).slice(2)
        }\n`
        : outcome.complete || (format === "table" && writer.state().rows > 0)
        ? writer.end()
        : format === "json" && writer.state().rows > 0
        ? "\n"
        : ""
    )
  yield* Effect.tapError(reading, ({ message }) => end({ complete: false, error: message }))
  yield* end({ complete: true })
  if (writer.leftOut().length > 0) yield* tell({ _tag: "LeftOut", fields: writer.leftOut() })
})

/** Writes text whose lines are not whole yet: what follows the last line break waits for the next text. */
const printer = () => {
  let rest = ""
  return (text: string) => {
    const all = rest + text
    const end = all.lastIndexOf("\n")
    rest = all.slice(end + 1)
    return end === -1 ? Effect.void : Console.log(all.slice(0, end))
  }
}

/** A server that cannot be used is none of the list's faults. */
const notWhole = (error: PaginationError) => {
  const isUnusable = error.reason === "Request" &&
    (error.status === undefined || error.status >= 500 || error.status === 429)
  return fails(isUnusable ? ExitCode.unavailable : ExitCode.no, error)
}

const notJq = ({ message, program, reason }: JqError) =>
  fails(reason === "Program" ? ExitCode.usage : reason === "Unavailable" ? ExitCode.unavailable : ExitCode.no, {
    message: `--jq ${program}: ${message}`
  })

/** What is wrong with the command line is told from what is wrong with the API. */
const notDone = (error: RemoteApiError) => {
  const isUsage = error.reason === "Invalid" || (error.reason === "NotFound" && error.status === undefined)
  const isUnusable = error.reason === "Login" || error.reason === "Request"
  return fails(isUsage ? ExitCode.usage : isUnusable ? ExitCode.unavailable : ExitCode.no, error)
}

const fails = (code: number, { hint, message }: { readonly message: string; readonly hint?: string | undefined }) =>
  Effect.fail(new ExitCode.CommandError({ code, message, hint }))
