/**
 * Downloads over undici, from the socket to the disk. Connects on demand; connections end with the layer.
 *
 * Beside `UndiciHttpClient`, since a body of gigabytes wants neither a stream of Effect nor decompression. HTTP/1.1 only: several
 * connections carry more than several streams of one.
 */
import { Duration, Effect, Layer, Result } from "effect"
import { realpath } from "node:fs/promises"
import { join } from "node:path"
import * as IpAddress from "../../core/IpAddress.ts"
import {
  type Answer,
  FileTransfer,
  FileTransferError,
  type Folder,
  type Part,
  type Request,
  type SaveOptions
} from "../../services/FileTransfer.ts"
import * as Failure from "../../services/http/Failure.ts"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import { BodyWriter, Surplus } from "./transfer/BodyWriter.ts"
import * as PartFolder from "./transfer/PartFolder.ts"
import type { Controller, UndiciDispatcher } from "./undici/UndiciDispatcher.ts"

export interface Options {
  readonly settings?: Partial<HttpPolicy.Settings> | undefined
  /** What connections want unless a request says otherwise. */
  readonly connection?: HttpPolicy.ConnectionOptions | undefined
  /** Where proxies are named. @default no proxies */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** Never fails to build. */
export const layer = (options: Options = {}): Layer.Layer<FileTransfer> => Layer.effect(FileTransfer, make(options))

const make = Effect.fnUntraced(function*(options: Options) {
  const dispatcherOf = yield* makeDispatchers(options)
  return {
    get: (request: Request) =>
      Effect.flatMap(
        dispatcherOf(request),
        ({ dispatcher, proxied }) =>
          Effect.map(
            Effect.acquireRelease(begin(dispatcher, request), ({ writer }) => Effect.sync(() => writer.stop(closed))),
            (begun) => answer(begun, request, isPrivate(dispatcher, request.url, proxied))
          )
      ),
    folder
  }
})

const closed = Object.assign(new Error("the download was given up"), { code: "UND_ERR_ABORTED" })

/** What a proxy connects to is not seen here. */
const isPrivate = (dispatcher: UndiciDispatcher, url: URL, proxied: boolean): boolean =>
  proxied ? IpAddress.isPrivate(url.hostname) : dispatcher.isPrivate(url.origin)

interface Begun {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly writer: BodyWriter
}

/** Sends the request and waits for the head of the answer. */
const begin = (dispatcher: UndiciDispatcher, request: Request): Effect.Effect<Begun, FileTransferError> =>
  Effect.callback<Begun, FileTransferError>((resume) => {
    let sent: Controller | undefined
    let writer: BodyWriter | undefined
    let gone = false
    const silence = Math.ceil(Duration.toMillis(request.silence))
    dispatcher.dispatch({
      origin: request.url.origin,
      path: request.url.pathname + request.url.search,
      method: "GET",
      headers: { ...request.headers },
      headersTimeout: silence,
      bodyTimeout: silence
    }, {
      onRequestStart: (controller) => {
        sent = controller
        if (gone) controller.abort(closed)
      },
      onResponseStart: (controller, status, headers) => {
        if (status < 200) return
        writer = new BodyWriter(controller)
        resume(Effect.succeed({ status, headers: joined(headers), writer }))
      },
      onResponseData: (_controller, chunk) => writer?.chunk(chunk),
      onResponseEnd: () => writer?.end(),
      onResponseError: (_controller, error) => {
        if (writer === undefined) resume(Effect.fail(fromNetwork(error, request.url)))
        else writer.error(error)
      }
    })
    return Effect.sync(() => {
      gone = true
      sent?.abort(closed)
    })
  }).pipe(Effect.interruptible)

const joined = (headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : (value ?? []).join(", ")
    ])
  )

const answer = ({ headers, status, writer }: Begun, request: Request, isPrivate: boolean): Answer => ({
  status,
  headers,
  isPrivate,
  save: (part, options) => save(writer, part, options, request.url)
})

const save = (writer: BodyWriter, part: Part, options: SaveOptions, url: URL) =>
  Effect.callback<number, FileTransferError>((resume) => {
    let stopped: (() => void) | undefined
    let ended = false
    writer.start({
      fd: (part as PartFolder.OpenPart).fd,
      at: options.at,
      limit: options.limit,
      surplus: options.surplus,
      onBytes: options.onBytes,
      onEnd: (error) => {
        ended = true
        stopped?.()
        resume(error === undefined ? Effect.succeed(writer.written) : Effect.fail(fromBody(error, url)))
      }
    })
    return Effect.callback<void>((done) => {
      if (ended) return done(Effect.void)
      stopped = () => done(Effect.void)
      writer.stop(closed)
    })
  })

const fromBody = (error: unknown, url: URL): FileTransferError => {
  if (error instanceof Surplus) {
    return new FileTransferError({ reason: "TooLong", message: `${url.host} sends more bytes than allowed` })
  }
  const system = error instanceof Error && "syscall" in error && error.syscall === "write" && !("address" in error)
  return system ? PartFolder.fromSystem(error, "the file") : fromNetwork(error, url)
}

/** Failures that another try does not mend. */
const final: ReadonlySet<Failure.Reason> = new Set(["InvalidUrl", "InvalidHeader", "Tls"])

const fromNetwork = (cause: unknown, url: URL): FileTransferError => {
  for (let error = cause, deep = 0; error instanceof Error && deep < 8; error = error.cause, deep++) {
    if ("code" in error && error.code === "SKEIN_PRIVATE_ADDRESS") {
      return new FileTransferError({ reason: "Private", message: `${url.host} was not asked: ${error.message}`, cause })
    }
  }
  const { detail, hint, reason } = Failure.fromCause(cause, url.host)
  return new FileTransferError({
    reason: final.has(reason) ? "Unsendable" : "Network",
    message: detail,
    ...(hint === undefined ? {} : { hint }),
    cause
  })
}

/** Makes the function that finds, or opens, the pool for what a request wants. */
const makeDispatchers = Effect.fnUntraced(function*(options: Options) {
  const settings = { ...HttpPolicy.defaults, ...options.settings, http2: false }
  const pools = new Map<string, UndiciDispatcher>()
  const keys = new Map<HttpPolicy.ConnectionOptions, number>()
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => Promise.all(Array.from(pools.values(), (one) => one.destroy())))
  )

  return Effect.fnUntraced(function*(request: Request) {
    const connection = HttpPolicy.merge(options.connection ?? {}, request.connection)
    const own = request.connection ?? noConnection
    const key = keys.get(own) ?? keys.size
    keys.set(own, key)
    const { UndiciDispatcher } = yield* Effect.promise(() => import("./undici/UndiciDispatcher.ts"))
    const proxy = connection.proxy === false
      ? undefined
      : connection.proxy ?? HttpPolicy.proxyFor(request.url, options.environment ?? {})
    const name = `${key} ${request.publicOnly} ${proxy ?? ""}`
    let dispatcher = pools.get(name)
    if (dispatcher === undefined) {
      const made = Result.try(() =>
        new UndiciDispatcher(settings, { ...connection, http2: false }, proxy, request.publicOnly)
      )
      if (Result.isFailure(made)) return yield* fromNetwork(made.failure, request.url)
      pools.set(name, dispatcher = made.success)
    }
    return { dispatcher, proxied: proxy !== undefined }
  })
})

const noConnection: HttpPolicy.ConnectionOptions = {}

const folder = Effect.fnUntraced(function*(given: string): Effect.fn.Return<Folder, FileTransferError> {
  yield* PartFolder.makeFolder(given)
  const path = yield* PartFolder.disk(given, () => realpath(given))
  return {
    path,
    size: (name) =>
      Effect.flatMap(
        PartFolder.kindOf(join(path, name)),
        (found) =>
          found === undefined || found.kind === "file" ? Effect.succeed(found?.size) : new FileTransferError({
            reason: "Link",
            message: `${join(path, name)} is in the way: it is ${
              found.kind === "link" ? "a link" : found.kind === "folder" ? "a folder" : "no ordinary file"
            }`
          })
      ),
    examine: (name, wanted) => PartFolder.examine(join(path, name), wanted),
    part: (name) => PartFolder.openPart(path, name)
  }
})
