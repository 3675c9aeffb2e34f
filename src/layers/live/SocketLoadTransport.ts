/**
 * Load over bare sockets: HTTP/1.1, with or without TLS, by `node:net` and `node:tls`, requests as bytes made once and a parser of
 * our own. Three times as many requests a second as `UndiciLoadTransport`, which does what this does not: HTTP/2 and proxies.
 *
 * Nothing is opened when built; sockets end with the scope of their connection, at once.
 */
import { Duration, Effect, Layer } from "effect"
import { createSecureContext } from "node:tls"
import type { ConnectionOptions } from "../../services/HttpPolicy.ts"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import { LoadClock, ticksPerMilli } from "../../services/LoadClock.ts"
import {
  LoadTransport,
  LoadTransportError,
  needsUndici,
  noCounts,
  type OpenOptions
} from "../../services/LoadTransport.ts"
import { Addresses } from "./http1/Addresses.ts"
import { Http1Connection, type Shared } from "./http1/Http1Connection.ts"
import * as LoadFailures from "./http1/LoadFailures.ts"
import { type Route, serverNameOf } from "./http1/Route.ts"
import * as TlsMaterial from "./TlsMaterial.ts"

export const layer: Layer.Layer<LoadTransport, never, LoadClock> = Layer.effect(
  LoadTransport,
  Effect.suspend(() => make(noCounts()))
)

/** What one read takes at most. */
const bufferBytes = 65_536
/** How often time-outs are looked at. */
const sweepMillis = 10

/** For those who count with others. */
export const make = Effect.fnUntraced(function*(counters: ReturnType<typeof noCounts>) {
  const { now } = yield* LoadClock
  const policy = yield* HttpPolicy.HttpPolicy
  const shared: Shared = {
    now,
    buffer: Buffer.allocUnsafeSlow(bufferBytes),
    counters
  }
  const addresses = new Addresses()
  const connections = new Set<Http1Connection>()
  let sweeping: NodeJS.Timeout | undefined
  const sweep = (): void => {
    const at = now()
    for (const connection of connections) connection.sweep(at)
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(sweeping)))

  const routes = new WeakMap<OpenOptions, Map<string, Route>>()
  const routeOf = Effect.fnUntraced(function*(url: URL, options: OpenOptions) {
    const known = routes.get(options) ?? new Map<string, Route>()
    routes.set(options, known)
    const found = known.get(url.origin)
    if (found !== undefined) return found
    const hostname = url.hostname.replace(/^\[|\]$/g, "")
    const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)
    const { connection = {} } = options
    const route: Route = {
      hostname,
      port,
      host: `${url.hostname}:${port}`,
      tls: url.protocol === "https:" ? yield* tlsOf(connection, hostname, now) : undefined,
      lookup: addresses.lookupFor(port, options.resolve ?? {}),
      keepAlive: options.keepAlive ?? true,
      phases: options.phases ?? false,
      timeoutTicks: Duration.toMillis(options.timeout ?? "30 seconds") * ticksPerMilli,
      connectTimeoutTicks: Duration.toMillis(connection.connectTimeout ?? policy.connectTimeout) * ticksPerMilli,
      maxHeadBytes: policy.maxHeaderBytes
    }
    known.set(url.origin, route)
    return route
  })

  const open = (url: URL, options: OpenOptions = ordinary) =>
    Effect.acquireRelease(
      Effect.gen(function*() {
        const unfit = needsUndici(options.connection ?? {}, url)
        if (unfit !== undefined) return yield* Effect.die(new Error(`${unfit}, which bare sockets do not do`))
        const connection = new Http1Connection(shared, yield* routeOf(url, options))
        connections.add(connection)
        sweeping ??= setInterval(sweep, sweepMillis)
        return connection
      }),
      (connection) =>
        Effect.sync(() => {
          connection.close()
          connections.delete(connection)
          if (connections.size > 0) return
          clearInterval(sweeping)
          sweeping = undefined
        })
    )
  return LoadTransport.of({ open, counters })
})

const ordinary: OpenOptions = {}

const tlsOf = (connection: ConnectionOptions, hostname: string, now: () => number) =>
  Effect.try({
    try: () => ({
      ...TlsMaterial.tlsOptions(connection),
      secureContext: createSecureContext(TlsMaterial.secureContextOptions(connection)),
      ALPNProtocols: ["http/1.1"],
      ...(connection.serverName === undefined && serverNameOf(hostname) !== undefined ? { servername: hostname } : {})
    }),
    catch: (cause) => {
      const { detail, hint } = LoadFailures.fromCause(cause, hostname)
      return new LoadTransportError({
        kind: "tls",
        message: detail,
        ended: now(),
        ...(hint === undefined ? {} : { hint })
      })
    }
  })
