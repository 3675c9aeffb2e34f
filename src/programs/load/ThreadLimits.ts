/**
 * The `limits:` of `skein.yaml` under load. Each thread is a client of its own to a host, so each has its part of what all may do together.
 */
import type * as PoliteHttp from "../../services/PoliteHttp.ts"
import * as Executors from "./executors/Executors.ts"
import type { Share } from "./Plan.ts"

type Limits = Partial<Pick<PoliteHttp.Settings, "requestsPerSecond" | "burst" | "concurrency">>

/** What a thread may do of `limits`. Whole numbers add up to the whole, but for a `burst` of less than one for each. */
export const partOf = <L extends Limits>(limits: L, share: Share): L => ({
  ...limits,
  ...limits.requestsPerSecond === undefined ? {} : { requestsPerSecond: limits.requestsPerSecond / share.of },
  ...limits.burst === undefined ? {} : { burst: Math.max(1, Executors.shareOf(limits.burst, share)) },
  ...limits.concurrency === undefined ? {} : { concurrency: Executors.shareOf(limits.concurrency, share) }
})

/** Why so many threads cannot share them: one that may do nothing would wait for ever. `undefined` when they can. */
export const obstacle = ({ concurrency }: Limits, threads: number): string | undefined =>
  concurrency !== undefined && threads > 1 && concurrency < threads
    ? `limits.concurrency is ${concurrency}, and each of ${threads} threads needs one request of its own`
    : undefined
