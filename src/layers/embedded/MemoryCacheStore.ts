/**
 * Caches without a server, in the memory of this process.
 *
 * - `embedded:` a cache of its own for each `connect`, gone when the client's scope closes
 * - `embedded:NAME` one for all who name it with the same options, gone with the layer
 */
import { Effect, Layer, RcMap, Redacted } from "effect"
import { CacheError, CacheStore, type ConnectOptions } from "../../services/CacheStore.ts"
import * as CachePolicy from "./cache/CachePolicy.ts"

const make = Effect.gen(function*() {
  const shared = yield* RcMap.make({
    lookup: ({ options }: { readonly name: string; readonly options: ConnectOptions }) => CachePolicy.open(options),
    idleTimeToLive: "Infinity"
  })

  return CacheStore.of({
    connect: Effect.fn("CacheStore.connect")(function*(url, options = {}) {
      const [, name] = /^embedded:([\w.-]{0,100})$/.exec(Redacted.isRedacted(url) ? Redacted.value(url) : url) ?? []
      if (name === undefined) return yield* notEmbedded
      return yield* name === "" ? CachePolicy.open(options) : RcMap.get(shared, { name, options })
    })
  })
})

/** Holds nothing until the first `connect`; when it closes, all is gone. */
export const layer: Layer.Layer<CacheStore> = Layer.effect(CacheStore, make)

const notEmbedded = Effect.fail(
  new CacheError({
    reason: "Invalid",
    message: "the URL names no embedded cache",
    hint: "write embedded: for one of its own, embedded:name (letters, digits, _ . -) for one that is shared"
  })
)
