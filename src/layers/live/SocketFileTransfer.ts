/**
 * Downloads from sockets to disks: a body is read into large buffers that are written as they are. Connects on demand; connections are
 * used again, and end with the layer.
 *
 * Beside `UndiciHttpClient`, since a body of gigabytes wants neither a stream nor decompression. HTTP/1.1 only: several connections
 * carry more than several streams of one. Through a proxy undici fetches, in `UndiciFileTransfer`.
 */
import { Duration, Effect, Layer, Result } from "effect"
import { isIP } from "node:net"
import * as RequestBytes from "../../core/http1/RequestBytes.ts"
import { type Answer, FileTransfer, FileTransferError, type Request } from "../../services/FileTransfer.ts"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import * as Late from "../Late.ts"
import * as PublicAddresses from "./PublicAddresses.ts"
import * as TlsMaterial from "./TlsMaterial.ts"
import type { Head, Route, TransferConnection } from "./transfer/TransferConnection.ts"
import * as TransferFailures from "./transfer/TransferFailures.ts"
import { folder } from "./transfer/TransferFolder.ts"
import { TransferPool } from "./transfer/TransferPool.ts"

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
  const settings = { ...HttpPolicy.defaults, ...options.settings }
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => new TransferPool()),
    (pool) => Effect.sync(() => pool.close())
  )
  const proxied = yield* Late.once(
    FileTransfer,
    Effect.promise(() => import("./UndiciFileTransfer.ts").then(({ layer }) => layer(options)))
  )
  const keyOf = makeKeys()
  const proxies = HttpPolicy.proxiesIn(options.environment ?? {})

  const direct = Effect.fnUntraced(function*(request: Request, connection: HttpPolicy.ConnectionOptions) {
    const bytes = yield* bytesOf(request)
    const route = yield* routeOf(request, settings, connection)
    const key = keyOf(request)
    const taken = yield* Effect.acquireRelease(
      Effect.sync(() => pool.take(key, route)),
      (taken) => Effect.sync(() => pool.give(key, taken))
    )
    return yield* ask(taken, bytes, request)
  })

  return FileTransfer.of({
    get: (request) => {
      const connection = HttpPolicy.merge(options.connection ?? {}, request.connection)
      return HttpPolicy.proxyOf(connection, request.url, proxies) === undefined
        ? direct(request, connection)
        : Effect.flatMap(proxied, ({ get }) => get(request))
    },
    folder
  })
})

/** Makes the function that tells connections apart by what a request wants of them. */
const makeKeys = () => {
  const numbers = new WeakMap<HttpPolicy.ConnectionOptions, number>()
  let last = 0
  return ({ connection, publicOnly, url }: Request): string => {
    const number = connection === undefined ? 0 : numbers.get(connection) ?? ++last
    if (connection !== undefined) numbers.set(connection, number)
    return `${url.origin} ${publicOnly} ${number}`
  }
}

/** Sends the request and waits for the head of the answer. */
const ask = (
  connection: TransferConnection,
  bytes: Uint8Array,
  { silence, url }: Request
): Effect.Effect<Answer, FileTransferError> =>
  Effect.callback<Head, FileTransferError>((resume) => {
    connection.ask({
      bytes,
      silenceMillis: Math.ceil(Duration.toMillis(silence)),
      onHead: (head) => resume(Effect.succeed(head)),
      onError: (error) => resume(Effect.fail(TransferFailures.fromNetwork(error, url.host)))
    })
  }).pipe(
    Effect.map(({ body, ...head }) => ({ ...head, save: (part, options) => body.save(part, options, url.host) }))
  )

const bytesOf = ({ headers, url }: Request): Effect.Effect<Uint8Array, FileTransferError> => {
  const target = url.pathname + url.search
  const made = RequestBytes.make({ method: "GET", target, host: url.host, headers: Object.entries(headers) })
  return Result.isSuccess(made)
    ? Effect.succeed(made.success)
    : new FileTransferError({ reason: "Unsendable", message: made.failure.join("; ") })
}

/** Fails with `Private` for an address that is, where only public ones are wanted. */
const routeOf = (
  { publicOnly, url }: Request,
  settings: HttpPolicy.Settings,
  connection: HttpPolicy.ConnectionOptions
): Effect.Effect<Route, FileTransferError> => {
  const hostname = url.hostname.replace(/^\[|\]$/g, "")
  const fault = publicOnly ? PublicAddresses.fault(hostname) : undefined
  if (fault !== undefined) return Effect.fail(TransferFailures.fromNetwork(fault, url.host))
  const isTls = url.protocol === "https:"
  return Effect.succeed({
    hostname,
    port: Number(url.port || (isTls ? 443 : 80)),
    host: url.host,
    tls: isTls ? tlsOf(hostname, connection) : undefined,
    lookup: publicOnly ? PublicAddresses.lookup : undefined,
    connectMillis: Math.ceil(Duration.toMillis(connection.connectTimeout ?? settings.connectTimeout)),
    idleMillis: Math.max(1, Duration.toMillis(settings.keepAlive)),
    maxHeadBytes: settings.maxHeaderBytes
  })
}

const tlsOf = (hostname: string, connection: HttpPolicy.ConnectionOptions) => ({
  ...isIP(hostname) === 0 ? { servername: hostname } : {},
  ...TlsMaterial.tlsOptions(connection),
  ALPNProtocols: ["http/1.1"]
})
