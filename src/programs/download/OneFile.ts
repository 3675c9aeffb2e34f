/**
 * One file, from its first request to its name: pieces side by side where the server allows it, what is there kept, everything
 * begun anew when the file on the server is another one by now.
 */
import { Deferred, Duration, Effect, type Scope } from "effect"
import { type FileTransfer, FileTransferError, type Folder, type Part } from "../../services/FileTransfer.ts"
import * as Checks from "./Checks.ts"
import { DownloadError, fromTransfer } from "./DownloadError.ts"
import * as Note from "./Note.ts"
import * as Segments from "./Segments.ts"
import type { Head, Source } from "./Source.ts"

export interface Job<R> {
  readonly expected: Checks.Expected
  readonly source: Source<R>
  readonly folder: Folder
  /** Pieces that are fetched at once. */
  readonly ranges: number
  readonly smallestRange: number
  /** Least bytes a second, looked at once in `silence`. */
  readonly slowest: number
  readonly silence: Duration.Duration
  readonly rememberEvery: Duration.Duration
  /** Settles the name once the head of an answer is known. */
  readonly nameOf: (head: Head | undefined) => Effect.Effect<string | undefined, DownloadError>
  readonly exists: "verify" | "skip" | "overwrite"
  readonly budget: Budget
  readonly onStart: (name: string, size: number | undefined, bytes: number) => Effect.Effect<void>
  readonly onBytes: (bytes: number) => void
}

/** Bytes that all files together may have. */
export interface Budget {
  /** Takes so many; false when there are not enough. Negative numbers give back. */
  readonly take: (bytes: number) => boolean
}

export interface Outcome {
  readonly name: string
  readonly bytes: number
  /** Bytes that were there from before. */
  readonly resumed: number
  /** Whether the file was there and is kept. */
  readonly kept: boolean
  /** Most pieces that it was fetched in. */
  readonly pieces: number
  readonly checks: ReadonlyArray<Checks.Check>
}

/** Times that a file may change on the server while it is fetched. */
const maxChanges = 3
/** A try that brings fewer bytes is as good as one that brings none. */
const progressBytes = 65_536

/** What is known of a file under way. */
interface State {
  content: Note.Content
  server: Checks.ServerMd5 | undefined
  /** From a server that gives ranges, of a version that can be told from others. */
  readonly resumable: boolean
}

export const fetch = Effect.fnUntraced(function*<R>(
  job: Job<R>
): Effect.fn.Return<Outcome, DownloadError, R | FileTransfer | Scope.Scope> {
  const name = yield* job.nameOf(undefined)
  if (name !== undefined) return yield* fetchNamed(job, name, undefined)
  return yield* job.source.use(() => ({}), (head) =>
    Effect.flatMap(job.nameOf(head), (name) =>
      name === undefined
        ? new DownloadError({
          reason: "Name",
          message: "neither the server nor the URL gives the file a name",
          hint: "Give it one with --name"
        })
        : fetchNamed(job, name, head)), () => false)
})

const fetchNamed = Effect.fnUntraced(function*<R>(
  job: Job<R>,
  name: string,
  head: Head | undefined
): Effect.fn.Return<Outcome, DownloadError, R | FileTransfer> {
  const kept = yield* existing(job, name)
  if (kept !== undefined) return kept
  return yield* Effect.scoped(
    Effect.flatMap(Effect.mapError(job.folder.part(name), fromTransfer), (part) => fetchPart(job, name, part, head))
  )
})

/** The file that is there already, if it may stay. */
const existing = Effect.fnUntraced(function*<R>({ exists, expected, folder }: Job<R>, name: string) {
  const size = yield* Effect.mapError(folder.size(name), fromTransfer)
  if (size === undefined || exists === "overwrite") return undefined
  const kept = { name, bytes: size, resumed: 0, kept: true, pieces: 0 }
  if (exists === "skip") return { ...kept, checks: [] }
  const asked = { md5: expected.md5 !== undefined, sha256: expected.sha256 !== undefined }
  const found = Checks.isAnything(asked) ? yield* Effect.mapError(folder.examine(name, asked), fromTransfer) : {}
  const { checks, mismatch } = Checks.compare(found, asked, size, expected, undefined)
  if (mismatch === undefined && checks.length > 0) return { ...kept, checks }
  return yield* new DownloadError({
    reason: "Exists",
    message: `${name} is there already${mismatch === undefined ? "" : `, and ${mismatch.message}`}`,
    hint: "Use --skip to leave it or --overwrite to replace it"
  })
})

const fetchPart = Effect.fnUntraced(function*<R>(job: Job<R>, name: string, part: Part, head: Head | undefined) {
  const file = yield* recall(job, name, part)
  const resumed = file.state === undefined ? 0 : Segments.bytesOf(file.state.content.segments)
  const remember = Effect.suspend(() =>
    file.state?.resumable === true ? part.remember(Note.encode(file.state.content)) : Effect.void
  )
  const rounds = Effect.gen(function*() {
    for (let changes = 0;; changes++) {
      const round = file.state === undefined
        ? first(job, file, changes === 0 ? head : undefined, changes < 2)
        : rest(job, file, file.state)
      const result = yield* Effect.result(round)
      if (result._tag === "Success") return
      if (result.failure.reason !== "Changed" || changes >= maxChanges) return yield* result.failure
      file.state = undefined
    }
  })
  // What was written is not lost with the time, a failure or Ctrl-C.
  const beat = Effect.forever(Effect.andThen(Effect.sleep(job.rememberEvery), Effect.mapError(remember, fromTransfer)))
  yield* Effect.raceFirst(rounds, beat).pipe(
    Effect.onExit((exit) => exit._tag === "Success" ? Effect.void : Effect.ignore(remember))
  )
  return yield* conclude(job, file, resumed)
})

/** A file under way. */
interface File {
  readonly name: string
  readonly part: Part
  state: State | undefined
  /** Bytes that were taken from the budget. */
  reserved: number
  pieces: number
}

/** Goes on with what is there, if it is of the same URL and can be told from other versions of it. */
const recall = Effect.fnUntraced(function*<R>(job: Job<R>, name: string, part: Part) {
  const file: File = { name, part, state: undefined, reserved: 0, pieces: 0 }
  const text = yield* Effect.mapError(part.note, fromTransfer)
  const content = text === undefined ? undefined : Note.decode(text)
  if (content === undefined) return file
  const size = yield* Effect.mapError(part.size, fromTransfer)
  const url = Note.identity(yield* job.source.url)
  const reaches = Math.max(...content.segments.map(({ done, from }) => done === 0 ? 0 : from + done))
  const isGood = content.url === url && Segments.covers(content.segments, content.size) && size >= reaches &&
    Segments.ifRange(content.version) !== undefined && (job.expected.size ?? content.size) === content.size
  if (isGood) {
    file.state = { content, server: undefined, resumable: true }
    yield* reserve(job, file, content.size)
    yield* job.onStart(name, content.size, Segments.bytesOf(content.segments))
  }
  return file
})

/** Begins anew: by the answer that came already, or by one of its own. */
const first = <R>(job: Job<R>, file: File, head: Head | undefined, pieces: boolean) => {
  const begin = (head: Head) =>
    Effect.flatMap(opened(job, file, head, pieces), (state) => {
      const [segment, ...others] = state.content.segments
      const saved = save(job, file.part, head, segment!, others.length > 0 ? "leave" : "fail")
      if (!state.resumable) return saved
      return Effect.all([
        Effect.catchIf(
          saved,
          isNetwork,
          (error) => Effect.andThen(job.source.pause(error), piece(job, file, state, segment!))
        ),
        ...others.map((segment) => piece(job, file, state, segment))
      ], { concurrency: "unbounded", discard: true })
    })
  const own = job.source.use(() => ({}), begin, () => false)
  return head === undefined
    ? own
    : Effect.catch(begin(head), (error) => isNetwork(error) ? own : Effect.fail(ours(error)))
}

const isNetwork = (error: FileTransferError | DownloadError): error is FileTransferError =>
  error instanceof FileTransferError && error.reason === "Network"

const ours = (error: FileTransferError | DownloadError): DownloadError =>
  error instanceof FileTransferError ? fromTransfer(error) : error

/** Reads what the head of a whole answer says about the file, and makes room for it. */
const opened = Effect.fnUntraced(function*<R>(job: Job<R>, file: File, head: Head, pieces: boolean) {
  if (head.status !== 200) {
    return yield* new DownloadError({
      reason: "Status",
      status: head.status,
      message: `${head.url.host} answers with status ${head.status} to a request for the whole file`
    })
  }
  const size = Segments.lengthOf(head.headers)
  if (size !== undefined && job.expected.size !== undefined && size !== job.expected.size) {
    const message = `${head.url.host} has ${size} bytes, not ${job.expected.size}`
    return yield* new DownloadError({ reason: "Mismatch", message })
  }
  const version = Segments.versionOf(head.headers)
  const resumable = pieces && size !== undefined && Segments.ifRange(version) !== undefined &&
    head.headers["accept-ranges"]?.toLowerCase() === "bytes"
  yield* reserve(job, file, size ?? 0)
  yield* file.part.reset
  const segments = resumable
    ? Segments.split(size, job.ranges, job.smallestRange)
    : [{ from: 0, to: size ?? Infinity, done: 0 }]
  const url = Note.identity(yield* job.source.url)
  const state: State = {
    content: { url, version, size: size ?? 0, segments },
    server: Checks.serverMd5(head.headers),
    resumable
  }
  file.pieces = Math.max(file.pieces, segments.length)
  if (resumable) yield* file.part.remember(Note.encode(state.content))
  // Not before: what has a state is remembered over and over, and two at once would be in each other's way.
  file.state = state
  yield* job.onStart(file.name, size, 0)
  return state
})

const rest = <R>(job: Job<R>, file: File, state: State) => {
  const missing = Segments.missing(state.content.segments)
  file.pieces = Math.max(file.pieces, missing.length)
  return Effect.forEach(missing, (segment) => piece(job, file, state, segment), {
    concurrency: job.ranges,
    discard: true
  })
}

/** Fetches what is missing of one piece. */
const piece = <R>(job: Job<R>, file: File, state: State, segment: Segments.Segment) => {
  const { size, version } = state.content
  const begin = () => segment.from + segment.done
  let seen = segment.done
  const progressed = () => {
    const before = seen
    seen = segment.done
    return seen - before >= progressBytes
  }
  const use = Effect.fnUntraced(function*(head: Head) {
    if (head.status !== 206 || !Segments.isPiece(head.headers, begin(), segment.to, size, version)) {
      return yield* new DownloadError({
        reason: "Changed",
        message: `${file.name} is another file on ${head.url.host} by now, or comes whole only`
      })
    }
    state.server ??= Checks.serverMd5(head.headers)
    yield* save(job, file.part, head, segment, "fail")
    if (begin() < segment.to) {
      return yield* new FileTransferError({ reason: "Network", message: `${head.url.host} ended its answer early` })
    }
  })
  const headers = () => ({
    range: `bytes=${begin()}-${segment.to - 1}`,
    "if-range": Segments.ifRange(version) ?? ""
  })
  return job.source.use(headers, use, progressed)
}

/** Takes a body to its place, as long as it comes fast enough. */
const save = Effect.fnUntraced(function*<R>(
  job: Job<R>,
  part: Part,
  head: Head,
  segment: Segments.Segment,
  surplus: "leave" | "fail"
) {
  const over = yield* Deferred.make<never, DownloadError>()
  const isUnknown = segment.to === Infinity
  const at = segment.from + segment.done
  const onBytes = (bytes: number) => {
    segment.done += bytes
    job.onBytes(bytes)
    if (isUnknown && !job.budget.take(bytes)) Deferred.doneUnsafe(over, Effect.fail(tooLarge(head.url.host)))
  }
  yield* head.save(part, { at, limit: segment.to - at, surplus, onBytes }).pipe(
    Effect.raceFirst(tooSlow(job, head, segment)),
    Effect.raceFirst(Deferred.await(over))
  )
})

const tooSlow = Effect.fnUntraced(function*<R>({ silence, slowest }: Job<R>, head: Head, segment: Segments.Segment) {
  const least = slowest * Duration.toSeconds(silence)
  for (let before = segment.done;; before = segment.done) {
    yield* Effect.sleep(silence)
    if (segment.done - before < least) {
      const message = `${head.url.host} sends fewer than ${slowest} bytes a second`
      return yield* new FileTransferError({ reason: "Network", message })
    }
  }
})

const tooLarge = (what: string): DownloadError =>
  new DownloadError({
    reason: "TooLarge",
    message: `${what} has more bytes than the files may have together`,
    hint: "Allow more with --max-bytes"
  })

/** Takes the size of the file from the budget, in place of what was taken for it before. */
const reserve = <R>(job: Job<R>, file: File, size: number): Effect.Effect<void, DownloadError> =>
  Effect.suspend(() => {
    job.budget.take(-file.reserved)
    file.reserved = 0
    if (!job.budget.take(size)) {
      job.budget.take(-size)
      return tooLarge(file.name)
    }
    file.reserved = size
    return Effect.void
  })

/** Compares, and gives the file its name; or deletes it. */
const conclude = Effect.fnUntraced(function*<R>(job: Job<R>, file: File, resumed: number) {
  const { name, part, pieces } = file
  const { content, server } = file.state!
  const bytes = Segments.bytesOf(content.segments)
  const asked = Checks.wanted(name, job.expected, server)
  const found = Checks.isAnything(asked) ? yield* part.examine(asked) : {}
  const announced = content.segments.at(-1)!.to === Infinity ? undefined : content.size
  const { checks, mismatch } = Checks.compare(found, asked, bytes, { ...job.expected, announced }, server)
  if (mismatch !== undefined) {
    yield* part.reset
    return yield* new DownloadError({
      reason: "Mismatch",
      message: `what came for ${name} was deleted: ${mismatch.message}`
    })
  }
  yield* part.finish({ replace: job.exists === "overwrite" })
  return { name, bytes, resumed, kept: false, pieces, checks } satisfies Outcome
}, Effect.mapError(ours))
