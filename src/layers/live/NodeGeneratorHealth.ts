/** How a thread that makes load fares: its processor time, how late its timers are, and what the garbage collector takes. */
import { Effect, Layer } from "effect"
import { availableParallelism } from "node:os"
import { PerformanceObserver } from "node:perf_hooks"
import { Histogram } from "../../core/Histogram.ts"
import { GeneratorHealth, type Watch } from "../../services/GeneratorHealth.ts"
import { ticksPerMilli } from "../../services/LoadClock.ts"

/** Of the timer whose lateness is the lag. */
const intervalMillis = 20

const watch = Effect.acquireRelease(
  Effect.sync(() => {
    let lag = new Histogram()
    let due = performance.now() + intervalMillis
    const timer = setInterval(() => {
      const now = performance.now()
      lag.record(Math.max(0, now - due) * ticksPerMilli)
      due = now + intervalMillis
    }, intervalMillis)
    let gcCount = 0
    let gcMillis = 0
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        gcCount++
        gcMillis += duration
      }
    })
    observer.observe({ entryTypes: ["gc"] })
    let cpu = cpuMillis()
    let at = performance.now()

    const sample: Watch["sample"] = () => {
      const before = { cpu, at, lag, gcCount, gcMillis }
      cpu = cpuMillis()
      at = performance.now()
      lag = new Histogram()
      gcCount = gcMillis = 0
      const { heapUsed, rss } = process.memoryUsage()
      return {
        cpu: at > before.at ? (cpu - before.cpu) / (at - before.at) : 0,
        lag: before.lag,
        gcCount: before.gcCount,
        gcMillis: before.gcMillis,
        rssBytes: rss,
        heapBytes: heapUsed
      }
    }
    const end = () => {
      clearInterval(timer)
      observer.disconnect()
    }
    return { sample, end }
  }),
  ({ end }) => Effect.sync(end)
)

/** Of this thread; before Node 23.9, which cannot tell, of the process. */
const cpuMillis = (): number => {
  const { system, user } = process.threadCpuUsage?.() ?? process.cpuUsage()
  return (system + user) / 1000
}

/** Watches nothing until asked. */
export const layer: Layer.Layer<GeneratorHealth> = Layer.succeed(GeneratorHealth, {
  watch,
  machine: {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism()
  }
})
