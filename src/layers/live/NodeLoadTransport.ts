/** Load over bare sockets wherever they do, and over undici for the rest, connection by connection, as `needsUndici` says. */
import { Effect, Layer } from "effect"
import type { LoadClock } from "../../services/LoadClock.ts"
import { LoadTransport, needsUndici, noCounts } from "../../services/LoadTransport.ts"
import * as SocketLoadTransport from "./SocketLoadTransport.ts"
import * as UndiciLoadTransport from "./UndiciLoadTransport.ts"

const make = Effect.gen(function*() {
  const counters = noCounts()
  const sockets = yield* SocketLoadTransport.make(counters)
  const undici = yield* UndiciLoadTransport.make(counters)
  return LoadTransport.of({
    counters,
    open: (url, options) =>
      needsUndici(options?.connection ?? {}, url) === undefined ? sockets.open(url, options) : undici.open(url, options)
  })
})

export const layer: Layer.Layer<LoadTransport, never, LoadClock> = Layer.effect(LoadTransport, make)
