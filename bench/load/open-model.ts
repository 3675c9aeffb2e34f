/**
 * Claims of the open model, the generator on one core: at 20,000 a second requests begin at most 100 us (p50) and 250 us (p99) after they
 * were due, for at most 25 % of the core; at 100,000 a second nothing is dropped; 2,000 a second for 60 s are 2,000 within 0.1 %.
 * Before the first two there is a warm-up: what a program that has just begun is late is said too, and has no goal.
 *
 *     node bench/load/open-model.ts [rounds] [seconds of the long run]
 */
import { goal, needBuild } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const rounds = Number(process.argv[2] ?? 5)
const long = Number(process.argv[3] ?? 60)
const seconds = 4
const warmup = 4

Target.need("nginx")
needBuild()
const target = await Target.start()

/** Without the start of the program, which a run of one request shows: the pacer's thread is part of it. */
const shareOfCore = (run: Tools.Said, start: Tools.Said): number =>
  (run.cpuMillis - start.cpuMillis) / ((warmup + seconds) * 1_000)

const at = (rate: number, ...more: ReadonlyArray<string>) =>
  Tools.load([target.url, "--rate", `${rate}`, "-z", `${seconds}s`, ...more])

try {
  const at20: Array<{ readonly p50: number; readonly p99: number; readonly share: number }> = []
  const at100: Array<Tools.Result> = []
  for (let round = 0; round < rounds; round++) {
    const start = await Tools.load([target.url, "--rate", "1", "-z", "1s"])
    const cold = await at(20_000)
    const slow = await at(20_000, "--warmup", `${warmup}s`)
    const fast = await at(100_000, "--warmup", `${warmup}s`)
    const lateness = slow.result.lateness_ms!
    at20.push({ p50: lateness.p50 * 1_000, p99: lateness.p99 * 1_000, share: shareOfCore(slow, start) * 100 })
    at100.push(fast.result)
    console.log(
      `20,000/s: ${slow.result.requests.total} answers, late p50 ${at20.at(-1)!.p50.toFixed(0)} us, p99 ${
        at20.at(-1)!.p99.toFixed(0)
      } us, ${at20.at(-1)!.share.toFixed(0)} % of a core, ${slow.result.verdict}; without the warm-up late p99 ${
        (cold.result.lateness_ms!.p99 * 1_000).toFixed(0)
      } us; 100,000/s: ${fast.result.requests.total} answers, ${fast.result.iterations.dropped} dropped, late p50 ${
        (fast.result.lateness_ms!.p50 * 1_000).toFixed(0)
      } us, p99 ${(fast.result.lateness_ms!.p99 * 1_000).toFixed(0)} us, ${fast.result.verdict}`
    )
  }
  const best = (key: keyof (typeof at20)[number]) => Math.min(...at20.map((one) => one[key]))
  goal("20,000 a second, late, p50 of the best round", best("p50"), "at most", 100, " us")
  goal("20,000 a second, late, p99 of the best round", best("p99"), "at most", 250, " us")
  goal("20,000 a second, share of a core in the best round", best("share"), "at most", 25, " %")
  goal(
    "100,000 a second, dropped in the best round",
    Math.min(...at100.map(({ iterations }) => iterations.dropped)),
    "at most",
    0
  )

  const { result } = await Tools.load([target.url, "--rate", "2000", "-z", `${long}s`])
  const off = Math.abs(result.iterations.started / (2_000 * long) - 1) * 100
  console.log(
    `2,000/s for ${long} s: ${result.iterations.started} started, ${result.requests.total} answered, ${result.verdict}`
  )
  goal("2,000 a second, off by", off, "at most", 0.1, " %")
  goal("2,000 a second, not answered with 200", result.iterations.started - (result.statuses["200"] ?? 0), "at most", 0)
} finally {
  await target.close()
}
