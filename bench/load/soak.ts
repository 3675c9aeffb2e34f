/**
 * Claim: at 1,000 requests a second the heap grows by less than 1 MB in ten minutes. The slope of what is live after a collection, every
 * five seconds, the first half minute left out. Two minutes by default; `node bench/load/soak.ts 1800` is the half hour of the claim.
 *
 *     node bench/load/soak.ts [seconds]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { goal, needBuild, skein } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const seconds = Number(process.argv[2] ?? 120)
const settling = Math.min(30, seconds / 3)

/** Of the straight line that is nearest to all points. */
const slope = (points: ReadonlyArray<readonly [x: number, y: number]>): number => {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const product = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return product / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

Target.need("nginx")
needBuild()
const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
const target = await Target.start()
try {
  process.env["SKEIN_BENCH_HEAP"] = join(folder, "heap")
  const node = [process.execPath, "--expose-gc", "--require", join(import.meta.dirname, "heap.cjs")]
  const args = ["load", target.url, "--rate", "1000", "-z", `${seconds}s`, "--quiet", "--format", "json"]
  const { text } = await Tools.pinned([...node, skein, ...args], [0, 6])
  const { generator, iterations, requests } = JSON.parse(text) as Tools.Result
  const points = readFileSync(join(folder, "heap"), "utf8").trim().split("\n")
    .map((line) => line.split(" ").map(Number) as [number, number]).filter(([at]) => at > settling)
  const megabytes = points.map(([at, bytes]) => [at, bytes / 2 ** 20] as const)
  console.log(
    `${requests.total} answers, ${iterations.dropped} dropped; live ${
      megabytes[0]![1].toFixed(2)
    } MB after ${settling} s, ${megabytes.at(-1)![1].toFixed(2)} MB at the end, peak of memory ${
      (generator.rss_peak_bytes / 2 ** 20).toFixed(0)
    } MB`
  )
  goal(`growth of the heap in ten minutes, by ${megabytes.length} looks`, slope(megabytes) * 600, "at most", 1, " MB")
} finally {
  await target.close()
  rmSync(folder, { recursive: true, force: true })
}
