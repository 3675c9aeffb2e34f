/**
 * Downloads by script, for tests: files by URL, a disk in memory, faults of both on demand, every request recorded.
 *
 * Time is that of `Clock`: what takes an hour is there when `TestClock` says so.
 */
import { Context, Duration, Effect, Layer } from "effect"
import * as IpAddress from "../../core/IpAddress.ts"
import {
  type Answer,
  FileTransfer,
  FileTransferError,
  type Part,
  type Request,
  type SaveOptions
} from "../../services/FileTransfer.ts"
import { MemoryFolders, type MemoryPart } from "./transfer/MemoryFolders.ts"
import * as ServedFile from "./transfer/ServedFile.ts"

export type { ServedFile } from "./transfer/ServedFile.ts"

export class FakeFileTransfer extends Context.Service<FakeFileTransfer, {
  /** Serves a file at a URL, whatever the query; a function is asked at each request. Everything else is answered with 404. */
  readonly serve: (
    url: string,
    file: ServedFile.ServedFile | ((request: Request) => Effect.Effect<ServedFile.ServedFile>)
  ) => Effect.Effect<void>
  /** The requests so far, oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** Most answers whose connections were open at once. */
  readonly mostOpen: Effect.Effect<number>
  /** Lets the next requests fail before they are answered. Calling it again replaces the count. */
  readonly failNext: (times: number, reason: "Network" | "Unsendable") => Effect.Effect<void>
  /** The content of a file by its absolute path. */
  readonly read: (path: string) => Effect.Effect<Uint8Array | undefined>
  readonly write: (path: string, content: Uint8Array) => Effect.Effect<void>
  /** Puts a link where a file could be. */
  readonly link: (path: string) => Effect.Effect<void>
  /** What is in a folder, parts too, sorted. */
  readonly names: (folder: string) => Effect.Effect<ReadonlyArray<string>>
  /** Bytes that fit on the disk from now on, in all files together; beyond them it is full. `Infinity` ends that. */
  readonly limit: (bytes: number) => Effect.Effect<void>
  /** Lets nothing be written in a folder any more. */
  readonly forbid: (folder: string) => Effect.Effect<void>
  /** Lets another process hold a part by its path, such as `process 4711 on host`; `undefined` ends that. */
  readonly heldBy: (path: string, holder: string | undefined) => Effect.Effect<void>
}>()("skein/layers/FakeFileTransfer") {}

export const layer: Layer.Layer<FileTransfer | FakeFileTransfer> = Layer.effectContext(Effect.sync(() => {
  const served = new Map<string, (request: Request) => Effect.Effect<ServedFile.ServedFile>>()
  const requests: Array<Request> = []
  const disk = new MemoryFolders()
  let failing: { times: number; readonly reason: "Network" | "Unsendable" } = { times: 0, reason: "Network" }
  let open = 0
  let most = 0

  const begin = Effect.fnUntraced(function*(request: Request) {
    const { headers, publicOnly, url } = request
    requests.push(request)
    const isPrivate = IpAddress.isPrivate(url.hostname)
    if (publicOnly && isPrivate) {
      return yield* failure(
        "Private",
        `${url.host} was not asked: it is an address of this machine or of a private network`
      )
    }
    if (failing.times > 0) {
      failing.times--
      return yield* failure(failing.reason, `${url.host} fails on demand`)
    }
    const file = yield* (served.get(url.origin + url.pathname) ?? missing)(request)
    const delay = file.delay ?? Duration.zero
    yield* Effect.sleep(Duration.min(delay, request.silence))
    if (Duration.isGreaterThanOrEqualTo(delay, request.silence)) {
      return yield* failure("Network", `${url.host} was silent for too long before its answer`)
    }
    const { body, headers: own, status } = ServedFile.answer(file, headers)
    return {
      status,
      headers: own,
      isPrivate,
      save: (part, options) =>
        save(body, { ...file, announced: Number(own["content-length"] ?? body.length) }, request, part, options)
    } satisfies Answer
  })

  const fake = FakeFileTransfer.of({
    serve: (url, file) => {
      const { origin, pathname } = new URL(url)
      return Effect.sync(() =>
        void served.set(origin + pathname, typeof file === "function" ? file : () => Effect.succeed(file))
      )
    },
    requests: Effect.sync(() => [...requests]),
    mostOpen: Effect.sync(() => most),
    failNext: (times, reason) => Effect.sync(() => void (failing = { times, reason })),
    read: (path) => Effect.sync(() => disk.files.get(path)),
    write: (path, content) => Effect.sync(() => void disk.files.set(path, content)),
    link: (path) => Effect.sync(() => void disk.links.add(path)),
    names: (folder) => Effect.sync(() => disk.names(folder)),
    limit: (bytes) => Effect.sync(() => void (disk.capacity = bytes)),
    forbid: (folder) => Effect.sync(() => void disk.forbidden.add(folder)),
    heldBy: (path, holder) =>
      Effect.sync(() => void (holder === undefined ? disk.holders.delete(path) : disk.holders.set(path, holder)))
  })
  const transfer = FileTransfer.of({
    get: (request) =>
      Effect.acquireRelease(
        Effect.sync(() => void (most = Math.max(most, ++open))),
        () => Effect.sync(() => void open--)
      ).pipe(Effect.andThen(begin(request))),
    folder: disk.folder
  })
  return Context.make(FileTransfer, transfer).pipe(Context.add(FakeFileTransfer, fake))
}))

const missing = () => Effect.succeed<ServedFile.ServedFile>({ status: 404 })

const failure = (reason: FileTransferError["reason"], message: string): FileTransferError =>
  new FileTransferError({ reason, message })

/** Bytes of one write where they come at once. */
const pieceBytes = 1_048_576

const save = Effect.fnUntraced(function*(
  body: Uint8Array,
  file: ServedFile.ServedFile & { readonly announced: number },
  { silence, url }: Request,
  given: Part,
  { at, limit, onBytes, surplus }: SaveOptions
) {
  const part = given as MemoryPart
  const { announced, bytesPerSecond, cutAfter = Infinity, silentAfter = Infinity } = file
  const comes = Math.min(body.length, cutAfter, silentAfter)
  const taken = Math.min(comes, limit)
  for (let done = 0; done < taken;) {
    const bytes = Math.min(taken - done, bytesPerSecond ?? pieceBytes)
    if (bytesPerSecond !== undefined) yield* Effect.sleep(Duration.seconds(bytes / bytesPerSecond))
    yield* part.write(body.subarray(done, done + bytes), at + done)
    done += bytes
    onBytes(bytes)
  }
  if (comes > limit && surplus === "fail") {
    return yield* failure("TooLong", `${url.host} sends more bytes than allowed`)
  }
  if (taken === limit && surplus === "leave") return taken
  if (comes === announced) return taken
  if (comes < silentAfter) {
    return yield* failure("Network", `${url.host} closed the connection before the answer was complete`)
  }
  yield* Effect.sleep(silence)
  return yield* failure("Network", `${url.host} was silent for too long within its answer`)
})
