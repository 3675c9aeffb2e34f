/** Runs of a server that drifts: each second is as fast as the one before says, more or less. */
import { Base64 } from "effect/encoding"
import { coarse, Histogram } from "../../../src/core/Histogram.ts"
import type { LoadResult } from "../../../src/programs/load/LoadResult.ts"
import { make, normal, random } from "./results.ts"

const like = await make({ seconds: 2, perSecond: 20, model: "closed" })

export interface Server {
  readonly seconds: number
  readonly perSecond: number
  /** How much of a second's speed is left in the next (0 to 1), and how much seconds vary: a share. */
  readonly memory: number
  readonly spread: number
  /** Latencies are so many times longer. */
  readonly slower?: number | undefined
  /** Share of requests that fail. */
  readonly failing?: number | undefined
}

/** A run in the closed model: the slower it answers, the less it is asked. */
export const run = (seed: number, server: Server): LoadResult => {
  const next = random(seed)
  const slower = server.slower ?? 1
  let drift = server.spread * normal(next)
  const seconds = Array.from({ length: server.seconds }, (_, at) => {
    drift = server.memory * drift + Math.sqrt(1 - server.memory ** 2) * server.spread * normal(next)
    const histogram = new Histogram(coarse)
    const completed = Math.round((server.perSecond * Math.exp(-drift)) / slower)
    let errors = 0
    for (let i = 0; i < completed; i++) {
      histogram.record(30_000 * slower * Math.exp(0.45 * normal(next) + drift) * (next() < 0.02 ? 6 : 1))
      if (next() < (server.failing ?? 0)) errors++
    }
    return { ...like.seconds[0]!, at, completed, errors, due: 0, histogram: Base64.encode(histogram.toBytes()) }
  })
  return { ...like, seconds, measured_s: server.seconds, duration_s: server.seconds }
}
