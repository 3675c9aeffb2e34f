/** The servers that a configuration names, in the order of its settings. Asks none of them. */
import { Redacted } from "effect"
import * as ServerName from "../../core/ServerName.ts"
import { field, isRecord, type ValueRecord } from "../../core/Value.ts"
import * as Connections from "../config/Connections.ts"
import type { Resolved } from "../config/Resolution.ts"

/** What is spoken with a server: that of a family of settings, `http`, or nothing but a connection. */
export type Kind = Connections.Family | "vault" | "http" | "tcp"

export interface Server {
  /** Where it is named: `postgres.url`, `connections.orders`, `HTTPS_PROXY`. Each once. */
  readonly name: string
  /** `undefined` where only the URL tells, and that is a secret or `embedded:`. */
  readonly kind: Kind | undefined
  /** May have `${secrets.NAME}` in it. */
  readonly url: Redacted.Redacted<string>
  /** Settings of its family over those of the configuration, spelled as in files. */
  readonly options: ValueRecord
}

export type Configuration = Pick<Resolved, "settings" | "connections" | "defaults"> & {
  readonly environment: Readonly<Record<string, string>>
}

/** Returns the servers of settings, of `connections:` and `base_urls:`, the Vault, proxies and the collector of telemetry. */
export const of = (configuration: Configuration): ReadonlyArray<Server> => {
  const { connections, defaults, environment, settings } = configuration
  // A setting that is the name of a connection means one that is listed anyway.
  const families = Connections.familyNames.flatMap((family) => {
    const url = Redacted.value(settings[`${family}.url`])
    return Object.hasOwn(connections, url) ? [] : [server(`${family}.url`, family, url)]
  })
  const named = Object.entries(connections).flatMap(([name, one]) => {
    const url = isRecord(one) ? one["url"] : one
    const options = isRecord(one) && isRecord(one["options"] ?? null) ? one["options"] as ValueRecord : {}
    return typeof url === "string" ? [server(`connections.${name}`, kindOf(url), url, options)] : []
  })
  const urls = field(defaults, "base_urls")
  const http = Object.entries(isRecord(urls) ? urls : {}).flatMap(([name, url]) =>
    typeof url === "string" ? [server(`base_urls.${name}`, "http", url)] : []
  )
  const address = settings["vault.address"]
  const vault = address === undefined
    ? variables(environment, ["VAULT_ADDR", "BAO_ADDR"], "vault").slice(0, 1)
    : [server("vault.address", "vault", Redacted.value(address))]
  const proxy = settings["http.proxy"]
  const proxies = proxy === undefined
    ? variables(environment, proxyVariables, "tcp")
    : [server("http.proxy", "tcp", Redacted.value(proxy))]
  return [
    ...families,
    ...named,
    ...http,
    ...vault,
    ...proxies,
    ...variables(environment, ["OTEL_EXPORTER_OTLP_ENDPOINT"], "tcp")
  ]
}

/** Returns a server that is given by its URL alone; `undefined` when nothing is known for its scheme. */
export const given = (url: string): Server | undefined => {
  const kind = kindOf(url)
  return kind === undefined && !url.startsWith("embedded:") ? undefined : server(ServerName.of(url), kind, url)
}

/** What is spoken at a URL. */
export const kindOf = (url: string): Kind | undefined => /^https?:/i.test(url) ? "http" : Connections.familyOf(url)

const server = (name: string, kind: Kind | undefined, url: string, options: ValueRecord = {}): Server => ({
  name,
  kind,
  url: Redacted.make(url, { label: name }),
  options
})

const proxyVariables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]

/** Those that are set; one URL counts once. A proxy may do without its scheme. */
const variables = (
  environment: Readonly<Record<string, string>>,
  names: ReadonlyArray<string>,
  kind: Kind
): ReadonlyArray<Server> => {
  const byUrl = new Map(
    names.flatMap((name) => {
      const url = environment[name] ?? ""
      return url === "" ? [] : [[url.includes("://") ? url : `http://${url}`, name] as const]
    }).toReversed()
  )
  return [...byUrl].toReversed().map(([url, name]) => server(name, kind, url))
}
