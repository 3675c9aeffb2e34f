/**
 * Downloads many files: some at once, large ones in pieces, each under its name only when it is whole and was compared with all that is
 * known of it. What was interrupted goes on where it stopped.
 *
 * The parts are in `programs/download`; bytes go through `services/FileTransfer`.
 */
import { Clock, Duration, Effect, Option, Result, type Scope } from "effect"
import { FileTransfer, type Folder } from "../services/FileTransfer.ts"
import type { Request } from "../services/HttpExchange.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import type { Check } from "./download/Checks.ts"
import { DownloadError, fromTransfer } from "./download/DownloadError.ts"
import * as FileName from "./download/FileName.ts"
import { Meter, type Snapshot } from "./download/Meter.ts"
import * as OneFile from "./download/OneFile.ts"
import * as Segments from "./download/Segments.ts"
import * as Source from "./download/Source.ts"

export type { Check, Strength } from "./download/Checks.ts"
export { DownloadError } from "./download/DownloadError.ts"
export type { FileProgress, Snapshot } from "./download/Meter.ts"

/** One file to download. */
export interface Item<R = never> {
  /** What messages call it, such as its URL without secrets. */
  readonly label: string
  /** Makes the request of its content; done just before it is sent, and again when a URL has expired. */
  readonly request: Effect.Effect<Request, { readonly message: string }, R>
  /** How long what {@link request} makes may be used. @default for as long as the server takes it */
  readonly lasts?: Duration.Duration | undefined
  /** Its name in the folder. @default what the server says, else the last part of the URL */
  readonly name?: string | undefined
  readonly size?: number | undefined
  /** In hexadecimal. */
  readonly md5?: string | undefined
  readonly sha256?: string | undefined
}

export interface Options {
  /** Folder of the files; made when it is missing. */
  readonly folder: string
  /** Files at once. @default 3 */
  readonly concurrency?: number | undefined
  /** Pieces of one large file at once, where the server allows it. @default 4 */
  readonly ranges?: number | undefined
  /** Bytes that a piece has at least. @default 8 MiB */
  readonly smallestRange?: number | undefined
  /**
   * What becomes of a file that is there: `verify` keeps it when its given size or checksum is right and fails otherwise, `skip`
   * keeps it, `overwrite` replaces it once the new one is whole. @default "verify"
   */
  readonly exists?: "verify" | "skip" | "overwrite" | undefined
  /** Bytes that all files together may have. Of files without a known size some may be written beyond it. @default no bound */
  readonly maxBytes?: number | undefined
  /**
   * How often is tried again; and how hosts are spared, where no `PoliteHttp` is in the context, whose hosts these are then.
   * @default PoliteHttp.defaults
   */
  readonly limits?: Partial<PoliteHttp.Settings> | undefined
  /** Time for everything; files that are not there by then fail with `Timeout`. @default no bound */
  readonly timeout?: Duration.Duration | undefined
  /** Longest silence of a server. @default 30 seconds */
  readonly silence?: Duration.Duration | undefined
  /** Bytes a second; a body that is slower is asked for again. @default 100 */
  readonly slowest?: number | undefined
  /** @default 10 */
  readonly maxRedirects?: number | undefined
  /**
   * Whether addresses of this machine and of private networks are refused. Redirects from public hosts to them always are.
   * @default false
   */
  readonly publicOnly?: boolean | undefined
  /** How often what is there of a file is put on record; a kill loses what came since. @default 1 second */
  readonly rememberEvery?: Duration.Duration | undefined
  readonly onEvent?: ((event: Event) => Effect.Effect<void>) | undefined
  /** How often `Progress` is told. @default 200 millis */
  readonly progressEvery?: Duration.Duration | undefined
}

export type Event =
  | {
    readonly _tag: "Started"
    readonly index: number
    readonly name: string
    readonly size: number | undefined
    /** Bytes that are there from before. */
    readonly resumed: number
  }
  | {
    readonly _tag: "Retrying"
    readonly index: number
    readonly label: string
    readonly because: string
    readonly wait: Duration.Duration
  }
  | { readonly _tag: "Finished"; readonly result: FileResult }
  | { readonly _tag: "Progress"; readonly snapshot: Snapshot }

/** What became of one file. */
export type FileResult = Done | Failed

export interface Done {
  readonly _tag: "Done"
  /** Of its item. */
  readonly index: number
  readonly label: string
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  /** Bytes that were there from before. */
  readonly resumed: number
  /** It was there, and was not fetched. */
  readonly kept: boolean
  /** Most pieces that were fetched at once. */
  readonly pieces: number
  readonly retries: number
  /** What was compared; empty when there was nothing to compare with. */
  readonly checks: ReadonlyArray<Check>
}

export interface Failed {
  readonly _tag: "Failed"
  readonly index: number
  readonly label: string
  readonly retries: number
  readonly error: DownloadError
}

/** In the order of the items. */
export type Report = ReadonlyArray<FileResult>

/**
 * Downloads all items; what fails of one does not stop the others. Fails only when the folder cannot be used.
 *
 * Interruption ends the requests; what is there of files whose server gives ranges is kept as `NAME.part`, and found again.
 */
export const all = Effect.fn("Download.all")(function*<R>(
  items: ReadonlyArray<Item<R>>,
  options: Options
): Effect.fn.Return<Report, DownloadError, R | FileTransfer> {
  const transfer = yield* FileTransfer
  const folder = yield* Effect.mapError(transfer.folder(options.folder), fromTransfer)
  return yield* Effect.scoped(run(items, options, folder))
})

const run = Effect.fnUntraced(function*<R>(
  items: ReadonlyArray<Item<R>>,
  options: Options,
  folder: Folder
): Effect.fn.Return<Report, never, R | FileTransfer | Scope.Scope> {
  const limits = { ...PoliteHttp.defaults, ...options.limits }
  const polite = yield* Effect.serviceOption(PoliteHttp.PoliteHttp)
  const sending: Source.Sending = {
    limits,
    silence: options.silence ?? Duration.seconds(30),
    maxRedirects: options.maxRedirects ?? 10,
    publicOnly: options.publicOnly ?? false,
    gateOf: Option.isSome(polite) ? polite.value.gate : yield* Source.makeGates(limits)
  }
  const meter = new Meter(items.length)
  const shared: Shared = {
    options,
    sending,
    folder,
    meter,
    budget: makeBudget(options.maxBytes ?? Infinity),
    names: new Map(),
    left: yield* countdown(options.timeout ?? Duration.infinity),
    tell: options.onEvent ?? (() => Effect.void)
  }
  const clock = yield* Clock.Clock
  const progress = Effect.suspend(() =>
    shared.tell({ _tag: "Progress", snapshot: meter.snapshot(Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)) })
  )
  if (options.onEvent !== undefined) {
    const every = options.progressEvery ?? Duration.millis(200)
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(progress, Effect.sleep(every))))
  }
  return yield* Effect.forEach(items, (item, index) => one(item, index, shared), {
    concurrency: options.concurrency ?? 3
  })
})

interface Shared {
  readonly options: Options
  readonly sending: Source.Sending
  readonly folder: Folder
  readonly meter: Meter
  readonly budget: OneFile.Budget
  /** Names that are taken, by what a disk may take for equal, with the item that has each. */
  readonly names: Map<string, number>
  /** Of the time for everything. */
  readonly left: Effect.Effect<Duration.Duration>
  readonly tell: (event: Event) => Effect.Effect<void>
}

const one = Effect.fnUntraced(function*<R>(item: Item<R>, index: number, shared: Shared) {
  const { folder, meter, options, sending, tell } = shared
  let failure: string | undefined
  const source = Source.make(sending, {
    request: item.request,
    lasts: item.lasts,
    onRetry: (because, wait) => {
      failure = because
      return tell({ _tag: "Retrying", index, label: item.label, because, wait })
    }
  })
  const fetched = Effect.scoped(OneFile.fetch({
    expected: item,
    source,
    folder,
    ranges: options.ranges ?? 4,
    smallestRange: options.smallestRange ?? Segments.smallest,
    slowest: options.slowest ?? 100,
    silence: sending.silence,
    rememberEvery: options.rememberEvery ?? Duration.seconds(1),
    exists: options.exists ?? "verify",
    budget: shared.budget,
    nameOf: (head) => nameOf(item, index, head, shared),
    onStart: (name, size, resumed) => {
      meter.begin(index, name, size, resumed)
      return tell({ _tag: "Started", index, name, size, resumed })
    },
    onBytes: (bytes) => meter.add(index, bytes)
  }))
  const inTime = Effect.timeoutOrElse(fetched, { duration: yield* shared.left, orElse: () => outOfTime(failure) })
  const result = yield* Effect.result(inTime)
  meter.end(index)
  const known = { index, label: item.label, retries: source.retries() }
  const told: FileResult = Result.isSuccess(result)
    ? { _tag: "Done", ...known, ...result.success, path: `${folder.path}/${result.success.name}` }
    : { _tag: "Failed", ...known, error: result.failure }
  yield* tell({ _tag: "Finished", result: told })
  return told
})

/** `failure` is that of the last try, if one failed. */
const outOfTime = (failure: string | undefined): Effect.Effect<never, DownloadError> =>
  Effect.fail(
    new DownloadError({
      reason: "Timeout",
      message: failure === undefined ? "it was not there in time" : `it was not there in time; before, ${failure}`,
      hint: "The same download goes on where this one stopped, if the server gives ranges"
    })
  )

/** What is left of a time that begins now. */
const countdown = Effect.fnUntraced(function*(time: Duration.Duration) {
  const clock = yield* Clock.Clock
  const begin = clock.monotonicTimeNanosUnsafe()
  return Effect.sync(() => Duration.subtract(time, Duration.nanos(clock.monotonicTimeNanosUnsafe() - begin)))
})

/** Settles what a file is called: as given, as the server says, as the URL ends; and that no other one is called so. */
const nameOf = <R>(
  item: Item<R>,
  index: number,
  head: Source.Head | undefined,
  { names }: Shared
): Effect.Effect<string | undefined, DownloadError> =>
  Effect.suspend(() => {
    const name = item.name ??
      (head === undefined ? undefined : FileName.fromDisposition(head.headers["content-disposition"]) ??
        FileName.fromUrl(head.url))
    if (name === undefined) return Effect.succeed(undefined)
    const fault = FileName.fault(name)
    if (fault !== undefined) {
      return new DownloadError({ reason: "Name", message: `no file may be called ${JSON.stringify(name)}: ${fault}` })
    }
    const key = FileName.key(name)
    const owner = names.get(key) ?? index
    if (owner !== index) {
      return new DownloadError({
        reason: "Name",
        message: `another file of this download is called ${name} too`,
        hint: "Give them names of their own, or folders"
      })
    }
    names.set(key, index)
    return Effect.succeed(name)
  })

const makeBudget = (bytes: number): OneFile.Budget => {
  let left = bytes
  return {
    take: (bytes) => {
      left -= bytes
      return left >= 0
    }
  }
}
