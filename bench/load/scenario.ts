/**
 * Claims: a scenario of one step with one expectation, on one core with 64 virtual users, makes at least 1.5 times as many requests a
 * second as autocannon on the bare URL, and 30 times as many as Artillery with the same scenario; a virtual user takes at most 24 KB,
 * seen in what 4,000 of them take more than 400 that ask ten times as often.
 *
 *     node bench/load/scenario.ts [rounds] [seconds]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { goal, median, needBuild } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 3)

Target.need("nginx")
needBuild()
Tools.installPeers()
const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
const target = await Target.start()

const file = (name: string, load: string): string => {
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, `name: One step\nload: ${load}\nsteps:\n  - http: ${target.url}\n    expect: status == 200\n`)
  return path
}

const scenario: Tools.Tool = {
  name: "skein, a scenario",
  run: async ({ connections, seconds }) => {
    const { cpuMillis, result } = await Tools.load([
      file("closed", `{ executor: constant-vus, vus: ${connections}, duration: ${seconds}s }`)
    ])
    const { checks, latency_ms: { p50, p95, p99 }, requests, statuses } = result
    if (checks.passed !== requests.total) throw new Error(`${checks.passed} checks of ${requests.total} requests`)
    const failed = requests.total - (statuses["200"] ?? 0)
    return { requests: requests.total, perSecond: requests.per_second, failed, p50, p95, p99, cpuMillis }
  }
}

/** Peak of memory of a run in which so many users ask 2,000 times a second together. */
const memory = async (vus: number): Promise<number> => {
  const block = `{ executor: constant-vus, vus: ${vus}, duration: 5s, pacing: ${vus / 2}ms }`
  const { result } = await Tools.load([file(`users-${vus}`, block)])
  if (result.requests.failed > 0) throw new Error(`${result.requests.failed} requests failed`)
  return result.generator.rss_peak_bytes
}

try {
  const all = await Tools.alternate(
    [scenario, Tools.autocannon, Tools.artillery],
    { url: target.url, connections: 64, seconds },
    rounds
  )
  Tools.print(all)
  Tools.goals(all, { autocannon: 1.5, artillery: 30 }, "requests a second")

  const each: Array<number> = []
  for (let round = 0; round < 3; round++) each.push((await memory(4_000) - await memory(400)) / 3_600 / 1_024)
  goal("memory of a virtual user", median(each), "at most", 24, " KB")
} finally {
  await target.close()
  rmSync(folder, { recursive: true, force: true })
}
