/**
 * How HTTP requests are sent: limits and time-outs with their defaults, and the connection a request wants.
 *
 * Both are references, so nothing has to be provided: `HttpExchange` reads the {@link HttpPolicy} for every request, the
 * live layer (`layers/live/UndiciHttpClient`) reads its pool settings when built and {@link Connection} for every request.
 */
import { Context, Duration, Redacted } from "effect"

export interface Settings {
  /** Connections that are open to one origin at a time; further requests wait. One is enough over HTTP/2. @default 50 */
  readonly connectionsPerHost: number
  /** How long an unused connection is kept; a server that announces less is believed. @default 90 seconds */
  readonly keepAlive: Duration.Duration
  /** Bound on looking up the name, connecting and the TLS handshake together. @default 10 seconds */
  readonly connectTimeout: Duration.Duration
  /** Bound on the whole exchange, redirects and body included. @default 30 seconds */
  readonly timeout: Duration.Duration
  /** Whether HTTP/2 is taken when a TLS server offers it. @default true */
  readonly http2: boolean
  /** Redirects followed before it is an error; 0 follows none. @default 10 */
  readonly maxRedirects: number
  /** Largest body that is kept, counted after decompression. @default 10 MB (10,000,000) */
  readonly maxBodyBytes: number
  /** Largest header block of an answer. @default 64 KiB */
  readonly maxHeaderBytes: number
  /** Whether an idempotent request whose connection broke before an answer is sent once more. @default true */
  readonly reconnect: boolean
  /** Whether each request has a span of its own and sends `traceparent`. @default false */
  readonly spans: boolean
}

export const defaults: Settings = {
  connectionsPerHost: 50,
  keepAlive: Duration.seconds(90),
  connectTimeout: Duration.seconds(10),
  timeout: Duration.seconds(30),
  http2: true,
  maxRedirects: 10,
  maxBodyBytes: 10_000_000,
  maxHeaderBytes: 65_536,
  reconnect: true,
  spans: false
}

export class HttpPolicy extends Context.Reference<Settings>("skein/services/HttpPolicy", {
  defaultValue: () => defaults
}) {}

/**
 * The connection that a request wants. Requests that want the same share one pool.
 *
 * A field that is left out is as everywhere else.
 */
export interface ConnectionOptions {
  /** Accepts any certificate. */
  readonly insecure?: boolean | undefined
  /** Certificates (PEM) that are trusted in place of the system's. */
  readonly ca?: string | undefined
  /** Revoked certificates (PEM); nothing else says that a certificate was revoked. */
  readonly crl?: string | undefined
  /** The client's own certificate (PEM), shown to a server that asks; needs `key`. */
  readonly certificate?: string | undefined
  /** The private key (PEM) of `certificate`. */
  readonly key?: Redacted.Redacted<string> | undefined
  /** Opens `key`. */
  readonly passphrase?: Redacted.Redacted<string> | undefined
  /** The name a certificate must hold, where it is not the host of the URL. */
  readonly serverName?: string | undefined
  /** An HTTP proxy's URL, which may hold a password; `false` connects directly, whatever the environment says. */
  readonly proxy?: Redacted.Redacted<string> | false | undefined
  readonly connectTimeout?: Duration.Duration | undefined
  /** Longest silence: before the answer begins, and within its body. Without it only the total time-out counts. */
  readonly silence?: Duration.Duration | undefined
  /** Whether HTTP/2 is taken when a TLS server offers it. `required` speaks nothing else, and without TLS by prior knowledge (h2c). */
  readonly http2?: boolean | "required" | undefined
}

/**
 * What the requests sent under it want, unless they say otherwise themselves. A fresh object costs some microseconds: share
 * one where many requests are sent.
 */
export class Connection extends Context.Reference<ConnectionOptions>("skein/services/HttpPolicy/Connection", {
  defaultValue: () => ordinary
}) {}

const ordinary: ConnectionOptions = {}

/** Answers with the proxy for a URL. */
export type ProxyLookup = (url: URL) => Redacted.Redacted<string> | undefined

/** The proxies of requests that name none themselves. The live client has them from the configuration and the environment. */
export class Proxies extends Context.Reference<ProxyLookup>("skein/services/HttpPolicy/Proxies", {
  defaultValue: () => noProxies
}) {}

/** No proxy for any URL. */
export const noProxies: ProxyLookup = () => undefined

/** The proxies that an environment names; see {@link proxyFor}. */
export const proxiesIn = (environment: Readonly<Record<string, string | undefined>>): ProxyLookup => {
  // Most environments name none.
  if (!Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name))) return noProxies
  return (url) => {
    const proxy = proxyFor(url, environment)
    return proxy === undefined ? undefined : Redacted.make(proxy)
  }
}

/** The proxy of a connection to a URL: the one that it names itself, or that of `proxies`. */
export const proxyOf = (
  { proxy }: ConnectionOptions,
  url: URL,
  proxies: ProxyLookup
): Redacted.Redacted<string> | undefined => proxy === undefined ? proxies(url) : proxy === false ? undefined : proxy

/** Returns `base` with the fields that `over` has. */
export const merge = (base: ConnectionOptions, over: ConnectionOptions | undefined): ConnectionOptions =>
  over === undefined
    ? base
    : { ...base, ...Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) }

/** Equal for options that mean the same connection. It holds passwords and keys: it is compared, and never shown. */
export const identityOf = (connection: ConnectionOptions): string => {
  const { connectTimeout, key, passphrase, proxy, silence, ...plain } = connection
  return JSON.stringify([
    Object.entries(plain).filter(([, value]) => value !== undefined).sort(),
    connectTimeout === undefined ? null : Duration.toMillis(connectTimeout),
    silence === undefined ? null : Duration.toMillis(silence),
    key === undefined ? null : Redacted.value(key),
    passphrase === undefined ? null : Redacted.value(passphrase),
    proxy === undefined || proxy === false ? proxy ?? null : Redacted.value(proxy)
  ])
}

const versions = new WeakMap<object, string>()

/** Returns the version of HTTP that a response came by, `1.1` or `2`; `undefined` when its client does not tell. */
export const httpVersionOf = (response: object): string | undefined => versions.get(response)

/** Lets {@link httpVersionOf} know; for clients, since Effect's responses have no place for it. */
export const setHttpVersion = (response: object, version: string): void => void versions.set(response, version)

/**
 * Returns the proxy that an environment names for a URL, or `undefined` for a direct connection.
 *
 * `http_proxy`, `https_proxy` and `all_proxy` in small or capital letters (small ones first), with the exceptions of
 * `no_proxy`: names with their subdomains, addresses, an optional port, `*` for everything. Loopback is never proxied,
 * so that mock servers are reached.
 */
export const proxyFor = (url: URL, environment: Readonly<Record<string, string | undefined>>): string | undefined => {
  const named = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined
  const proxy = named(url.protocol === "https:" ? "https_proxy" : "http_proxy") ?? named("all_proxy")
  if (proxy === undefined || isLoopback(url.hostname) || isExcepted(url, named("no_proxy") ?? "")) return undefined
  return proxyUrl(proxy)
}

/** What names a proxy as its URL: one without a scheme is an `http:` one. */
export const proxyUrl = (text: string): string => text.includes("://") ? text : `http://${text}`

/** A proxy as it may be shown, without user and password: `http://proxy.test:3128`. */
export const proxyName = (proxy: Redacted.Redacted<string>): string => {
  const url = URL.parse(Redacted.value(proxy))
  return url === null ? "(no URL)" : `${url.protocol}//${url.host}`
}

/** Why a proxy cannot be used at all, or `undefined`. */
export const proxyFault = (proxy: Redacted.Redacted<string>): string | undefined => {
  const url = URL.parse(Redacted.value(proxy))
  const found = url === null ? "no URL" : url.protocol
  if (url === null || found !== "http:" && found !== "https:") {
    return `the proxy is ${found}, only http: and https: proxies are spoken to`
  }
  return isDecodable(`${url.username}${url.password}`)
    ? undefined
    : `the user or password of the proxy ${proxyName(proxy)} holds a bare %: write it as %25`
}

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127(\.\d{1,3}){3}$/.test(hostname)

const isExcepted = (url: URL, exceptions: string): boolean => {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "")
  const port = url.port || (url.protocol === "https:" ? "443" : "80")
  return exceptions.split(/[\s,]+/).some((exception) => {
    if (exception === "*") return true
    const [, name = "", onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(exception.toLowerCase()) ?? []
    // An IPv6 address without brackets has colons of its own.
    if (exception.split(":").length > 2 && !exception.startsWith("[")) return exception.toLowerCase() === host
    const domain = name.replace(/^\*?\./, "")
    return domain !== "" && (onlyPort === undefined || onlyPort === port) &&
      (host === domain || host.endsWith(`.${domain}`))
  })
}
