import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Addresses } from "../../../src/layers/live/http1/Addresses.ts"
import { Http1Connection } from "../../../src/layers/live/http1/Http1Connection.ts"
import * as LoadTransport from "../../../src/services/LoadTransport.ts"
import { request } from "../../services/LoadTransportSuite.ts"
import * as HttpServers from "../../support/HttpServers.ts"

/** A connection whose sweeps are the test's: time-outs are 100 ticks, 50 for connecting. */
const connectionTo = (port: number, tls = false) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new Http1Connection(
        { now: () => 0, buffer: Buffer.alloc(1_000), counters: LoadTransport.noCounts() },
        {
          hostname: "127.0.0.1",
          port,
          host: `127.0.0.1:${port}`,
          tls: tls ? {} : undefined,
          lookup: new Addresses().lookupFor(port, {}),
          keepAlive: true,
          phases: false,
          timeoutTicks: 100,
          connectTimeoutTicks: 50,
          maxHeadBytes: 1_000
        }
      )
    ),
    (connection) => Effect.sync(() => connection.close())
  )

/** What a request ended with, so far. */
const sent = (connection: LoadTransport.LoadConnection) => {
  const ends: Array<string> = []
  connection.send(request("http://127.0.0.1"), {
    onResponse: ({ status }) => ends.push(`${status}`),
    onError: ({ kind }) => ends.push(kind)
  })
  return ends
}

describe("Http1Connection", () => {
  it.live("a time-out counts from the first look after the request, whatever came before", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.tcp(() => {})
      const connection = yield* connectionTo(server.port)
      const connecting = yield* Effect.forkChild(connection.connect, { startImmediately: true })
      connection.sweep(1)
      yield* Fiber.join(connecting)
      connection.sweep(10_000)

      const ends = sent(connection)
      connection.sweep(20_000)
      connection.sweep(20_099)
      assert.deepStrictEqual(ends, [])
      connection.sweep(20_100)
      assert.deepStrictEqual(ends, ["timeout"])
    }))

  it.live("connecting has a time-out of its own", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.tcp(() => {})
      const connection = yield* connectionTo(server.port, true)

      const ends = sent(connection)
      connection.sweep(1_000)
      connection.sweep(1_049)
      assert.deepStrictEqual(ends, [])
      connection.sweep(1_050)
      assert.deepStrictEqual(ends, ["connect-timeout"])
    }))
})
