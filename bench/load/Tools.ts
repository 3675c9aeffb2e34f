/**
 * The contestants of the load benches: how each is started, pinned to the first core, and what it says of itself. `Target.ts` has the
 * server. The peers from npm are installed into a folder of the machine's, not here; k6 is taken from `SKEIN_BENCH_K6` when that is set.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { goal, quantile, skein as bin } from "../Alternate.ts"

export interface Work {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Requests a second in all; as many as the connections can get without. */
  readonly rate?: number | undefined
}

/** What a tool said, and what it took. */
export interface Outcome {
  readonly requests: number
  readonly perSecond: number
  /** Everything that was not an answer with status 200. */
  readonly failed: number
  /** By the tool's own word. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Of the whole process with its children, its start included. */
  readonly cpuMillis: number
}

export interface Tool {
  readonly name: string
  readonly run: (work: Work) => Promise<Outcome>
}

const peers = join(tmpdir(), "skein-bench-load-peers")
export const autocannonFile = join(peers, "node_modules/autocannon/autocannon.js")
const packages = ["autocannon@9.0.0", "loadtest@8.2.1", "artillery@2.0.34"]

export const installPeers = (): void => {
  if (existsSync(join(peers, "node_modules/.bin/artillery"))) return
  mkdirSync(peers, { recursive: true })
  writeFileSync(join(peers, "package.json"), "{\"private\":true}")
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages], {
    cwd: peers,
    stdio: "inherit"
  })
  if (npm.status !== 0) throw new Error(`${packages.join(", ")} could not be installed`)
}

export interface Said {
  readonly code: number
  readonly text: string
  readonly cpuMillis: number
  readonly wallMillis: number
}

/** Runs a command on the first core; fails when it ends with another code than one of `codes`. */
export const pinned = async (args: ReadonlyArray<string>, codes: ReadonlyArray<number> = [0]): Promise<Said> => {
  const { NODE_OPTIONS: _, ...environment } = process.env
  const started = performance.now()
  const child = spawn("bash", ["-c", "TIMEFORMAT='%U %S'; time taskset -c 0 \"$@\"", "bash", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment, CI: "1", ARTILLERY_DISABLE_TELEMETRY: "true" }
  })
  let text = ""
  let aside = ""
  child.stdout.on("data", (chunk) => text += chunk)
  child.stderr.on("data", (chunk) => aside += chunk)
  const [code] = await once(child, "close") as [number]
  if (!codes.includes(code)) throw new Error(`${args.join(" ")} ended with ${code}\n${text}\n${aside}`.slice(0, 4_000))
  const times = aside.trimEnd().split("\n").at(-1)!.split(" ").map(Number)
  return {
    code,
    text,
    cpuMillis: times.reduce((sum, seconds) => sum + seconds, 0) * 1_000,
    wallMillis: performance.now() - started
  }
}

/** The fields of a JSON result of skein that benches look at. */
export interface Result {
  readonly measured_s: number
  readonly requests: { readonly total: number; readonly per_second: number; readonly failed: number }
  readonly iterations: { readonly started: number; readonly dropped: number; readonly per_second: number }
  readonly statuses: Readonly<Record<string, number>>
  readonly checks: { readonly passed: number; readonly failed: number }
  readonly latency_ms: Latencies
  readonly service_ms: Latencies
  readonly lateness_ms: Latencies | null
  readonly generator: { readonly cpu: number; readonly rss_peak_bytes: number; readonly heap_peak_bytes: number }
  readonly verdict: "valid" | "invalid"
  readonly reasons: ReadonlyArray<{ readonly code: string; readonly text: string }>
}
type Latencies = Readonly<Record<"p50" | "p90" | "p95" | "p99" | "max", number>>

/** `skein load`, built; a run that is not valid is told by its verdict. */
export const load = async (args: ReadonlyArray<string>): Promise<Said & { readonly result: Result }> => {
  const said = await pinned([process.execPath, bin, "load", ...args, "--quiet", "--format", "json"], [0, 6])
  return { ...said, result: JSON.parse(said.text) as Result }
}

export const skein: Tool = {
  name: "skein",
  run: async ({ connections, rate, seconds, url }) => {
    const { cpuMillis, result } = await load([
      url,
      "-c",
      `${connections}`,
      "-z",
      `${seconds}s`,
      ...rate === undefined ? [] : ["--rate", `${rate}`],
      ...url.startsWith("https:") ? ["--insecure"] : []
    ])
    const { latency_ms: { p50, p95, p99 }, requests, statuses } = result
    return {
      requests: requests.total,
      perSecond: requests.per_second,
      failed: requests.total - (statuses["200"] ?? 0),
      p50,
      p95,
      p99,
      cpuMillis
    }
  }
}

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? NaN)

/** `1.20us`, `3.4ms` or `1.02s`, as wrk writes it, in milliseconds. */
const wrkTime = (text: string, share: string): number => {
  const [, value, unit] = new RegExp(`\\s${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
  return Number(value) * ({ us: 1e-3, ms: 1, s: 1e3 }[unit ?? ""] ?? NaN)
}

/** Knows no rate. */
export const wrk: Tool = {
  name: "wrk",
  run: async ({ connections, seconds, url }) => {
    const { cpuMillis, text } = await pinned(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", url])
    const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? []
    const other = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.slice(1) ?? []
    return {
      requests: number(text, /(\d+) requests in/),
      perSecond: number(text, /Requests\/sec:\s+([\d.]+)/),
      failed: [...errors, ...other].reduce((sum, count) => sum + Number(count), 0),
      p50: wrkTime(text, "50"),
      p95: NaN,
      p99: wrkTime(text, "99"),
      cpuMillis
    }
  }
}

export const hey: Tool = {
  name: "hey",
  run: async ({ connections, rate, seconds, url }) => {
    const { cpuMillis, text } = await pinned([
      "hey",
      "-z",
      `${seconds}s`,
      "-c",
      `${connections}`,
      "-cpus",
      "1",
      ...rate === undefined ? [] : ["-q", `${rate / connections}`],
      url
    ])
    const counts = [...text.matchAll(/^ {2}\[(\d+)\]\s+(\d+) /gm)].map(([, , count]) => Number(count))
    const requests = counts.reduce((sum, count) => sum + count, 0)
    const time = (share: string) => number(text, new RegExp(`${share}% in ([\\d.]+) secs`)) * 1_000
    return {
      requests,
      perSecond: number(text, /Requests\/sec:\s+([\d.]+)/),
      failed: requests - number(text, /\[200\]\s+(\d+)/),
      p50: time("50"),
      p95: time("95"),
      p99: time("99"),
      cpuMillis
    }
  }
}

export const autocannon: Tool = {
  name: "autocannon",
  run: async ({ connections, rate, seconds, url }) => {
    const { cpuMillis, text } = await pinned([
      process.execPath,
      autocannonFile,
      "-j",
      "-c",
      `${connections}`,
      "-d",
      `${seconds}`,
      ...rate === undefined ? [] : ["-R", `${rate}`],
      url
    ])
    const { duration, errors, latency, non2xx, requests } = JSON.parse(text) as {
      readonly duration: number
      readonly errors: number
      readonly non2xx: number
      readonly requests: { readonly total: number }
      readonly latency: { readonly p50: number; readonly p97_5: number; readonly p99: number }
    }
    return {
      requests: requests.total,
      perSecond: requests.total / duration,
      failed: errors + non2xx,
      p50: latency.p50,
      p95: NaN,
      p99: latency.p99,
      cpuMillis
    }
  }
}

export const loadtest: Tool = {
  name: "loadtest",
  run: async ({ connections, seconds, url }) => {
    const { cpuMillis, text } = await pinned([
      process.execPath,
      join(peers, "node_modules/loadtest/bin/loadtest.js"),
      "-c",
      `${connections}`,
      "-t",
      `${seconds}`,
      "--cores",
      "1",
      "-k",
      url
    ])
    const time = (share: string) => number(text, new RegExp(`\\s${share}%\\s+([\\d.]+) ms`))
    return {
      requests: number(text, /Completed requests:\s+(\d+)/),
      perSecond: number(text, /Effective rps:\s+(\d+)/),
      failed: number(text, /Total errors:\s+(\d+)/),
      p50: time("50"),
      p95: time("95"),
      p99: time("99"),
      cpuMillis
    }
  }
}

/** As many users as connections, each of which asks until it has its share: a scenario of one step with one expectation. */
export const artillery: Tool = {
  name: "artillery",
  run: async ({ connections, seconds, url }) => {
    const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
    const { origin, pathname } = new URL(url)
    const each = Math.ceil(seconds * artilleryPerSecond / connections)
    writeFileSync(
      join(folder, "load.yml"),
      JSON.stringify({
        config: {
          target: origin,
          phases: [{ duration: 1, arrivalCount: connections }],
          http: { pool: connections },
          plugins: { expect: { outputFormat: "silent" } }
        },
        scenarios: [{ flow: [{ loop: [{ get: { url: pathname, expect: [{ statusCode: 200 }] } }], count: each }] }]
      })
    )
    try {
      const out = join(folder, "out.json")
      const command = [process.execPath, join(peers, "node_modules/artillery/bin/run"), "run", "--quiet"]
      const { cpuMillis } = await pinned([...command, "--output", out, join(folder, "load.yml")])
      const { aggregate: { counters, firstMetricAt, lastMetricAt, summaries } } = JSON.parse(
        readFileSync(out, "utf8")
      ) as {
        readonly aggregate: {
          readonly counters: Readonly<Record<string, number>>
          readonly firstMetricAt: number
          readonly lastMetricAt: number
          readonly summaries: Readonly<Record<string, Readonly<Record<"p50" | "p95" | "p99", number>>>>
        }
      }
      const requests = counters["http.requests"] ?? 0
      const { p50, p95, p99 } = summaries["http.response_time"]!
      return {
        requests,
        perSecond: requests / (lastMetricAt - firstMetricAt) * 1_000,
        failed: requests - (counters["plugins.expect.ok"] ?? 0),
        p50,
        p95,
        p99,
        cpuMillis
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A guess, so that it takes about as long as the others. */
const artilleryPerSecond = 5_000

const k6Binary = process.env["SKEIN_BENCH_K6"]

/** None without a binary. */
export const k6: ReadonlyArray<Tool> = k6Binary === undefined ? [] : [{
  name: spawnSync(k6Binary, ["version"], { encoding: "utf8" }).stdout.trim().split(" (")[0]!,
  run: async ({ connections, seconds, url }) => {
    const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
    try {
      const [script, out] = [join(folder, "load.js"), join(folder, "out.json")]
      writeFileSync(
        script,
        `import http from "k6/http"; export const options = { vus: ${connections}, duration: "${seconds}s",
        discardResponseBodies: true, insecureSkipTLSVerify: true }; export default () => { http.get("${url}") }`
      )
      const { cpuMillis } = await pinned([k6Binary, "run", "--quiet", "--summary-export", out, script])
      const { metrics } = JSON.parse(readFileSync(out, "utf8")) as {
        readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>
      }
      const { count: requests = 0, rate: perSecond = 0 } = metrics["http_reqs"] ?? {}
      const { med: p50 = NaN, "p(95)": p95 = NaN } = metrics["http_req_duration"] ?? {}
      const failed = (metrics["http_req_failed"]?.["value"] ?? 0) * requests
      return { requests, perSecond, failed, p50, p95, p99: NaN, cpuMillis }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}]

/** Runs of one tool, in rounds with the others. */
export interface Runs {
  readonly name: string
  readonly runs: ReadonlyArray<Outcome>
}

/** Runs all in turn, so often; fails when one of them says that it had anything but answers. */
export const alternate = async (
  tools: ReadonlyArray<Tool>,
  work: Work | ((tool: Tool) => Work),
  rounds: number
): Promise<ReadonlyArray<Runs>> => {
  const all = tools.map(({ name }) => ({ name, runs: [] as Array<Outcome> }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, tool] of tools.entries()) {
      const outcome = await tool.run(typeof work === "function" ? work(tool) : work)
      if (!(outcome.requests > 0) || outcome.failed !== 0) {
        throw new Error(`${tool.name}: ${outcome.failed} of ${outcome.requests} requests failed`)
      }
      all[index]!.runs.push(outcome)
    }
  }
  return all
}

export const best = ({ runs }: Runs): number => Math.max(...runs.map(({ perSecond }) => perSecond))

/** Processor time of one request in the best run, the start of the program included, in microseconds. */
export const least = ({ runs }: Runs): number =>
  Math.min(...runs.map(({ cpuMillis, requests }) => cpuMillis * 1_000 / requests))

/** A line for each: the best rate and the middle half of all, and the processor time of a request. */
export const print = (all: ReadonlyArray<Runs>): void => {
  const width = Math.max(...all.map(({ name }) => name.length))
  for (const one of all) {
    const rates = one.runs.map(({ perSecond }) => perSecond)
    console.log(
      [
        one.name.padEnd(width),
        `best ${best(one).toFixed(0).padStart(7)}/s`,
        `(${quantile(rates, 0.25).toFixed(0)} to ${quantile(rates, 0.75).toFixed(0)})`,
        `cpu ${least(one).toFixed(2)} us each`,
        `of ${one.runs.length}`
      ].join("  ")
    )
  }
}

/** The best of the first one is at least so many times the best of each other that is named. */
export const goals = (all: ReadonlyArray<Runs>, times: Readonly<Record<string, number>>, what: string): void => {
  const [ours, ...others] = all
  for (const one of others) {
    const wanted = times[one.name.split(" ")[0]!]
    if (wanted === undefined || ours === undefined) continue
    goal(`${what}, in times of ${one.name}`, best(ours) / best(one), "at least", wanted)
    console.log(
      `        processor time of a request of ${one.name}, in times of ours: ${(least(one) / least(ours)).toFixed(2)}`
    )
  }
}
