/** Wire servers for tests: in this process, each over an engine of its own. */
import { assert } from "@effect/vitest"
import { deserialize, serialize } from "bson"
import { Effect } from "effect"
import { connect } from "node:net"
import * as DocumentEngine from "../../src/layers/embedded/documents/DocumentEngine.ts"
import * as MongoWireServer from "../../src/layers/embedded/MongoWireServer.ts"

/** A server with nothing in it, until the scope closes. */
export const start = Effect.flatMap(DocumentEngine.open(), (engine) => MongoWireServer.serve(engine))

/** Looks again and again, for twenty seconds: what is waited for comes from another connection. */
export const until = Effect.fnUntraced(function*<E, R>(look: Effect.Effect<boolean, E, R>) {
  for (let times = 0; times < 2_000; times++) {
    if (yield* look) return
    yield* Effect.sleep("10 millis")
  }
  assert.fail("it did not come to be so")
})

export type Answer = Readonly<Record<string, unknown>>

export interface Raw {
  /** Sends a command as drivers do and waits for its answer. */
  readonly command: (command: object) => Promise<Answer>
  /** Sends a command, and ends the connection without waiting. */
  readonly leave: (command: object) => void
  /** Sends bytes and waits for all that comes until the server ends the connection. */
  readonly bytes: (bytes: Uint8Array) => Promise<Buffer>
}

/** A connection without a driver, for what drivers do not do. */
export const raw = (port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        new Promise<ReturnType<typeof connect>>((resolve, reject) => {
          const socket = connect(port, "127.0.0.1", () => resolve(socket)).once("error", reject)
        })
      ),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket): Raw => ({
      command: async (command) => {
        const answer = received(socket)
        socket.write(message(command))
        return deserialize((await answer).subarray(21), { useBigInt64: true })
      },
      leave: (command) => {
        socket.end(message(command))
        socket.destroySoon()
      },
      bytes: (bytes) =>
        new Promise((resolve) => {
          const chunks: Array<Buffer> = []
          socket.on("data", (chunk: Buffer) => chunks.push(chunk))
          socket.once("close", () => resolve(Buffer.concat(chunks)))
          socket.write(bytes)
        })
    })
  )

const message = (command: object): Buffer => {
  const body = serialize(command)
  const head = Buffer.alloc(21)
  head.writeInt32LE(21 + body.length, 0)
  head.writeInt32LE(1, 4)
  head.writeInt32LE(2013, 12)
  return Buffer.concat([head, body])
}

const received = (socket: ReturnType<typeof connect>): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length < 4 || bytes.length < bytes.readInt32LE(0)) return
      socket.off("data", onData)
      resolve(bytes)
    }
    socket.on("data", onData)
    socket.once("close", () => reject(new Error("the server ended the connection")))
  })
