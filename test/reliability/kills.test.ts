/** Processes that work on Pantheon and are killed at any moment; the API's log tells whether anything was lost or repeated. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { Counts, Start } from "../../src/layers/fake/FakePantheon.ts"
import * as PantheonServer from "../../src/layers/fake/PantheonServer.ts"
import type { PantheonOptions } from "../../src/services/FakeServer.ts"
import { folder, start } from "../cli/commandLine.ts"
import { broken, type Run } from "../support/invariants.ts"
import { numbers, seeds } from "../support/seeds.ts"

const killsOfOne = Math.min(5, seeds(500))
const chains = Math.round(seeds(500) / killsOfOne)
/** Processes at once. */
const width = 3

interface Work {
  readonly args: ReadonlyArray<string>
  /** Kills come within so many milliseconds of the first request. */
  readonly span: number
  readonly server: PantheonOptions
}

/** Runs a command against an API of its own, kills it time and again, and lets it come to its end. */
const chain = (seed: number, { args, server, span }: Work, judge: (told: Told) => void): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.gen(function*() {
    const { host, port, token, url } = yield* PantheonServer.start(server)
    yield* Effect.promise(async () => {
      const own = folder({})
      const environment = {
        TERMINUS_PROTOCOL: "http",
        TERMINUS_HOST: host,
        TERMINUS_PORT: port,
        TERMINUS_MACHINE_TOKEN: token,
        TERMINUS_CACHE_DIR: join(own.path, "cache")
      }
      const text = Object.entries(environment).map(([name, value]) => `${name}=${value}`).join("\n")
      writeFileSync(join(own.path, "pantheon.env"), text)
      const ask = async <A>(what: string) => await (await fetch(`${url}/_fake/${what}`)).json() as A
      const requests = async () => (await ask<Counts>("counters")).requests
      const run = (n: number) =>
        start([...args, "--env-file", "pantheon.env"].map((arg) => arg.replace("{run}", String(n))), own.path)
      try {
        const random = numbers(seed)
        const killed: Array<number> = []
        for (let n = 0; n < killsOfOne; n++) {
          const before = await requests()
          const { child, ended } = run(n)
          // From its first request on, so that there is something to lose.
          while (child.exitCode === null && await requests() === before) await setTimeout(5)
          await setTimeout(random() * span)
          child.kill("SIGKILL")
          await ended
          killed.push((await ask<ReadonlyArray<Start>>("starts")).length)
        }
        const { code, stderr, stdout } = await run(killsOfOne).ended
        judge({
          path: own.path,
          killed,
          code,
          stdout,
          stderr,
          log: await ask<ReadonlyArray<Start>>("starts")
        })
      } finally {
        own[Symbol.dispose]()
      }
    })
  })))

/** What is known of a chain when its last run has ended. */
interface Told {
  readonly path: string
  /** Starts in the API's log after each kill. */
  readonly killed: ReadonlyArray<number>
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly log: ReadonlyArray<Start>
}

const all = async (one: (seed: number) => Promise<void>) => {
  for (let first = 0; first < chains; first += width) {
    await Promise.all(Array.from({ length: Math.min(width, chains - first) }, (_, n) => one(first + n)))
  }
}

const lines = (path: string): ReadonlyArray<Readonly<Record<string, string>>> =>
  existsSync(path)
    ? readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line) as Record<string, string>)
    : []

interface Report {
  readonly failures: ReadonlyArray<{ readonly item: string; readonly problem: string }>
}

const targets = Array.from(
  { length: 20 },
  (_, n) => ["dev", "live"].map((env) => `site-${String(n + 1).padStart(3, "0")}.${env}`)
).flat()

/** Half of the chains may be done twice, half must not be; some wait for what they started; some answers get lost. */
const batch = (seed: number) => {
  const idempotent = seed % 2 === 1
  const wait = seed % 4 > 1
  const flags = "--rate 10000 --concurrency 6 --resume --yes --format json --out rows{run}.jsonl".split(" ")
  const operation = idempotent ? "env:clear-cache" : "env:deploy"
  const work: Work = {
    args: ["batch", `pantheon:${operation}`, ...targets, ...flags, ...(wait ? ["--wait"] : [])],
    span: wait ? 2_600 : 300,
    server: {
      sites: 20,
      seed: seed + 1,
      switches: { latency: "5ms", workflow_duration: "1500ms", lost_starts: String(seed % 3) }
    }
  }
  return chain(seed, work, ({ code, killed, log, path, stderr, stdout }) => {
    assert.include([0, 3], code, stderr)
    const { failures } = JSON.parse(stdout) as Report
    const runs = killed.map((starts, n): Run => ({
      starts,
      succeeded: lines(join(path, `rows${n}.jsonl`)).filter(({ outcome }) => outcome === "succeeded").map(({ item }) =>
        item!
      )
    }))
    const unknown = failures.map(({ item }) => item)
    const why = `seed ${seed}: ${failures.map(({ problem }) => problem).join("; ")}`
    assert.deepStrictEqual(broken({ items: targets, idempotent, killed: runs, unknown, log }), [], why)
  })
}

const paginate = (seed: number) => {
  const work: Work = {
    args: "paginate pantheon:sites --fields id --requests-per-second 10000 --output sites.jsonl --resume journal -q"
      .split(" "),
    span: 500,
    server: {
      sites: 700,
      organizations: 3,
      seed: seed + 1,
      switches: { latency: "30ms", cursor: seed % 2 === 0 ? "exclusive-any" : "strict-boundary" }
    }
  }
  return chain(seed, work, ({ code, path, stderr }) => {
    assert.strictEqual(code, 0, stderr)
    const ids = lines(join(path, "sites.jsonl")).map(({ id }) => id!)
    assert.lengthOf(ids, 700, `seed ${seed}`)
    assert.lengthOf([...new Set(ids)], 700, `seed ${seed}`)
  })
}

const limit = chains > 4 ? 3_600_000 : 120_000

describe.concurrent("killed", () => {
  it(
    `R29 kill -9 at ${
      chains * killsOfOne
    } moments of a batch on Pantheon: nothing is lost, and no recorded success is repeated`,
    () => all(batch),
    limit
  )

  it(
    `R29 kill -9 at ${chains * killsOfOne} moments of a reading of Pantheon's sites: each is there, and once`,
    () => all(paginate),
    limit
  )
})

describe("the judge", () => {
  const log = ["a", "b"].map((target) => ({ target }))
  const fine = { items: ["a", "b"], idempotent: false, killed: [{ starts: 1, succeeded: ["a"] }], unknown: [], log }

  it.each([
    { story: fine, problems: [], because: "all is well" },
    {
      story: { ...fine, log: [{ target: "a" }] },
      problems: ["b is called done and was never started"],
      because: "b is lost"
    },
    { story: { ...fine, unknown: ["b"], log: [{ target: "a" }] }, problems: [], because: "b was told to be unknown" },
    {
      story: { ...fine, log: [...log, { target: "b" }] },
      problems: ["b was started 2 times"],
      because: "b must not be done twice"
    },
    {
      story: { ...fine, idempotent: true, log: [...log, { target: "b" }] },
      problems: [],
      because: "b may be done twice before its success is recorded"
    },
    {
      story: { ...fine, idempotent: true, log: [...log, { target: "a" }] },
      problems: ["a was started again after its success was recorded"],
      because: "a may not be done twice after its success was recorded"
    },
    {
      story: { ...fine, unknown: ["a"] },
      problems: ["the recorded success of a is forgotten"],
      because: "a success that was recorded is known"
    },
    { story: { ...fine, log: [...log, { target: "c" }] }, problems: ["nobody asked for c"], because: "c is no item" }
  ])("finds $problems: $because", ({ problems, story }) => assert.deepStrictEqual(broken(story), problems))
})
