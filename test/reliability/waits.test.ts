/** `skein wait` as a process: stopped by Ctrl-C, and killed at any moment and taken up again from its handle file. */
import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { folder, start } from "../cli/commandLine.ts"
import { numbers, seeds } from "../support/seeds.ts"

const killsOfOne = Math.min(5, seeds(500))
const chains = Math.round(seeds(500) / killsOfOne)

const often = ["--requests-per-second", "10000", "--interval", "50ms"]

/** Tasks that end so many milliseconds after the first look at one of them; and which were asked for, in order. */
const serve = async (ends: ReadonlyMap<string, number>) => {
  const asked: Array<string> = []
  let begun: number | undefined
  const server = createServer((request, response) => {
    const id = request.url!.slice("/tasks/".length)
    const now = performance.now()
    begun ??= now
    asked.push(id)
    const status = now - begun >= ends.get(id)! ? "ok" : "running"
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ status }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    asked,
    args: [
      "wait",
      `--url=http://127.0.0.1:${(server.address() as AddressInfo).port}/tasks/{id}`,
      "--state=body.status",
      "--done=ok",
      ...often
    ],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    }
  }
}

interface Answer {
  readonly verdict: string
  readonly items: ReadonlyArray<{ readonly id: string; readonly outcome?: string }>
}
const parse = (text: string) => JSON.parse(text) as Answer
const doneIn = (path: string): ReadonlyArray<string> =>
  existsSync(path)
    ? parse(readFileSync(path, "utf8")).items.filter(({ outcome }) => outcome === "done").map(({ id }) => id)
    : []

const ids = Array.from({ length: 40 }, (_, n) => `t${n}`)

/** Kills a wait time and again; what its file calls done stays so, and is not asked for any more. */
const killed = async (seed: number) => {
  const random = numbers(seed)
  using own = folder({})
  await using server = await serve(new Map(ids.map((id) => [id, random() * 2_000])))
  const file = join(own.path, "wait.json")
  const kept: Array<{ readonly asked: number; readonly done: ReadonlyArray<string> }> = []
  for (let n = 0; n < killsOfOne; n++) {
    const before = server.asked.length
    // The first ones name what they wait for; a file that is there has it too.
    const { child, ended } = start([...server.args, "--handles", "wait.json", ...ids], own.path)
    while (child.exitCode === null && server.asked.length === before) await setTimeout(5)
    await setTimeout(random() * 300)
    child.kill("SIGKILL")
    await ended
    kept.push({ asked: server.asked.length, done: doneIn(file) })
  }
  const again = ["wait", "--handles", "wait.json", "--format", "json", ...often]
  const { code, stderr, stdout } = await start(again, own.path).ended

  assert.strictEqual(code, 0, stderr)
  const { items } = parse(stdout)
  assert.deepStrictEqual(items.map(({ id, outcome }) => `${id} ${outcome}`), ids.map((id) => `${id} done`))
  for (const { asked, done } of kept) {
    const again = server.asked.slice(asked).filter((id) => done.includes(id))
    assert.deepStrictEqual(again, [], `seed ${seed}: what was done is asked for again`)
  }
}

describe("skein wait, as a process", () => {
  it("R26 SIGINT: it ends at once with 130, and its result has what was known", async () => {
    using own = folder({})
    await using server = await serve(new Map(ids.map((id, n) => [id, n < 20 ? 0 : 3_600_000])))
    const { child, ended } = start([...server.args, "--handles", "wait.json", "--format", "json", ...ids], own.path)
    while (server.asked.length < 3 * ids.length) await setTimeout(10)
    child.kill("SIGINT")
    const { code, stderr, stdout } = await ended

    assert.strictEqual(code, 130, stderr)
    const { items, verdict } = parse(stdout)
    assert.strictEqual(verdict, "stopped")
    assert.deepStrictEqual(
      items.map(({ outcome }) => outcome),
      ids.map((_, n) => n < 20 ? "done" : "not awaited")
    )
    assert.deepStrictEqual(doneIn(join(own.path, "wait.json")), ids.slice(0, 20))
  })

  it(
    `R29 kill -9 at ${
      chains * killsOfOne
    } moments: from its handle file it goes on, and looks at nothing that was done`,
    async () => {
      for (let seed = 0; seed < chains; seed += 3) {
        await Promise.all(Array.from({ length: Math.min(3, chains - seed) }, (_, n) => killed(seed + n)))
      }
    },
    chains > 4 ? 3_600_000 : 120_000
  )
})
