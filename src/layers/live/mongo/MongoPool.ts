/** Counts the connections of a client from the events of its pools (CMAP), over all servers of a replica set together. */
import { Effect, type Scope } from "effect"
import type { Pool } from "../../../services/Health.ts"
import * as PoolMetrics from "../../../services/PoolMetrics.ts"
import type { MongoClient } from "./MongoDriver.ts"

/** Counts and shows as metrics, from now on and until the scope closes. `max` is that of one server. */
export const count = Effect.fnUntraced(function*(
  client: MongoClient,
  server: string
): Effect.fn.Return<() => Pool, never, Scope.Scope> {
  let [open, busy, waiting] = [0, 0, 0]
  const read = () => ({ max: client.options.maxPoolSize, open, busy, waiting })
  const waited = yield* PoolMetrics.show({ service: "documents", server }, read)
  client.on("connectionCreated", () => open++)
  client.on("connectionClosed", () => open--)
  client.on("connectionCheckOutStarted", () => waiting++)
  client.on("connectionCheckOutFailed", () => waiting--)
  client.on("connectionCheckedOut", ({ durationMS }) => {
    waiting--
    busy++
    // Less is the driver's own way to a connection that was free.
    if (durationMS >= 1) waited(durationMS / 1_000)
  })
  client.on("connectionCheckedIn", () => busy--)
  return read
})
