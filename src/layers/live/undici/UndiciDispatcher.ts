/**
 * One pool of connections: an undici agent or proxy agent made for one set of connection options, which decompresses what
 * it receives and can be closed in an instant. `UndiciHttpClient` keeps one for each set.
 *
 * The only file that loads undici, which takes longer than all the rest of a small run: import it when it is needed.
 */
import { Duration, Redacted } from "effect"
import type { LookupFunction, Socket } from "node:net"
import type { Readable } from "node:stream"
import { arrayBuffer } from "node:stream/consumers"
import { Agent, buildConnector, Dispatcher, Pool, ProxyAgent } from "undici"
import * as IpAddress from "../../../core/IpAddress.ts"
import { type ConnectionOptions, proxyName, type Settings } from "../../../services/HttpPolicy.ts"
import * as PublicAddresses from "../PublicAddresses.ts"
import * as TlsMaterial from "../TlsMaterial.ts"
import * as ConnectFaults from "./ConnectFaults.ts"
import * as Connectors from "./Connectors.ts"
import * as ContentDecoding from "./ContentDecoding.ts"

/** Node gives up on an address after 250 ms, which is less than the way to the other side of the world and back takes. */
const addressAttemptMillis = 1_000

/** A request under way: its body can be held back or given up. */
export type Controller = Dispatcher.DispatchController

/** Makes a socket: undici's word for it. */
export type Connector = buildConnector.connector

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
  private readonly connectMillis: number
  /** Whether nothing but HTTP/2 will do. */
  private readonly onlyHttp2: boolean
  private readonly proxy: string | undefined
  private readonly watch: Watch
  /** Makes a connection to an origin; `undefined` where only a request can tell whether there is one. */
  private readonly reach: (origin: URL) => Promise<Socket | undefined>

  /** With `publicOnly` no connection is made to an address of this machine or of a private network; a proxy is trusted. */
  constructor(
    settings: Settings,
    connection: ConnectionOptions,
    proxy: Redacted.Redacted<string> | undefined,
    publicOnly = false,
    watch: Watch = {}
  ) {
    super()
    this.watch = watch
    this.sockets = new Set()
    this.privateOrigins = new Set()
    this.http2Origins = new Set()
    this.silenceMillis = connection.silence === undefined ? 0 : Math.ceil(Duration.toMillis(connection.silence))
    this.connectMillis = connectMillis(settings, connection)
    this.onlyHttp2 = connection.http2 === "required"
    this.proxy = proxy === undefined ? undefined : proxyName(proxy)
    const { agent, reach } = proxy === undefined
      ? this.direct(settings, connection, publicOnly)
      : this.proxied(settings, connection, Redacted.value(proxy), proxyName(proxy))
    this.agent = agent
    this.reach = reach
  }

  /** Sends a request; the body of the answer is decompressed. Without a callback, unlike its parent's. */
  override async request(options: Dispatcher.RequestOptions<null>): Promise<Dispatcher.ResponseData<null>> {
    const response = await this.agent.request({
      ...options,
      headers: { "accept-encoding": ContentDecoding.acceptEncoding, ...options.headers } as Record<string, string>,
      headersTimeout: this.silenceMillis,
      bodyTimeout: this.silenceMillis
    }).catch((error: unknown) => {
      throw this.explained(error)
    })
    const encoding = response.headers["content-encoding"]
    if (encoding === undefined || options.method === "HEAD" || hasNoBody(response)) return response
    return decoded(response, encoding)
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.agent.dispatch(options, handler)
  }

  /**
   * Makes a connection to an origin, as a request would, and closes it. Rejects with why there is none, or none with HTTP/2 where that is
   * required. The origin hears of no request; a proxy that forwards is asked for a tunnel, only to see whether it knows the password.
   */
  async tryOut(origin: URL): Promise<void> {
    const socket = await this.reach(origin)
    if (socket === undefined) return
    socket.on("error", () => {})
    try {
      if (this.onlyHttp2 && origin.protocol === "http:") {
        await Connectors.answersHttp2(socket, origin, this.connectMillis)
      }
    } finally {
      socket.destroy()
    }
  }

  /** What undici says of a proxy that forwards, in words of ours. */
  explained(error: unknown): unknown {
    const isRefusal = this.proxy !== undefined && error instanceof Error &&
      error.message === "Proxy Authentication Required (407)"
    return isRefusal ? new ConnectFaults.ProxyRefusal(this.proxy, 407) : error
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

  private direct(settings: Settings, connection: ConnectionOptions, publicOnly: boolean) {
    const open = buildConnector({
      ...tlsOptions(settings, connection),
      ...(this.watch.lookup === undefined ? {} : { lookup: this.watch.lookup }),
      ...(publicOnly ? { lookup: PublicAddresses.lookup } : {})
    })
    const connect = this.tracked(this.speaking(publicOnly ? Connectors.refusingPrivate(open) : open))
    return {
      agent: new Agent({ ...poolOptions(settings, connection), connect }),
      reach: (origin: URL) => Connectors.opened(connect, Connectors.placeOf(origin))
    }
  }

  private proxied(settings: Settings, connection: ConnectionOptions, uri: string, name: string) {
    const options = poolOptions(settings, connection)
    const pool = (
      options: Pool.Options,
      wrap: (connect: Connector) => Connector
    ) =>
    (origin: string | URL, given: object): Dispatcher => {
      const connect = "connect" in given && typeof given.connect === "function" ? given.connect : undefined
      return new Pool(origin, {
        ...options,
        ...given,
        ...(connect === undefined ? {} : { connect: this.tracked(wrap(connect as Connector)) })
      })
    }
    const { useH2c: _, ...ofProxy } = options
    const toProxy = pool(ofProxy, (connect) => Connectors.reaching(name, connect))
    const throughTunnel = pool(options, (connect) => this.speaking(Connectors.tunnelling(name, connect)))
    const proxyTls = {
      timeout: this.connectMillis,
      ...(connection.ca === undefined ? {} : { ca: connection.ca })
    }
    const requestTls = tlsOptions(settings, connection)
    const proxy = new URL(uri)
    const agent = new ProxyAgent({
      ...options,
      uri,
      // Without TLS too: a proxy that forwards speaks no HTTP/2 for others.
      proxyTunnel: this.onlyHttp2,
      requestTls,
      proxyTls: proxyTls as buildConnector.BuildOptions,
      clientFactory: toProxy,
      // Where requests are forwarded, the origin is the proxy.
      factory: (origin, given) => (String(origin) === proxy.href ? toProxy : throughTunnel)(origin, given)
    })
    const connect = this.tracked(Connectors.reaching(name, buildConnector({ ...proxyTls, allowH2: false })))
    const connectTls = this.tracked(this.speaking(buildConnector(requestTls)))
    /** What CONNECT gives, or why a proxy gives nothing. */
    const tunnel = async ({ host }: Connectors.Place) => {
      const client = new Pool(proxy.origin, {
        connections: 1,
        connect: (options, callback) => connect({ ...options, servername: proxy.hostname }, callback),
        headersTimeout: this.connectMillis
      })
      const headers = { host, ...Connectors.authorizationOf(proxy) }
      try {
        return await client.connect({ path: host, headers })
      } catch (error) {
        throw error instanceof ConnectFaults.ProxyUnreached ? error : new ConnectFaults.ProxySilent(name, error)
      } finally {
        void client.destroy()
      }
    }
    const reach = async (origin: URL): Promise<Socket | undefined> => {
      const place = Connectors.placeOf(origin)
      const mustTunnel = this.onlyHttp2 || origin.protocol === "https:"
      const { socket, statusCode } = await tunnel(place).catch((error: unknown) => {
        // One that only forwards may not even answer.
        if (mustTunnel || !(error instanceof ConnectFaults.ProxySilent)) throw error
        return { socket: undefined, statusCode: 0 }
      })
      if (!isSocket(socket)) return undefined
      if (statusCode !== 200 && (mustTunnel || statusCode === 407)) {
        socket.destroy()
        throw new ConnectFaults.ProxyRefusal(name, statusCode)
      }
      return statusCode !== 200 || origin.protocol === "http:"
        ? socket
        : await Connectors.opened(connectTls, { ...place, httpSocket: socket })
    }
    return { agent, reach }
  }

  private speaking(connect: Connector): Connector {
    return this.onlyHttp2 ? Connectors.onlyHttp2(connect) : connect
  }

  /** Remembers the sockets of a connector: undici forgets those that are still connecting when it is destroyed. */
  private tracked(connect: Connector): Connector {
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
  allowH2: allowsHttp2(settings, connection),
  useH2c: connection.http2 === "required",
  pipelining: 1
})

const allowsHttp2 = (settings: Settings, { http2 = settings.http2 }: ConnectionOptions): boolean => http2 !== false

const tlsOptions = (settings: Settings, connection: ConnectionOptions) => ({
  timeout: connectMillis(settings, connection),
  allowH2: allowsHttp2(settings, connection),
  preferH2: true,
  autoSelectFamilyAttemptTimeout: addressAttemptMillis,
  ...TlsMaterial.tlsOptions(connection)
})
