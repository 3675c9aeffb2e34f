/**
 * Runs commands and functions in turn, so that a busy machine is unfair to all of them alike, and prints what they took: wall
 * and processor seconds, peak memory, and the ratio to the first one as the median over the rounds with its spread.
 *
 * `Server.ts` has the loopback server; `npm run bench` runs all claims and fails when one printed a miss.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"

/** What one run took. The child's own processor time and memory, its threads included. */
export interface Cost {
  readonly wallMs: number
  readonly cpuMs?: number | undefined
  readonly peakMb?: number | undefined
}

export interface Contestant {
  readonly name: string
  readonly run: () => Promise<Cost> | Cost
}

/** Costs by contestant, in their order; the n-th costs of all were measured in the same round. */
export type Rounds = ReadonlyArray<{ readonly name: string; readonly costs: ReadonlyArray<Cost> }>

export interface CommandOptions {
  /** Over that of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly directory?: string | undefined
  /** Also measure processor time and memory, with a preloaded module that costs less than a millisecond. @default true */
  readonly usage?: boolean | undefined
  /** Exit codes that are a success. @default 0 */
  readonly codes?: ReadonlyArray<number> | undefined
}

/** The built command line; `SKEIN_BENCH_BIN` names another one. */
export const skein = process.env["SKEIN_BENCH_BIN"] ?? join(import.meta.dirname, "../bin/skein.js")

/** Ends the bench when there is no bundle: the sources would be measured in its place. */
export const needBuild = (): void => {
  if (!existsSync(join(skein, "../../dist/cli/bin.mjs"))) throw new Error("dist/cli is missing: npm run build")
}

/** Runs node with `args` and measures it. Fails when the command does, with what it said. */
export const node = (args: ReadonlyArray<string>, options: CommandOptions = {}): Promise<Cost> =>
  new Promise((resolve, reject) => {
    const usage = options.usage ?? true
    const { NODE_OPTIONS: _, ...inherited } = process.env
    const started = performance.now()
    const child = spawn(process.execPath, [
      ...usage ? ["--require", join(import.meta.dirname, "usage.cjs")] : [],
      ...args
    ], {
      cwd: options.directory,
      env: { ...inherited, CI: "1", ...options.environment },
      stdio: ["ignore", "pipe", "pipe", ...usage ? ["pipe" as const] : []]
    })
    let said = ""
    let measured = ""
    child.stdout!.on("data", (chunk) => said = `${said}${chunk}`.slice(-4_000))
    child.stderr!.on("data", (chunk) => said = `${said}${chunk}`.slice(-4_000))
    child.stdio[3]?.on("data", (chunk) => measured += chunk)
    child.once("error", reject)
    let wallMs = 0
    child.once("exit", () => wallMs = performance.now() - started)
    child.once("close", (code) => {
      if (!(options.codes ?? [0]).includes(code ?? -1)) {
        return reject(new Error(`node ${args.join(" ")} ended with ${code}\n${said}`))
      }
      const [cpuMs, peakMb] = measured === "" ? [] : JSON.parse(measured) as [number, number]
      resolve({ wallMs, cpuMs, peakMb })
    })
  })

/** Measures work in this process. */
export const inProcess = async (work: () => unknown): Promise<Cost> => {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  const wallMs = performance.now() - started
  const { system, user } = process.cpuUsage(cpu)
  return { wallMs, cpuMs: (system + user) / 1_000 }
}

/** Runs every contestant once per round, after `warmUp` rounds that do not count. */
export const alternate = async (
  contestants: ReadonlyArray<Contestant>,
  rounds: number,
  warmUp = 1
): Promise<Rounds> => {
  const results = contestants.map(({ name }) => ({ name, costs: [] as Array<Cost> }))
  for (let round = -warmUp; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const cost = await contestant.run()
      if (round >= 0) results[index]!.costs.push(cost)
    }
  }
  return results
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** Nearest rank. */
export const quantile = (values: ReadonlyArray<number>, q: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)]!

/** How many times as long as `base` the contestant took, round by round: the median, and the middle half of them. */
export const ratio = (of: Rounds[number], base: Rounds[number]) => {
  const ratios = of.costs.map((cost, round) => cost.wallMs / base.costs[round]!.wallMs)
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) }
}

export const wall = (of: Rounds[number]): number => median(of.costs.map(({ wallMs }) => wallMs))
export const cpu = (of: Rounds[number]): number => median(of.costs.map(({ cpuMs }) => cpuMs ?? NaN))
export const peak = (of: Rounds[number]): number => Math.max(...of.costs.map(({ peakMb }) => peakMb ?? NaN))

/** Prints a line per contestant. The first one is what the others are compared with. */
export const print = (rounds: Rounds): void => {
  const width = Math.max(...rounds.map(({ name }) => name.length))
  for (const one of rounds) {
    const { high, low, median } = ratio(one, rounds[0]!)
    const parts = [
      one.name.padEnd(width),
      `wall ${time(wall(one)).padStart(8)}`,
      one.costs[0]!.cpuMs === undefined ? "" : `cpu ${time(cpu(one)).padStart(8)}`,
      one.costs[0]!.peakMb === undefined ? "" : `peak ${peak(one).toFixed(0).padStart(4)} MB`,
      `ratio ${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
    ]
    console.log(parts.filter((part) => part !== "").join("  "))
  }
}

const time = (millis: number): string => millis < 1_000 ? `${millis.toFixed(1)} ms` : `${(millis / 1_000).toFixed(2)} s`

/** Says whether a figure is reached; a figure that is missed makes the bench fail. */
export const goal = (
  claim: string,
  value: number,
  relation: "at most" | "at least",
  limit: number,
  unit = ""
): void => {
  const held = relation === "at most" ? value <= limit : value >= limit
  const shown = `${Number(value.toPrecision(3))}${unit}, ${relation} ${limit}${unit}`
  console.log(`${held ? "held  " : "MISSED"}  ${claim}: ${shown}`)
  if (!held) process.exitCode = 1
}
