/** Wrappers of undici's connectors, and what else is done with a connection before there is a request. Part of `UndiciDispatcher`. */
import { connect as connectHttp2 } from "node:http2"
import type { Socket } from "node:net"
import * as PublicAddresses from "../PublicAddresses.ts"
import * as ConnectFaults from "./ConnectFaults.ts"
import type { Connector } from "./UndiciDispatcher.ts"

/** Addresses in URLs are not looked up. */
export const refusingPrivate = (connect: Connector): Connector => (options, callback) => {
  const fault = PublicAddresses.fault(options.hostname.replace(/^\[|\]$/g, ""))
  return fault === undefined ? connect(options, callback) : callback(fault, null)
}

/** Lets only HTTP/2 pass: chosen over TLS, or known before without. */
export const onlyHttp2 = (connect: Connector): Connector => (options, callback) =>
  connect(options, (...[error, socket]) => {
    if (error !== null) return callback(error, null)
    if (options.protocol !== "https:") return callback(null, Object.assign(socket, { alpnProtocol: "h2" }))
    const chosen = "alpnProtocol" in socket ? socket.alpnProtocol : null
    if (chosen === "h2") return callback(null, socket)
    socket.destroy()
    callback(new ConnectFaults.NoHttp2(typeof chosen === "string" ? chosen : "HTTP/1.1"), null)
  })

/** Says of a connector's errors that it is the proxy which is not reached. */
export const reaching = (proxy: string, connect: Connector): Connector => (options, callback) =>
  connect(options, (...[error, socket]) => {
    if (error === null) return callback(null, socket)
    const isNamed = "code" in error &&
      (error.code === "ERR_TLS_CERT_ALTNAME_INVALID" || error.code === "UND_ERR_PRX_TLS")
    callback(isNamed ? error : new ConnectFaults.ProxyUnreached(proxy, error), null)
  })

/** Says of a connector's errors which proxy would not make a tunnel. */
export const tunnelling = (proxy: string, connect: Connector): Connector => (options, callback) =>
  connect(options, (...[error, socket]) => {
    if (error === null) return callback(null, socket)
    if ("code" in error && error.code === "UND_ERR_PRX_CONN") {
      return callback(new ConnectFaults.ProxySilent(proxy, error.cause), null)
    }
    const [, status] = /^Proxy response \((\d+)\)/.exec(error.message) ?? []
    callback(status === undefined ? error : new ConnectFaults.ProxyRefusal(proxy, Number(status)), null)
  })

/** A connection, or why there is none. */
export const opened = (connect: Connector, options: Parameters<Connector>[0]): Promise<Socket> =>
  new Promise((resolve, reject) =>
    connect(options, (...[error, socket]) => error === null ? resolve(socket) : reject(error))
  )

/** Where an origin is, in the words of a connector. `host` has its port always. */
export interface Place {
  readonly protocol: string
  readonly hostname: string
  readonly host: string
  readonly port: string
}

export const placeOf = ({ hostname, port, protocol }: URL): Place => {
  const known = port === "" ? (protocol === "https:" ? "443" : "80") : port
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ""), host: `${hostname}:${known}`, port: known }
}

/** The header by which a proxy knows the user of its URL. */
export const authorizationOf = ({ password, username }: URL): Readonly<Record<string, string>> => {
  if (username === "") return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }
}

/** Whether the other side of a socket answers to HTTP/2 without having been asked whether it would. */
export const answersHttp2 = (socket: Socket, origin: URL, millis: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const session = connectHttp2(origin, { createConnection: () => socket })
    const end = (settle: () => void) => {
      clearTimeout(timer)
      session.destroy()
      settle()
    }
    const timer = setTimeout(() => end(() => reject(new ConnectFaults.NoHttp2(undefined))), millis)
    session.once("remoteSettings", () => end(resolve))
    session.on("error", () => end(() => reject(new ConnectFaults.NoHttp2(undefined))))
    session.once("close", () => end(() => reject(new ConnectFaults.NoHttp2(undefined))))
  })
