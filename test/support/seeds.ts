/**
 * How many times a long loop runs (kills, schedules): `full` under `npm run soak`, else `SKEIN_SEEDS`, by default a few, so that `npm test`
 * stays short. CI asks for twenty.
 */
export const seeds = (full: number): number =>
  process.env["SKEIN_SOAK"] === "1" ? full : Number(process.env["SKEIN_SEEDS"] ?? 4)

/** A number of random samples that are cheap one by one: all of them where loops run in earnest, else a fifth. */
export const sampled = (all: number): number =>
  process.env["SKEIN_SOAK"] === "1" || process.env["SKEIN_SEEDS"] !== undefined ? all : all / 5

/** Random numbers from 0 up to 1, the same for the same seed. */
export const numbers = (seed: number): () => number => {
  let state = seed * 7_919 + 1
  return () => {
    state = state + 0x6d2b79f5 | 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return ((mixed ^ mixed >>> 14) >>> 0) / 4_294_967_296
  }
}

/** Milliseconds that a search without an end goes on: `hours` of them under `npm run soak`, else none. */
export const hoursOfSoak = (hours: number): number => process.env["SKEIN_SOAK"] === "1" ? hours * 3_600_000 : 0
