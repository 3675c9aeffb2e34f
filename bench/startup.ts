/**
 * Claim: `skein --help` and `skein --version` take at most 3.5 times as long as `node -e 0` with the same node, and less than
 * 90 MB. Runs in alternation, medians, after one unmeasured round that fills the compile cache. `npm run build` comes first.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"

const skein = join(import.meta.dirname, "../bin/skein.js")
const rounds = Number(process.argv[2] ?? 25)
const commands = {
  "node -e 0": ["-e", "0"],
  "skein --version": [skein, "--version"],
  "skein --help": [skein, "--help"]
}

if (!existsSync(join(import.meta.dirname, "../dist/cli/bin.js"))) throw new Error("dist/cli is missing: npm run build")

const run = (args: ReadonlyArray<string>): number => {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" })
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`)
  return performance.now() - started
}
const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Peak memory of one run in MB. */
const memory = (args: ReadonlyArray<string>): number => {
  const report = "process.on('exit', () => console.error(process.resourceUsage().maxRSS))"
  const preload = `data:text/javascript,${encodeURIComponent(report)}`
  const { stderr } = spawnSync(process.execPath, ["--import", preload, ...args], { encoding: "utf8" })
  return Number(stderr.trim().split("\n").at(-1)) / 1000
}

const times = Object.values(commands).map((): Array<number> => [])
for (let round = -1; round < rounds; round++) {
  for (const [index, args] of Object.values(commands).entries()) {
    const millis = run(args)
    if (round >= 0) times[index]!.push(millis)
  }
}

const baseline = median(times[0]!)
let failed = false
for (const [index, [name, args]] of Object.entries(commands).entries()) {
  const ratio = median(times[index]!) / baseline
  const megabytes = memory(args)
  failed ||= ratio > 3.5 || megabytes > 90
  console.log(
    `${name.padEnd(16)} ${median(times[index]!).toFixed(1)} ms  ratio ${ratio.toFixed(2)}  ${megabytes.toFixed(0)} MB`
  )
}
console.log(failed ? "FAIL: goal is a ratio of at most 3.5 and 90 MB" : "ok: goal is a ratio of at most 3.5 and 90 MB")
process.exitCode = failed ? 1 : 0
