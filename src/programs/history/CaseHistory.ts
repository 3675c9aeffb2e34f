/** Figures about single cases over past runs. Pure; `History.ts` reads the runs. */
import type { Status } from "../../scenario/Event.ts"
import type { History } from "../History.ts"

/** One case over the runs in which it took part. */
export interface CaseHistory {
  readonly id: string
  /** Newest first; runs in which it was skipped or not selected are left out. */
  readonly recent: ReadonlyArray<{ readonly status: Status; readonly duration_ms: number }>
  readonly passed: number
  readonly failed: number
  readonly error: number
  readonly flaky: number
  readonly interrupted: number
  /** How often it went from passing to not passing or back, from one run to the next; a flaky pass counts twice. */
  readonly flips: number
  /** Median of the times it passed; of all times when it never did. */
  readonly median_ms: number
}

/** Returns every case of the history, sorted by id. */
export const all = (history: History): ReadonlyArray<CaseHistory> => {
  const seen = new Map<string, Array<{ readonly status: Status; readonly duration_ms: number }>>()
  for (const run of history.runs) {
    for (const [id, status, duration_ms] of run.cases) {
      if (status === "skipped") continue
      const known = seen.get(id)
      if (known === undefined) seen.set(id, [{ status, duration_ms }])
      else known.push({ status, duration_ms })
    }
  }
  return [...seen].map(([id, recent]) => summarise(id, recent)).sort((a, b) => a.id < b.id ? -1 : 1)
}

/**
 * Returns the usual duration of each case in milliseconds, by id: what shards are balanced with. Runs of shards do not count:
 * the second shard would see other figures than the first, and take other cases.
 */
export const durations = (history: History): ReadonlyMap<string, number> => {
  const whole = { ...history, runs: history.runs.filter((run) => run.shard === undefined) }
  return new Map(all(whole).map(({ id, median_ms }) => [id, median_ms]))
}

/** Returns the ids of the cases that did not pass when they last ran, be it in the last run or in an earlier one. */
export const lastFailed = (history: History): ReadonlySet<string> => {
  const last = new Map<string, Status>()
  for (const run of history.runs) {
    for (const [id, status] of run.cases) if (status !== "skipped" && !last.has(id)) last.set(id, status)
  }
  return new Set([...last].filter(([, status]) => isBad(status)).map(([id]) => id))
}

/** Returns the cases whose result changes from run to run though it should not, the worst first. */
export const flaky = (history: History): ReadonlyArray<CaseHistory> =>
  all(history).filter((one) => one.flaky > 0 || one.flips >= 2).sort((a, b) =>
    b.flips - a.flips || b.flaky - a.flaky || (a.id < b.id ? -1 : 1)
  )

/** A case that takes longer than it used to. */
export interface Slower {
  readonly id: string
  readonly before_ms: number
  readonly now_ms: number
}

/**
 * Returns cases whose last three passes took at least half as long again, and 50 ms more, than the median of those before,
 * the biggest loss first. Needs six passes to judge.
 */
export const slower = (history: History): ReadonlyArray<Slower> =>
  all(history).flatMap(({ id, recent }) => {
    const times = recent.filter(({ status }) => status === "passed").map(({ duration_ms }) => duration_ms)
    if (times.length < 6) return []
    const now_ms = median(times.slice(0, 3))
    const before_ms = median(times.slice(3))
    return now_ms >= before_ms * 1.5 && now_ms >= before_ms + 50 ? [{ id, before_ms, now_ms }] : []
  }).sort((a, b) => (b.now_ms - b.before_ms) - (a.now_ms - a.before_ms) || (a.id < b.id ? -1 : 1))

const isBad = (status: Status): boolean => status === "failed" || status === "error" || status === "interrupted"

const summarise = (id: string, recent: CaseHistory["recent"]): CaseHistory => {
  const count = (status: Status) => recent.filter((one) => one.status === status).length
  const passes = recent.filter(({ status }) => status === "passed" || status === "flaky")
  return {
    id,
    recent,
    passed: count("passed"),
    failed: count("failed"),
    error: count("error"),
    flaky: count("flaky"),
    interrupted: count("interrupted"),
    flips: flips(recent.map(({ status }) => status).filter((status) => status !== "interrupted")),
    median_ms: median((passes.length > 0 ? passes : recent).map(({ duration_ms }) => duration_ms))
  }
}

const flips = (statuses: ReadonlyArray<Status>): number => {
  const changes = statuses.slice(1).filter((status, i) => isBad(status) !== isBad(statuses[i]!)).length
  return changes + 2 * statuses.filter((status) => status === "flaky").length
}

/** The lower of the two middle values of an even number; 0 for none. */
const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0
