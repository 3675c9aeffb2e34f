/** A port of this machine for a server of `node:net` or `node:http`, with its connections, until the scope ends. */
import { Effect, type Scope } from "effect"
import type { AddressInfo, Server, Socket } from "node:net"
import { FakeServerError } from "../../services/FakeServer.ts"

/** Where a server listens. */
export interface Address {
  /** @default a free port */
  readonly port?: number | undefined
  /** @default "127.0.0.1" */
  readonly host?: string | undefined
}

export const loopback = "127.0.0.1"

/** As a host stands in a URL. */
export const bracketed = (host: string): string => host.includes(":") ? `[${host}]` : host

/** Listens, and answers with the port. At the end of the scope connections are cut, whatever they are at. */
export const listen = (
  server: Server,
  { host = loopback, port = 0 }: Address
): Effect.Effect<number, FakeServerError, Scope.Scope> => {
  const sockets = new Set<Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return Effect.acquireRelease(
    Effect.callback<number, FakeServerError>((resume) => {
      // Also for what comes later, such as no more handles for a connection: the others go on.
      server.on("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(notHad(error, host, port))))
      server.listen({ host, port }, () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )
}

const notHad = (error: NodeJS.ErrnoException, host: string, port: number): FakeServerError => {
  const hint = hints[error.code ?? ""]
  return new FakeServerError({
    reason: "Address",
    message: `cannot listen on ${bracketed(host)}:${port}: ${error.message}`,
    ...(hint === undefined ? {} : { hint })
  })
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "another server listens there: end it, or take another port",
  EACCES: "ports under 1024 are for root: take another one",
  EADDRNOTAVAIL: "this machine has no such address"
}
