/** The ways by which the requests of an `http` step reach their targets: bare sockets, or undici where those do not do. */
import { Duration, Redacted } from "effect"
import * as HttpPolicy from "../../../services/HttpPolicy.ts"
import { needsUndici, type OpenOptions } from "../../../services/LoadTransport.ts"

/** A way to a target. */
export interface Way {
  readonly options: OpenOptions
  /** Equal for equal options; it holds passwords and keys. */
  readonly key: string
  /** Why it leads over undici; `undefined` for bare sockets. */
  readonly because: string | undefined
}

/** How a connection to a URL is opened: the same object for all that are opened alike. */
export type WayTo = (url: URL) => Way

/** Kept by what a URL decides: its proxy, and whether there is TLS. */
export const make = (
  connection: HttpPolicy.ConnectionOptions,
  proxies: HttpPolicy.ProxyLookup,
  common: { readonly timeout: Duration.Duration; readonly phases: boolean }
): WayTo => {
  const known = new Map<string, Way>()
  return (url) => {
    const proxy = HttpPolicy.proxyOf(connection, url, proxies)
    const place = `${url.protocol} ${proxy === undefined ? "" : Redacted.value(proxy)}`
    const found = known.get(place)
    if (found !== undefined) return found
    const own = { ...connection, proxy: proxy ?? false } as const
    const way: Way = {
      options: { connection: own, ...common },
      key: `${Duration.toMillis(common.timeout)} ${HttpPolicy.identityOf(own)}`,
      because: needsUndici(own, url)
    }
    known.set(place, way)
    return way
  }
}

/** Why the requests to URLs that only the iterations know go over undici; `undefined` for bare sockets. */
export const guess = (connection: HttpPolicy.ConnectionOptions, wayTo: WayTo): string | undefined => {
  const anywhere = ["https://target.invalid/", "http://target.invalid/"].map((text) => new URL(text))
  const own = anywhere.map((url) => needsUndici(connection, url)).find((because) => because !== undefined)
  if (own !== undefined || connection.proxy !== undefined) return own
  const because = anywhere.map((url) => wayTo(url).because).find((because) => because !== undefined)
  return because === undefined ? undefined : `${because} unless their URL is an exception`
}
