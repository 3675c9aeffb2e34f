/**
 * The embedded document store behind the wire protocol of MongoDB. Each connection does one command after the other, as
 * drivers expect; what the store does is in `MongoWireCommands`.
 */
import { Clock, Effect, type Fiber, FiberSet, Schedule, type Scope } from "effect"
import { createServer, type Socket } from "node:net"
import { FakeServerError, type MongoOptions, type Running } from "../../services/FakeServer.ts"
import { Journal } from "../../services/Journal.ts"
import * as DocumentEngine from "./documents/DocumentEngine.ts"
import { format } from "./documents/DocumentRecords.ts"
import { type Address, bracketed, listen, loopback } from "./Listening.ts"
import * as Wire from "./mongo/MongoWire.ts"
import * as Commands from "./mongo/MongoWireCommands.ts"
import { Cursors } from "./mongo/MongoWireCursors.ts"
import { failed, failure } from "./mongo/MongoWireReply.ts"
import { Sessions } from "./mongo/MongoWireSessions.ts"

/** Most connections at a time. */
const maxConnections = 2_000

/** Starts a server over an engine, until the scope closes. */
export const serve = Effect.fnUntraced(function*(
  engine: DocumentEngine.DocumentEngine,
  options: Address = {}
): Effect.fn.Return<Running, FakeServerError, Scope.Scope> {
  const startedAt = yield* Clock.currentTimeMillis
  const sessions = new Sessions(engine)
  const cursors = new Cursors()
  yield* Effect.forkScoped(Effect.repeat(Effect.andThen(cursors.sweep, sessions.sweep), Schedule.spaced("1 minute")))

  const run = yield* FiberSet.makeRuntime<never, void, never>()
  let last = 0
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = { id: ++last, address: addressOf(socket) }
    converse(socket, { run, context: { store: { engine, cursors, startedAt }, sessions, connection } })
  })
  server.maxConnections = maxConnections
  const port = yield* listen(server, options)
  return { url: `mongodb://${bracketed(options.host ?? loopback)}:${port}`, port }
})

const addressOf = ({ localAddress, localPort }: Socket): string =>
  `${bracketed((localAddress ?? loopback).replace(/^::ffff:/, ""))}:${localPort}`

/** Starts a server over an engine of its own, in the folder of the options or in memory. */
export const open = Effect.fnUntraced(function*(
  options: MongoOptions
): Effect.fn.Return<Running, FakeServerError, Scope.Scope | Journal> {
  return yield* serve(yield* openEngine(options), options)
})

const openEngine = Effect.fnUntraced(function*({ folder }: MongoOptions) {
  if (folder === undefined) return yield* Effect.orDie(DocumentEngine.open())
  const journal = yield* Journal
  return yield* journal.open(folder, { format }).pipe(
    Effect.flatMap((journal) => DocumentEngine.open({ journal })),
    Effect.mapError(({ hint, message }) =>
      new FakeServerError({ reason: "Storage", message, ...(hint === undefined ? {} : { hint }) })
    )
  )
})

/** What a connection is served with. */
interface Serving {
  readonly run: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly context: Commands.Context
}

/** Bytes that may wait for their turn before the client has to. */
const maxWaiting = 1_000_000

/** Reads commands and answers them, one at a time. A client that goes takes what it asked for along, except for writes. */
const converse = (socket: Socket, { context, run }: Serving): void => {
  const framing = new Wire.Framing()
  let fiber: Fiber.Fiber<void> | undefined
  let outlives = false
  let sent = 0

  const proceed = (): void => {
    if (fiber !== undefined || socket.destroyed) return
    const request = next(framing, socket)
    if (request === undefined) return void socket.resume()
    outlives = Commands.outlivesClient(request.command)
    const started = run(Effect.map(Commands.run(request.command, context), (reply) => {
      if (!request.silent && !socket.destroyed) socket.write(Wire.write(++sent, request, reply))
    }))
    fiber = started
    started.addObserver(() => {
      fiber = undefined
      // A client that sends without reading is waited for.
      if (socket.writableNeedDrain) socket.once("drain", proceed)
      else queueMicrotask(proceed)
    })
  }

  socket.on("data", (chunk: Buffer) => {
    framing.push(chunk)
    if (fiber !== undefined && framing.length > maxWaiting) socket.pause()
    proceed()
  })
  socket.on("error", () => socket.destroy())
  socket.on("close", () => {
    if (fiber !== undefined && !outlives) fiber.interruptUnsafe()
  })
}

/** The next request, if it is there as a whole. What cannot be read ends the connection, after a word where one can be said. */
const next = (framing: Wire.Framing, socket: Socket): Wire.Request | undefined => {
  try {
    const bytes = framing.next()
    return bytes === undefined ? undefined : Wire.read(bytes)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    const answer = failed(failure("ProtocolError", `cannot read ${what}`), { inTransaction: false })
    socket.write(Wire.write(0, { id: 0, form: "message" }, answer))
    socket.destroySoon()
    return undefined
  }
}
