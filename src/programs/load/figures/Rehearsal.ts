/**
 * Adds up a second that never was, before the load begins. Code that runs once a second takes several times as long the first time, and
 * in the thread that makes the load that would make requests late.
 */
import { Histogram } from "../../../core/Histogram.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import * as Executors from "../executors/Executors.ts"
import type { Plan } from "../Plan.ts"
import * as Frame from "./Frame.ts"
import { Recorder } from "./Recorder.ts"
import { Scoreboard } from "./Scoreboard.ts"
import type { Compiled } from "./Thresholds.ts"
import { Totals } from "./Totals.ts"

/** Of each load, in each of the seconds that are added up. */
const answers = 500
const seconds = 3

/** Some milliseconds of work that leaves nothing behind. */
export const run = (plan: Plan, thresholds: ReadonlyArray<Compiled>): void => {
  const open = plan.loads.map(({ executor }) => Executors.isOpen(executor))
  const recorder = new Recorder(open)
  const totals = new Totals(1, open)
  const board = new Scoreboard(plan, totals, thresholds)
  for (let at = 0; at < seconds; at++) {
    for (const load of recorder.loads) {
      const step = load.step({ scenario: "", name: "", action: "http", tags: [] })
      for (let n = 1; n <= answers; n++) {
        load.lateness.record(n)
        step.response(0, n, n * ticksPerMilli / 100, 200, 100, 100)
      }
    }
    const frame = Frame.encode({ at, until: at + 1, health }, recorder)
    recorder.clear()
    for (const ended of totals.add(0, frame)) board.follow(ended, false)
  }
}

const health: Frame.Health = {
  cpu: 0,
  lag: new Histogram(),
  gcCount: 0,
  gcMillis: 0,
  rssBytes: 0,
  heapBytes: 0,
  socketsOpened: 0,
  socketsOpen: 0
}
