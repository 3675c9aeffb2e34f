/** Why a connection is not what was asked for: errors that `services/http/Failure` knows by their codes. None holds a password. */

/** No connection to the proxy; `cause` says why. */
export class ProxyUnreached extends Error {
  readonly code = "SKEIN_PROXY_UNREACHED"
  /** As `HttpPolicy.proxyName` names it. */
  readonly proxy: string

  constructor(proxy: string, cause: unknown) {
    super(`the proxy ${proxy} is not reached`, { cause })
    this.proxy = proxy
  }
}

/** The proxy was reached, and ended the connection instead of an answer: it may be none. `cause` says how. */
export class ProxySilent extends Error {
  readonly code = "SKEIN_PROXY_SILENT"
  readonly proxy: string

  constructor(proxy: string, cause: unknown) {
    super(`the proxy ${proxy} does not answer`, { cause })
    this.proxy = proxy
  }
}

/** The proxy answered something else than was wanted of it. */
export class ProxyRefusal extends Error {
  readonly code = "SKEIN_PROXY_REFUSAL"
  readonly proxy: string
  readonly status: number

  constructor(proxy: string, status: number) {
    super(`the proxy ${proxy} answered ${status}`)
    this.proxy = proxy
    this.status = status
  }
}

/** A server that was to speak HTTP/2 does not. */
export class NoHttp2 extends Error {
  readonly code = "SKEIN_NO_HTTP2"
  /** What it offered over TLS; `undefined` without TLS. */
  readonly offered: string | undefined

  constructor(offered: string | undefined) {
    super("the server does not speak HTTP/2")
    this.offered = offered
  }
}
