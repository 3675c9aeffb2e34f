/**
 * Downloads over undici, from the socket to the disk: slower than `SocketFileTransfer`, but through proxies. Connects on demand;
 * connections end with the layer.
 */
import { Duration, Effect, Layer, Redacted, Result } from "effect"
import * as IpAddress from "../../core/IpAddress.ts"
import { type Answer, FileTransfer, type FileTransferError, type Request } from "../../services/FileTransfer.ts"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import { BufferPool } from "./transfer/BufferPool.ts"
import { TransferBody } from "./transfer/TransferBody.ts"
import * as TransferFailures from "./transfer/TransferFailures.ts"
import { folder } from "./transfer/TransferFolder.ts"
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
  const pool = new BufferPool()
  return {
    get: (request: Request) =>
      Effect.flatMap(
        dispatcherOf(request),
        ({ dispatcher, proxied }) =>
          Effect.map(
            Effect.acquireRelease(
              begin(dispatcher, request, pool),
              ({ controller }) => Effect.sync(() => stop(controller))
            ),
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
  readonly body: TransferBody
  readonly controller: Controller
}

/** Sends the request and waits for the head of the answer. */
const begin = (dispatcher: UndiciDispatcher, request: Request, pool: BufferPool) =>
  Effect.callback<Begun, FileTransferError>((resume) => {
    let sent: Controller | undefined
    let body: TransferBody | undefined
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
        controller.pause()
        body = new TransferBody(pool, { resume: () => controller.resume(), stop: () => stop(controller) })
        resume(Effect.succeed({ status, headers: joined(headers), body, controller }))
      },
      onResponseData: (controller, chunk) => {
        body?.take(chunk, 0, chunk.length)
        if (body?.next() === false && !controller.aborted) controller.pause()
      },
      onResponseEnd: () => body?.end(),
      onResponseError: (_controller, error) => {
        if (body === undefined) resume(Effect.fail(TransferFailures.fromNetwork(error, request.url.host)))
        else body.end(error)
      }
    })
    return Effect.sync(() => {
      gone = true
      sent?.abort(closed)
    })
  }).pipe(Effect.interruptible)

const stop = (controller: Controller): void => {
  if (!controller.aborted) controller.abort(closed)
}

const joined = (headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : (value ?? []).join(", ")
    ])
  )

const answer = ({ body, headers, status }: Begun, { url }: Request, isPrivate: boolean): Answer => ({
  status,
  headers,
  isPrivate,
  save: (part, options) => body.save(part, options, url.host)
})

/** Makes the function that finds, or opens, the pool for what a request wants. */
const makeDispatchers = Effect.fnUntraced(function*(options: Options) {
  const settings = { ...HttpPolicy.defaults, ...options.settings, http2: false }
  const proxies = HttpPolicy.proxiesIn(options.environment ?? {})
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
    const proxy = HttpPolicy.proxyOf(connection, request.url, proxies)
    const name = `${key} ${request.publicOnly} ${proxy === undefined ? "" : Redacted.value(proxy)}`
    let dispatcher = pools.get(name)
    if (dispatcher === undefined) {
      const made = Result.try(() =>
        new UndiciDispatcher(settings, { ...connection, http2: false }, proxy, request.publicOnly)
      )
      if (Result.isFailure(made)) return yield* TransferFailures.fromNetwork(made.failure, request.url.host)
      pools.set(name, dispatcher = made.success)
    }
    return { dispatcher, proxied: proxy !== undefined }
  })
})

const noConnection: HttpPolicy.ConnectionOptions = {}
