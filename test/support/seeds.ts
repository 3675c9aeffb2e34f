/**
 * How many times a long loop runs (kills, schedules): `full` under `npm run soak`, else `SKEIN_SEEDS`, by default a few, so that `npm test`
 * stays short. CI asks for twenty.
 */
export const seeds = (full: number): number =>
  process.env["SKEIN_SOAK"] === "1" ? full : Number(process.env["SKEIN_SEEDS"] ?? 6)

/** A number of random samples that are cheap one by one: all of them where loops run in earnest, else a fifth. */
export const sampled = (all: number): number =>
  process.env["SKEIN_SOAK"] === "1" || process.env["SKEIN_SEEDS"] !== undefined ? all : all / 5
