/** Small servers on loopback for the tests of HTTP: each lives in a scope and leaves no socket behind. */
import { Effect, type Scope } from "effect"
import { readFileSync } from "node:fs"
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type ServerResponse
} from "node:http"
import {
  createSecureServer,
  createServer as createH2cServer,
  type Http2ServerRequest,
  type Http2ServerResponse
} from "node:http2"
import { createServer as createHttpsServer } from "node:https"
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net"
import type { TlsOptions } from "node:tls"
import { fileURLToPath } from "node:url"

export interface Running {
  readonly port: number
  /** `http://127.0.0.1:port`, `https://localhost:port` for TLS. */
  readonly url: string
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>
  /** Connections ever accepted. */
  readonly accepted: () => number
}

/** Reads a file of `test/fixtures/tls`. */
export const pem = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), "utf8")

/** The key and certificate of `test/fixtures/tls` under that name. */
export const identity = (name: "server" | "expired" | "self" | "other" | "revoked"): TlsOptions => ({
  key: pem(`${name}-key`),
  cert: pem(name)
})

const running = (server: Server, urlOf: (port: number) => string): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly running: Running; readonly sockets: Set<Socket> }>((resume) => {
      const sockets = new Set<Socket>()
      let accepted = 0
      server.on("connection", (socket: Socket) => {
        accepted++
        sockets.add(socket)
        socket.on("error", () => {})
        socket.once("close", () => sockets.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ running: { port, url: urlOf(port), sockets, accepted: () => accepted }, sockets }))
      })
    }),
    ({ sockets }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  ).pipe(Effect.map(({ running }) => running))

export const http = (listener: RequestListener): Effect.Effect<Running, never, Scope.Scope> =>
  running(createHttpServer(listener), (port) => `http://127.0.0.1:${port}`)

export const https = (options: TlsOptions, listener: RequestListener): Effect.Effect<Running, never, Scope.Scope> =>
  running(createHttpsServer(options, listener).on("tlsClientError", () => {}), (port) => `https://localhost:${port}`)

/** Offers HTTP/2 and HTTP/1.1. */
export const http2 = (
  options: TlsOptions,
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void
): Effect.Effect<Running, never, Scope.Scope> =>
  running(
    createSecureServer({ ...options, allowHTTP1: true }, listener).on(
      "tlsClientError",
      () => {}
    ) as unknown as Server,
    (port) => `https://localhost:${port}`
  )

/** Speaks HTTP/2 without TLS and nothing else (h2c by prior knowledge). */
export const h2c = (
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void
): Effect.Effect<Running, never, Scope.Scope> =>
  running(createH2cServer(listener) as unknown as Server, (port) => `http://127.0.0.1:${port}`)

/** Hands over each connection. */
export const tcp = (onConnection: (socket: Socket) => void): Effect.Effect<Running, never, Scope.Scope> =>
  running(createTcpServer(onConnection), (port) => `http://127.0.0.1:${port}`)

export interface Capture extends Running {
  /** All that was received, over all connections. */
  readonly received: () => string
}

/** Keeps the bytes it receives and answers each request head with `answer`. */
export const capture = (
  answer: string = "HTTP/1.1 204 No Content\r\n\r\n"
): Effect.Effect<Capture, never, Scope.Scope> => {
  const chunks: Array<Buffer> = []
  return Effect.map(
    tcp((socket) =>
      socket.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        if (chunk.includes("\r\n\r\n")) socket.write(answer)
      })
    ),
    (running) => ({ ...running, received: () => Buffer.concat(chunks).toString("latin1") })
  )
}

export interface Proxy extends Running {
  /** The request lines that the proxy saw, and its authorization. */
  readonly seen: ReadonlyArray<string>
}

export interface ProxyOptions {
  /** `user:password` without which it answers 407. @default everybody is served */
  readonly login?: string | undefined
  /** Whether absolute URLs are really forwarded. @default it answers them itself */
  readonly forwards?: boolean | undefined
}

/** A proxy that tunnels CONNECT and takes absolute URLs, always for the loopback port `to`. */
export const proxy = (
  to: () => number,
  { forwards = false, login }: ProxyOptions = {}
): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const seen: Array<string> = []
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`
    const isRefused = (request: IncomingMessage) =>
      wanted !== undefined && request.headers["proxy-authorization"] !== wanted
    const server = createHttpServer((request, response) => {
      seen.push(lineOf(request))
      if (isRefused(request)) return void response.writeHead(407).end()
      if (forwards) return forward(request, response, to())
      const body = `forwarded ${request.url}`
      response.end(body)
    })
    server.on("connect", (request: IncomingMessage, client: Socket) => {
      seen.push(lineOf(request))
      if (isRefused(request)) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
      const target = connect(to(), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n")
        target.pipe(client)
        client.pipe(target)
      })
      target.on("error", () => client.destroy())
      client.on("error", () => target.destroy())
      client.once("close", () => target.destroy())
    })
    const started = yield* running(server, (port) => `http://127.0.0.1:${port}`)
    return { ...started, seen }
  })

const forward = (request: IncomingMessage, response: ServerResponse, port: number): void => {
  const { pathname, search } = new URL(request.url!)
  const { "proxy-authorization": _, ...headers } = request.headers
  const onward = httpRequest({ port, host: "127.0.0.1", method: request.method, path: `${pathname}${search}`, headers })
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(response)
  })
  onward.on("error", () => response.destroy())
  request.pipe(onward)
}

const lineOf = (request: IncomingMessage): string =>
  `${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim()

/** The whole body of a request as text. */
export const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}
