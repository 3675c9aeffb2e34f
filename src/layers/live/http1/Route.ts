/** Where the connections of a load run lead to, and how their sockets are made. */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls"

/** Where to, and how; the same for all connections that were opened alike. */
export interface Route {
  /** A name, or an address without brackets. */
  readonly hostname: string
  readonly port: number
  /** `hostname:port` as in a URL. */
  readonly host: string
  readonly tls: TlsOptions | undefined
  readonly lookup: LookupFunction
  readonly keepAlive: boolean
  readonly phases: boolean
  readonly timeoutTicks: number
  readonly connectTimeoutTicks: number
  readonly maxHeadBytes: number
}

/** Node gives up on an address after 250 ms, which is less than the way to the other side of the world and back takes. */
const addressAttemptMillis = 1_000

/** Begins to connect. What arrives is written into `buffer`, and then `onBytes` hears of it. */
export const openSocket = (route: Route, buffer: Uint8Array, onBytes: (count: number) => void): Socket => {
  const { hostname, lookup, port, tls } = route
  const options = {
    host: hostname,
    port,
    lookup,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressAttemptMillis,
    onread: {
      buffer,
      callback: (count: number) => {
        onBytes(count)
        return true
      }
    }
  }
  return tls === undefined ? connectTcp(options) : connectTls({ ...tls, ...options })
}

/** The name for SNI and for the certificate; an address has none. */
export const serverNameOf = (hostname: string): string | undefined => isIP(hostname) === 0 ? hostname : undefined
