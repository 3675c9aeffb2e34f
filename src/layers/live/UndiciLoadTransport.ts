/**
 * Load over undici, for what bare sockets do not: HTTP/2 and proxies. Slower, so the caller says so before the run; `SocketLoadTransport`
 * does the rest.
 *
 * Each connection is a pool of one, and carries one request at a time also over HTTP/2. Nothing is opened when built; sockets end with the scope of their connection, at once.
 */
import { Duration, Effect, Layer } from "effect"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import { LoadClock } from "../../services/LoadClock.ts"
import { LoadTransport, LoadTransportError, noCounts, type OpenOptions } from "../../services/LoadTransport.ts"
import { Addresses } from "./http1/Addresses.ts"
import * as LoadFailures from "./http1/LoadFailures.ts"
import { UndiciConnection } from "./undici/UndiciConnection.ts"

export const layer: Layer.Layer<LoadTransport, never, LoadClock> = Layer.effect(
  LoadTransport,
  Effect.suspend(() => make(noCounts()))
)

/** For those who count with others. */
export const make = Effect.fnUntraced(function*(counters: ReturnType<typeof noCounts>) {
  const { now } = yield* LoadClock
  const policy = yield* HttpPolicy.HttpPolicy
  const addresses = new Addresses()

  const open = Effect.fnUntraced(function*(url: URL, options: OpenOptions = {}) {
    const { UndiciDispatcher } = yield* Effect.promise(() => import("./undici/UndiciDispatcher.ts"))
    const { connection = {}, resolve = {} } = options
    const proxy = connection.proxy === false ? undefined : connection.proxy
    const fault = proxy === undefined ? undefined : HttpPolicy.proxyFault(proxy)
    if (fault !== undefined) return yield* new LoadTransportError({ kind: "proxy", message: fault, ended: now() })
    const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)
    const settings = {
      ...policy,
      connectionsPerHost: 1,
      http2: false,
      keepAlive: Duration.hours(1)
    }
    const dispatcher = () =>
      new UndiciDispatcher(settings, connection, proxy, false, {
        lookup: addresses.lookupFor(port, resolve),
        onSocket: (socket) => {
          counters.socketsOpened++
          counters.socketsOpen++
          socket.once("close", () => counters.socketsOpen--)
        }
      })
    return yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          new UndiciConnection({
            now,
            counters,
            dispatcher,
            origin: url.origin,
            host: `${url.hostname}:${port}`,
            keepAlive: options.keepAlive ?? true,
            phases: options.phases ?? false,
            timeoutMillis: Duration.toMillis(options.timeout ?? "30 seconds")
          }),
        catch: (cause) => {
          const { detail, hint } = LoadFailures.fromCause(cause, url.host)
          return new LoadTransportError({
            kind: "tls",
            message: detail,
            ended: now(),
            ...(hint === undefined ? {} : { hint })
          })
        }
      }),
      (connection) => Effect.promise(() => connection.close())
    )
  })
  return LoadTransport.of({ open, counters })
})
