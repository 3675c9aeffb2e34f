/**
 * Requests of a load run: one at a time over connections of their own, by callbacks, without an object, promise or fiber a
 * request. Effect's `HttpClient` is for everything else.
 *
 * Implementations: `layers/live/SocketLoadTransport` (HTTP/1.1 over bare sockets, the fast one), `layers/live/UndiciLoadTransport`
 * (HTTP/2 and proxies), `layers/live/NodeLoadTransport` (whichever {@link needsUndici} says), `layers/fake/FakeLoadTransport`
 * (virtual time). All pass `test/services/LoadTransportSuite`.
 */
import { Context, type Duration, Effect, Result, Schema, type Scope } from "effect"
import * as RequestBytes from "../core/http1/RequestBytes.ts"
import { type ConnectionOptions, proxyName } from "./HttpPolicy.ts"

export class LoadTransport extends Context.Service<LoadTransport, {
  /**
   * Prepares a connection to the origin of a URL. The socket is made with the first request, or by `connect`, and made again when it
   * was closed. Ends with the scope, in the middle of an exchange too: its sink then hears nothing more.
   *
   * Thousands of connections should share one `options` object. Fails with `tls` when certificate, key or authority cannot be read.
   */
  readonly open: (
    url: URL,
    options?: OpenOptions
  ) => Effect.Effect<LoadConnection, LoadTransportError, Scope.Scope>
  /** What all connections of this layer did so far: live figures, to be read and not kept. */
  readonly counters: Counters
}>()("skein/services/LoadTransport") {}

export interface LoadConnection {
  /**
   * Makes the socket now, so that the first request does not wait for it. Nothing to do when there is one. Over undici, which keeps only
   * what a request connected, this tries once whether there is a way, through the proxy and with HTTP/2 where that is required.
   */
  readonly connect: Effect.Effect<void, LoadTransportError>
  /**
   * Sends a request, never while one is under way. `sink` hears of its end exactly once, later than this returns; it may send the
   * next one at once.
   *
   * A server may close an idle connection while a request is on its way: one with an idempotent method is then sent once more.
   */
  readonly send: (request: LoadRequest, sink: Sink) => void
  /** Gives up what is under way and closes the socket: the sink hears nothing more. Nothing to do when idle. */
  readonly abort: () => void
}

export interface Sink {
  /** The answer is complete, whatever its status. */
  readonly onResponse: (response: LoadResponse) => void
  /** There is no complete answer. The socket is closed; the next request makes a new one. */
  readonly onError: (failure: LoadFailure) => void
}

/** An answer. The connection's own object, used again for the next one: read it before the next `send`. */
export interface LoadResponse {
  readonly status: number
  /** Tick of `LoadClock` at which the last byte was here. */
  readonly ended: number
  /** Of this exchange, as HTTP/1.1 on the wire: heads, sizes of chunks, interim responses. Over HTTP/2 of heads and bodies, roughly. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Names in lower case, as they came; empty unless the request keeps them. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The body as it came, not decompressed; empty unless the request keeps it. */
  readonly body: Uint8Array
  /** Where the time went; `undefined` unless `phases` was asked for. */
  readonly phases: Phases | undefined
}

/**
 * Ticks, which sum up to the time since `send`. The first three are 0 when the socket was there already, where there is no such phase,
 * and over undici, which does not tell them: they are part of its `wait`.
 */
export interface Phases {
  readonly dns: number
  readonly connect: number
  readonly tls: number
  /** From the request, or from the connection, to the first byte of the answer. */
  readonly wait: number
  /** From the first byte to the last. */
  readonly transfer: number
}

/** Why there is no answer. */
export interface LoadFailure {
  readonly kind: Kind
  /** What happened, as in {@link examples}; nothing of what the request held. */
  readonly detail: string
  readonly hint?: string | undefined
  /** Tick of `LoadClock` at which this was known. */
  readonly ended: number
  /** Of the answer that broke off. */
  readonly bytesIn: number
}

/** Kinds of failures. `ports-exhausted` is the fault of this machine, all others are between it and the target. */
export const Kind = Schema.Literals([
  "dns",
  "connect-refused",
  "connect-timeout",
  "unreachable",
  "tls",
  "proxy",
  "reset",
  "timeout",
  "protocol",
  "too-large",
  "ports-exhausted"
])
export type Kind = typeof Kind.Type

/** What a failure of each kind says. */
export const examples: Readonly<Record<Kind, string>> = {
  dns: "there is no host named shop.test",
  "connect-refused": "nothing accepts connections at shop.test:443",
  "connect-timeout": "shop.test:443 did not accept a connection in time",
  unreachable: "no way leads to shop.test:443",
  tls: "the certificate of shop.test:443 has expired",
  proxy: "the proxy answered 407 to CONNECT",
  reset: "shop.test:443 closed the connection before the answer was complete",
  timeout: "shop.test:443 had not answered completely in time",
  protocol: "shop.test:443 sent what is not HTTP: there are two content-length headers",
  "too-large": "the body of shop.test:443 is larger than the 10000000 bytes that are kept",
  "ports-exhausted": "this machine has no free local port for shop.test:443"
}

/** A failure for those who work with effects. */
export class LoadTransportError extends Schema.TaggedError<LoadTransportError>()("LoadTransportError", {
  kind: Kind,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** Tick of `LoadClock` at which this was known. */
  ended: Schema.Finite
}) {}

export interface OpenOptions {
  /** TLS, authorities, certificates, proxy, `connectTimeout`; HTTP/2 has to be asked for here. The environment's proxies are not looked at. */
  readonly connection?: ConnectionOptions | undefined
  /** Addresses by name, or by `name:port`, that are used in place of what DNS says. */
  readonly resolve?: Readonly<Record<string, string>> | undefined
  /** Whether the socket is used again. Without, say `connection: close` in the requests too: see {@link request}. @default true */
  readonly keepAlive?: boolean | undefined
  /** Bound on a whole exchange, connecting included. Kept to some 10 ms. @default 30 seconds */
  readonly timeout?: Duration.Input | undefined
  /** Whether responses tell their {@link Phases}; costs two more looks at the clock each. @default false */
  readonly phases?: boolean | undefined
}

export interface Counters {
  readonly socketsOpened: number
  readonly socketsOpen: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Requests that were sent once more because an idle connection was closed under them. */
  readonly resent: number
}

/** Counters at zero, for implementations to count up. */
export const noCounts = (): { -readonly [K in keyof Counters]: number } => ({
  socketsOpened: 0,
  socketsOpen: 0,
  bytesIn: 0,
  bytesOut: 0,
  resent: 0
})

export interface RequestOptions {
  readonly method: string
  /** Its origin is that of the connection. */
  readonly url: URL
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  readonly body?: Uint8Array | string | undefined
  /** Whether the server is told to close the connection afterwards. @default false */
  readonly close?: boolean | undefined
  readonly keep?: Keep | undefined
}

/**
 * Which headers somebody will read. `telling`: those of answers that set cookies, redirect or fail (from status 300 on), so that plain
 * answers cost no more than without; more may be kept.
 */
export type KeptHeaders = "none" | "telling" | "all"

/** What of the answer somebody will read; nothing by default. */
export interface Keep {
  readonly headers?: KeptHeaders | undefined
  /** Largest body that is kept; a larger one is a failure (`too-large`). Absent: bodies are read and forgotten. */
  readonly maxBodyBytes?: number | undefined
}

/** A request that was checked, to be sent as often as wanted, over any connection to its origin. */
export interface LoadRequest extends RequestBytes.Request {
  /** All of it, as HTTP/1.1. */
  readonly bytes: Uint8Array
  readonly headOnly: boolean
  /** Whether doing it twice is doing it once (RFC 9110, 9.2.2). */
  readonly idempotent: boolean
  readonly keepHeaders: KeptHeaders
  readonly maxBodyBytes: number | undefined
}

const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])

/** Makes the bytes of a request, or tells everything that is wrong with it. The URL's fragment is not sent, nor its credentials. */
export const request = (options: RequestOptions): Result.Result<LoadRequest, ReadonlyArray<string>> => {
  const { body, headers = [], keep = {}, method, url } = options
  const raw: RequestBytes.Request = {
    method,
    target: `${url.pathname}${url.search}`,
    host: url.host,
    headers: options.close === true ? [...headers, ["connection", "close"]] : headers,
    body
  }
  return Result.map(RequestBytes.make(raw), (bytes) => ({
    ...raw,
    bytes,
    headOnly: method === "HEAD",
    idempotent: idempotent.has(method),
    keepHeaders: keep.headers ?? "none",
    maxBodyBytes: keep.maxBodyBytes
  }))
}

/** As {@link request}, for many to one origin that differ in path, query and body only: the rest is checked once. */
export const requests = (
  options: RequestOptions
): Result.Result<
  (url: URL, body?: Uint8Array) => Result.Result<LoadRequest, ReadonlyArray<string>>,
  ReadonlyArray<string>
> =>
  Result.flatMap(request(options), (first) =>
    Result.map(RequestBytes.makeMany(first), (make) => (url, body) => {
      const target = `${url.pathname}${url.search}`
      return Result.map(make(target, body), (bytes) => ({ ...first, target, body, bytes }))
    }))

/** Sends a request and waits for its answer, which is valid until the next `send`. Interruption closes the socket. */
export const exchange = (
  connection: LoadConnection,
  request: LoadRequest
): Effect.Effect<LoadResponse, LoadTransportError> =>
  Effect.callback<LoadResponse, LoadTransportError>((resume) => {
    connection.send(request, {
      onResponse: (response) => resume(Effect.succeed(response)),
      onError: (failure) => resume(Effect.fail(toError(failure)))
    })
    return Effect.sync(() => connection.abort())
  })

export const toError = ({ detail, ended, hint, kind }: LoadFailure): LoadTransportError =>
  new LoadTransportError({ kind, message: detail, ended, ...(hint === undefined ? {} : { hint }) })

/** The other way round, for a connection that could not be opened. */
export const toFailure = ({ ended, hint, kind, message }: LoadTransportError): LoadFailure => ({
  kind,
  detail: message,
  hint,
  ended,
  bytesIn: 0
})

/** How requests go that need no more than HTTP/1.1 and no proxy, as reports name it. */
export const bareSockets = "bare sockets"

/** Why a connection cannot be a bare socket and goes through undici, which is slower: to be told before the run. */
export const needsUndici = ({ http2, proxy }: ConnectionOptions, url: URL): string | undefined => {
  const reasons = [
    // Without TLS a server offers nothing.
    ...http2 === "required" || http2 === true && url.protocol === "https:" ? ["HTTP/2 was asked for"] : [],
    ...proxy === undefined || proxy === false ? [] : [`the requests go through the proxy ${proxyName(proxy)}`]
  ]
  return reasons.length === 0 ? undefined : reasons.join(", and ")
}
