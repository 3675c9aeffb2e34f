/** What follows from the settings of an executor: its model, its users, its curve, how long it takes. */
import type { Executor } from "../../../scenario/LoadBlock.ts"
import type { Load, Share } from "../Plan.ts"
import type { Limit } from "./ClosedExecutor.ts"
import * as Curve from "./Curve.ts"

type Of<Type extends Executor["type"]> = Extract<Executor, { readonly type: Type }>
export type Open = Of<"constant-arrival-rate" | "ramping-arrival-rate" | "breakpoint">

/** Whether iterations start on schedule, whatever happens to those before. */
export const isOpen = (executor: Executor): executor is Open =>
  executor.type === "constant-arrival-rate" || executor.type === "ramping-arrival-rate" ||
  executor.type === "breakpoint"

/** Virtual users at most, over all threads. */
export const usersOf = (executor: Executor): number =>
  executor.type === "ramping-vus"
    ? executor.stages.reduce((most, { to }) => Math.max(most, to), executor.startVus)
    : executor.vus

/** How long it starts iterations, at most, its warm-up left out. */
export const millisOf = (executor: Executor): number => curveOf(executor).seconds * 1000

/** Whether that is how long it takes: not when iterations are counted. */
export const isTimed = (executor: Executor): boolean => limitOf(executor) === undefined

/** Iterations a second of an open executor, users of a closed one. A search for the breakpoint begins at its lowest rate. */
export const curveOf = (executor: Executor): Curve.Curve => {
  switch (executor.type) {
    case "constant-vus":
      return Curve.constant(executor.vus, executor.durationMillis)
    case "ramping-vus":
      return Curve.make(executor.startVus, executor.stages)
    case "per-vu-iterations":
    case "shared-iterations":
      return Curve.constant(executor.vus, executor.maxMillis)
    case "constant-arrival-rate":
      return Curve.constant(executor.rate, executor.durationMillis)
    case "ramping-arrival-rate":
      return Curve.make(executor.startRate, executor.stages)
    case "breakpoint":
      return Curve.constant(executor.fromRate, executor.stepMillis)
  }
}

export const limitOf = (executor: Executor): Limit | undefined =>
  executor.type === "per-vu-iterations"
    ? { iterations: executor.iterations, per: "user" }
    : executor.type === "shared-iterations"
    ? { iterations: executor.iterations, per: "run" }
    : undefined

/**
 * How many users of a URL are connected before the load begins: those that answers of 10 ms would keep busy at the first rate of an open
 * load. To connect them while arrivals are due would make these late. Users of a closed load begin by connecting, but for the first.
 */
export const connectedOf = (executor: Executor): number =>
  Math.max(1, isOpen(executor) ? Math.min(executor.vus, Curve.targetAt(curveOf(executor), 0) / 100) : 0)

/** Whether anything of it happens at a time, and not only after something else. */
export const needsAlarm = ({ executor, work }: Load): boolean =>
  isOpen(executor) || executor.type === "ramping-vus" ||
  work.type === "scenario" && (work.pacingMillis !== undefined || work.thinkMillis !== undefined)

/** How many of the numbers from 0 to `count` are a thread's. */
export const shareOf = (count: number, { index, of }: Share): number => Math.max(0, Math.ceil((count - index) / of))
