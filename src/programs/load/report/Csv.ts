/** The seconds of a load run as comma-separated values, for spreadsheets and notebooks: RFC 4180, a row per second, times in milliseconds. */
import type { LoadResult, Second } from "../LoadResult.ts"

const columns = {
  second: ({ at }) => at,
  due: ({ due }) => due,
  started: ({ started }) => started,
  completed: ({ completed }) => completed,
  errors: ({ errors }) => errors,
  dropped: ({ dropped }) => dropped,
  vus: ({ vus }) => vus,
  bytes_in: ({ bytes_in }) => bytes_in,
  p50_ms: ({ p50 }) => p50,
  p95_ms: ({ p95 }) => p95,
  p99_ms: ({ p99 }) => p99,
  max_ms: ({ max }) => max,
  generator_cpu: ({ cpu }) => cpu,
  generator_lag_ms: ({ lag_ms }) => lag_ms
} satisfies Readonly<Record<string, (second: Second) => number>>

/** Returns a header and a row per second; warm-up has negative seconds. */
export const write = (result: LoadResult): string =>
  [
    Object.keys(columns).join(","),
    ...result.seconds.map((second) => Object.values(columns).map((value) => value(second)).join(","))
  ].map((line) => `${line}\r\n`).join("")
