/**
 * One pool of connections: an undici agent or proxy agent made for one set of connection options, which decompresses what
 * it receives and can be closed in an instant. `UndiciHttpClient` keeps one for each set.
 *
 * The only file that loads undici, which takes longer than all the rest of a small run: import it when it is needed.
 */
import { Duration } from "effect"
import type { LookupFunction, Socket } from "node:net"
import type { Readable } from "node:stream"
import { arrayBuffer } from "node:stream/consumers"
import { Agent, buildConnector, Dispatcher, Pool, ProxyAgent } from "undici"
import * as IpAddress from "../../../core/IpAddress.ts"
import type { ConnectionOptions, Settings } from "../../../services/HttpPolicy.ts"
import * as PublicAddresses from "../PublicAddresses.ts"
import * as TlsMaterial from "../TlsMaterial.ts"
import * as ContentDecoding from "./ContentDecoding.ts"

/** Node gives up on an address after 250 ms, which is less than the way to the other side of the world and back takes. */
const addressAttemptMillis = 1_000

/** A request under way: its body can be held back or given up. */
export type Controller = Dispatcher.DispatchController

/** For those who count, and who know addresses that DNS does not. */
export interface Watch {
  /** Hears of every socket, also of one that is still connecting. */
  readonly onSocket?: ((socket: Socket) => void) | undefined
  readonly lookup?: LookupFunction | undefined
}

export class UndiciDispatcher extends Dispatcher {
  private readonly agent: Dispatcher
  private readonly privateOrigins: Set<string>
  private readonly sockets: Set<Socket>
  private readonly http2Origins: Set<string>
  private readonly silenceMillis: number
  private readonly watch: Watch

  /** With `publicOnly` no connection is made to an address of this machine or of a private network; a proxy is trusted. */
  constructor(
    settings: Settings,
    connection: ConnectionOptions,
    proxy: string | undefined,
    publicOnly = false,
    watch: Watch = {}
  ) {
    super()
    this.watch = watch
    this.sockets = new Set()
    this.privateOrigins = new Set()
    this.http2Origins = new Set()
    this.silenceMillis = connection.silence === undefined ? 0 : Math.ceil(Duration.toMillis(connection.silence))
    this.agent = proxy === undefined
      ? this.directAgent(settings, connection, publicOnly)
      : this.proxyAgent(settings, connection, proxy)
  }

  /** Sends a request; the body of the answer is decompressed. Without a callback, unlike its parent's. */
  override async request(options: Dispatcher.RequestOptions<null>): Promise<Dispatcher.ResponseData<null>> {
    const response = await this.agent.request({
      ...options,
      headers: { "accept-encoding": ContentDecoding.acceptEncoding, ...options.headers } as Record<string, string>,
      headersTimeout: this.silenceMillis,
      bodyTimeout: this.silenceMillis
    })
    const encoding = response.headers["content-encoding"]
    if (encoding === undefined || options.method === "HEAD" || hasNoBody(response)) return response
    return decoded(response, encoding)
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.agent.dispatch(options, handler)
  }

  /** The version of HTTP spoken with an origin that has answered. */
  versionOf(url: string): string {
    return this.http2Origins.size > 0 && this.http2Origins.has(new URL(url).origin) ? "2" : "1.1"
  }

  /** Whether an origin that has answered has an address of this machine or of a private network. */
  isPrivate(origin: string): boolean {
    return this.privateOrigins.has(origin)
  }

  /** Finishes what is under way, takes nothing new. */
  override async close(): Promise<void> {
    await this.agent.close()
  }

  /** Ends everything at once: open connections, and those that are being made. */
  override async destroy(): Promise<void> {
    const destroyed = this.agent.destroy()
    for (const socket of this.sockets) socket.destroy()
    await destroyed
  }

  private directAgent(settings: Settings, connection: ConnectionOptions, publicOnly: boolean): Dispatcher {
    const open = buildConnector({
      ...tlsOptions(settings, connection),
      ...(this.watch.lookup === undefined ? {} : { lookup: this.watch.lookup }),
      ...(publicOnly ? { lookup: PublicAddresses.lookup } : {})
    })
    const connect = this.tracked(publicOnly ? refusingPrivate(open) : open)
    return new Agent({ ...poolOptions(settings, connection), connect })
  }

  private proxyAgent(settings: Settings, connection: ConnectionOptions, proxy: string): Dispatcher {
    const options = poolOptions(settings, connection)
    const pool = (origin: string | URL, given: object): Dispatcher => {
      const connect = "connect" in given && typeof given.connect === "function" ? given.connect : undefined
      return new Pool(origin, {
        ...options,
        ...given,
        ...(connect === undefined ? {} : { connect: this.tracked(connect as buildConnector.connector) })
      })
    }
    const timeout = connectMillis(settings, connection)
    return new ProxyAgent({
      ...options,
      uri: proxy,
      requestTls: tlsOptions(settings, connection),
      proxyTls: {
        timeout,
        ...(connection.ca === undefined ? {} : { ca: connection.ca })
      } as buildConnector.BuildOptions,
      clientFactory: pool,
      factory: pool
    })
  }

  /** Remembers the sockets of a connector: undici forgets those that are still connecting when it is destroyed. */
  private tracked(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      const socket: unknown = connect(options, (...result) => {
        if (result[1] !== null && result[1] !== undefined) {
          this.track(result[1])
          const { origin } = new URL(`${options.protocol}//${options.host}`)
          if ("alpnProtocol" in result[1] && result[1].alpnProtocol === "h2") this.http2Origins.add(origin)
          if (IpAddress.isPrivate(result[1].remoteAddress ?? "")) this.privateOrigins.add(origin)
        }
        callback(...result)
      })
      if (isSocket(socket)) this.track(socket)
    }
  }

  private track(socket: Socket): void {
    if (this.sockets.has(socket)) return
    this.sockets.add(socket)
    this.watch.onSocket?.(socket)
    socket.once("close", () => this.sockets.delete(socket))
  }
}

/** Addresses in URLs are not looked up. */
const refusingPrivate = (connect: buildConnector.connector): buildConnector.connector => (options, callback) => {
  const fault = PublicAddresses.fault(options.hostname.replace(/^\[|\]$/g, ""))
  return fault === undefined ? connect(options, callback) : callback(fault, null)
}

const isSocket = (value: unknown): value is Socket =>
  typeof value === "object" && value !== null && "destroy" in value && "once" in value

const hasNoBody = (response: Dispatcher.ResponseData<null>): boolean =>
  response.statusCode === 204 || response.statusCode === 304 || response.headers["content-length"] === "0"

const decoded = (
  response: Dispatcher.ResponseData<null>,
  encoding: string | Array<string>
): Dispatcher.ResponseData<null> => {
  let decoder
  try {
    decoder = ContentDecoding.decoderFor(encoding)
  } catch (error) {
    response.body.on("error", () => {}).destroy()
    throw error
  }
  if (decoder === undefined) return response
  const body: Readable = ContentDecoding.through(response.body, decoder)
  return { ...response, body: Object.assign(body, { arrayBuffer: () => arrayBuffer(body) }) as typeof response.body }
}

const connectMillis = (settings: Settings, connection: ConnectionOptions): number =>
  Math.ceil(Duration.toMillis(connection.connectTimeout ?? settings.connectTimeout))

const poolOptions = (settings: Settings, connection: ConnectionOptions) => ({
  connections: settings.connectionsPerHost,
  keepAliveTimeout: Math.max(1, Duration.toMillis(settings.keepAlive)),
  keepAliveMaxTimeout: Math.max(1, Duration.toMillis(settings.keepAlive)),
  maxHeaderSize: settings.maxHeaderBytes,
  allowH2: connection.http2 ?? settings.http2,
  pipelining: 1
})

const tlsOptions = (settings: Settings, connection: ConnectionOptions) => ({
  timeout: connectMillis(settings, connection),
  allowH2: connection.http2 ?? settings.http2,
  preferH2: true,
  autoSelectFamilyAttemptTimeout: addressAttemptMillis,
  ...TlsMaterial.tlsOptions(connection)
})
