/** `skein batch` as a process, against a server that keeps a log of what was done to it. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { numbers, seeds } from "../support/seeds.ts"
import { call, type Ended, folder, shell, start } from "./commandLine.ts"

/** What was done, in order; an item counts once its answer is sent. */
const log: Array<string> = []
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://shop.test")
  void setTimeout(Number(searchParams.get("delay") ?? 0)).then(() => {
    log.push(`${request.method} ${pathname}`)
    response.statusCode = pathname.includes("bad") ? 422 : 200
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ path: pathname, key: request.headers["idempotency-key"] ?? null }))
  })
})
let base = ""
const seen = (prefix: string) => log.filter((line) => line.includes(prefix))

beforeAll(async () => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return () => server.close()
})

const put = (path: string) => ["http", "--with", "method=PUT", "--with", `url=${base}/${path}`, "--rate", "10000"]
const batch = (files: { readonly path: string }, ...args: ReadonlyArray<string>) => call(["batch", ...args], files.path)

interface Json {
  readonly summary: Readonly<Record<string, number>>
  readonly failures: ReadonlyArray<{ readonly item: unknown; readonly problem: string }>
}
const json = ({ stderr, stdout }: Ended): Json => {
  try {
    return JSON.parse(stdout) as Json
  } catch {
    throw new Error(stderr + stdout)
  }
}

describe.concurrent("skein batch", () => {
  it.each([
    { args: ["good", "fine"], code: 0, because: "all were done" },
    { args: ["good", "bad"], code: 3, because: "some were done" },
    { args: ["bad1", "bad2"], code: 1, because: "none was done" },
    { args: ["slow", "--item-timeout", "50ms"], code: 1, because: "nobody knows whether it was done" },
    { args: ["slow", "--timeout", "200ms"], code: 4, because: "its time was over" },
    { args: [], code: 2, because: "there are no items" },
    { args: ["--allow-empty"], code: 0, because: "no items is accepted" },
    { args: ["--from", "absent.csv"], code: 2, because: "there is no such file" },
    { args: ["--from", "http://127.0.0.1:1/items"], code: 5, because: "nobody answers there" },
    { args: ["--from", "postgres://127.0.0.1:1/shop"], code: 2, because: "nobody said which rows of the database" },
    { args: ["--query", "select 1"], code: 2, because: "nobody said which database" },
    { args: ["--query", "select 1", "--from", "items.csv"], code: 2, because: "a file is no database" },
    {
      args: ["--query", "select 1", "--from", "postgres://127.0.0.1:1/shop"],
      code: 5,
      because: "no database is there"
    },
    { args: ["a", "--where", "item =="], code: 2, because: "the condition is no expression" },
    { args: ["a", "--where", "itm == 'a'"], code: 2, because: "the condition names nothing there is" },
    { args: ["a", "--out", "out.pdf"], code: 2, because: "there is no such format" },
    { args: ["a", "--audit", "/dev/null/audit"], code: 5, because: "the audit file cannot be written" },
    { args: ["a", "--journal", "/dev/null/journal"], code: 5, because: "the journal cannot be used" },
    { args: ["a", "--destructive"], code: 2, because: "nobody is there to be asked" },
    { args: ["a", "--destructive", "--yes"], code: 0, because: "it was said that nobody is to be asked" }
  ])("exits $code: $because ($args)", async ({ args, code }) => {
    using files = folder({ "skein.yaml": "limits: { retries: 0 }" })
    const delay = args[0] === "slow" ? "?delay=20000" : ""
    const ended = await batch(files, ...put(`\${item}${delay}`), ...args)

    assert.strictEqual(ended.code, code, ended.stderr + ended.stdout)
    assert.notMatch(ended.stderr, /\n {4}at /)
  })

  it.each([
    { args: ["htp", "a"], says: "did you mean \"http\"?" },
    { args: ["http", "--with", "urk=x", "a"], says: "did you mean url?" },
    { args: ["two.yaml", "a"], says: "there is no file" },
    {
      args: ["log", "--with", "message=a", "a", "--where", "itm == 'a'"],
      says: "--where itm == 'a', column 1, of item 1: unknown name itm\n  did"
    },
    { args: ["http", "--with", "url=/", "--waves", "5,x", "a"], says: "5,50,rest" }
  ])("says what is wrong and does nothing: $args", async ({ args, says }) => {
    using files = folder({})
    const { code, stderr } = await batch(files, ...args)

    assert.strictEqual(code, 2)
    assert.include(stderr, says)
  })

  it("--dry-run prints each item with its request, and sends none", async () => {
    using files = folder({ "items.csv": "id,live\n7,yes\n8,no\n9,yes\n" })
    const { code, stdout } = await batch(
      files,
      ...put("dry/${item.id}"),
      "--from",
      "items.csv",
      "--where",
      "live == 'yes'",
      "--dry-run"
    )

    assert.strictEqual(code, 0)
    assert.include(stdout, `1  PUT ${base}/dry/7\n2  PUT ${base}/dry/9\n2 items, 2 requests, nothing was done`)
    assert.deepStrictEqual(seen("/dry/"), [])
    const slow = await batch(files, ...put("dry/${item}").slice(0, -2), "a", "b", "c", "--rate", "1", "--dry-run")
    assert.include(slow.stdout, "3 items, 3 requests, at least 2s at 1 requests a second, nothing was done")
  })

  it("items come from CSV, JSON, JSON lines, lines and stdin, through --where and --each", async () => {
    using files = folder({
      "items.csv": "name\na\nb\n",
      "items.json": "[{\"name\":\"c\"},{\"name\":\"d\"}]",
      "items.jsonl": "{\"name\":\"e\"}\n",
      "items.txt": "f\n\ng\n"
    })
    const rows = async (...args: ReadonlyArray<string>) => {
      const { stderr, stdout } = await batch(files, "log", "--with", "message=${item}", "--rows", "jsonl", ...args)
      assert.match(stderr, /succeeded/)
      return stdout.trim().split("\n").map((line) => (JSON.parse(line) as { item: string }).item).toSorted()
    }
    const each = ["--each", "${name}.live"]

    assert.deepStrictEqual(await rows("--from", "items.csv", ...each), ["a.live", "b.live"])
    assert.deepStrictEqual(await rows("--from", "items.json", ...each, "--where", "name > 'c'"), ["d.live"])
    assert.deepStrictEqual(await rows("--from", "items.jsonl", ...each), ["e.live"])
    assert.deepStrictEqual(await rows("first", "--from", "items.txt"), ["f", "first", "g"])
    const piped = await shell(
      "printf '{\"name\":\"h\"}' | $SKEIN batch log --with 'message=${item.name}' --from - --rows jsonl",
      files.path
    ).ended
    assert.include(piped.stdout, "\"item\":{\"name\":\"h\"},\"outcome\":\"succeeded\"")
  })

  it("--out and --audit tell of each item, --idempotency-key sends its key, --save makes the result", async () => {
    using files = folder({ "old.jsonl": "{}\n" })
    const { code, stderr, stdout } = await batch(
      files,
      ...put("told/${item}"),
      "bad",
      "good",
      "--order",
      "input",
      "--idempotency-key",
      "--save",
      "sent=body.key",
      "--out",
      "rows.csv",
      "--audit",
      "old.jsonl"
    )

    assert.strictEqual(code, 3, stderr)
    assert.match(stdout, /failed {2}bad: PUT .*\/told\/bad answered 422/)
    const [head, bad, good] = readFileSync(join(files.path, "rows.csv"), "utf8").split("\n")
    assert.match(head!, /^index,item,outcome,problem/)
    assert.match(bad!, /^0,bad,failed,/)
    const [, key] = /^1,good,succeeded,.*,([0-9a-f]{32}),/.exec(good!) ?? []
    assert.include(good!, `""sent"":""${key}""`)
    const audit = readFileSync(join(files.path, "old.jsonl"), "utf8").trim().split("\n").map((line) =>
      JSON.parse(line) as {
        readonly result: string
      }
    )
    assert.deepStrictEqual(audit.map(({ result }) => result), [undefined, "failed", "succeeded"])
  })

  it("a scenario: its setup and teardown once, its steps for each item, a failed case is a failed item", async () => {
    using files = folder({
      "fix.yaml": [
        "name: Fix",
        "setup:",
        `  - http: { method: POST, url: ${base}/case/setup }`,
        "    save: { token: body.path }",
        "steps:",
        `  - http: { method: PUT, url: "${base}/case/\${item.id}" }`,
        "    save: { path: body.path, from: token }",
        "teardown:",
        `  - http: { method: POST, url: ${base}/case/teardown }`
      ].join("\n"),
      "items.json": "[{\"id\":\"x\"},{\"id\":\"bad\"},{\"id\":\"y\"}]"
    })
    const { code, stdout } = await batch(
      files,
      "fix.yaml",
      "--from",
      "items.json",
      "--rows",
      "jsonl",
      "--order",
      "input"
    )

    assert.strictEqual(code, 3)
    const rows = stdout.trim().split("\n").map((line) => JSON.parse(line) as { outcome: string; output: unknown })
    assert.deepStrictEqual(rows.map(({ outcome }) => outcome), ["succeeded", "failed", "succeeded"])
    assert.deepStrictEqual(rows[2]?.output, { path: "/case/y", from: "/case/setup" })
    const done = seen("/case/")
    assert.strictEqual(done.at(0), "POST /case/setup")
    assert.strictEqual(done.at(-1), "POST /case/teardown")
    assert.strictEqual(done.length, 5)
  })

  it("a second one goes on: no success is repeated, failures when asked, and never by accident", async () => {
    using files = folder({})
    const work = [...put("again/${item}"), "ok", "bad", "--format", "json"]
    assert.strictEqual((await batch(files, ...work)).code, 3)

    const refused = await batch(files, ...work)
    const resumed = await batch(files, ...work, "--resume")
    const retried = await batch(files, ...work, "--retry-failed")

    assert.strictEqual(refused.code, 2)
    assert.include(refused.stderr, "1 succeeded, 1 failed, 0 unknown")
    assert.deepInclude(json(resumed).summary, { done_before: 1, failed_before: 1, succeeded: 0 })
    assert.deepInclude(json(retried).summary, { done_before: 1, failed: 1 })
    assert.deepStrictEqual(seen("/again/").toSorted(), ["PUT /again/bad", "PUT /again/bad", "PUT /again/ok"])
  })

  it("R26 SIGINT: no new item begins, those under way end, and the result says so", async () => {
    using files = folder({})
    const items = Array.from({ length: 50 }, (_, n) => `n${n}`)
    const { child, ended } = start(
      ["batch", ...put("int/${item}?delay=300"), ...items, "-c", "2", "--format", "json"],
      files.path
    )
    while (seen("/int/").length === 0) await setTimeout(10)
    child.kill("SIGINT")
    const result = await ended

    assert.strictEqual(result.code, 130, result.stderr)
    const { summary } = json(result)
    assert.strictEqual(summary["unknown"], 0)
    assert.strictEqual(summary["succeeded"], seen("/int/").length)
    assert.isBelow(seen("/int/").length, 50)
  })
})

describe("skein batch, killed", () => {
  const kills = Math.min(5, seeds(500) / 2)
  const chains = Math.max(2, Math.ceil(seeds(500) / kills))
  const items = Array.from({ length: 60 }, (_, n) => `i${n}`)

  const chain = async (seed: number) => {
    using files = folder({ "items.txt": items.join("\n") })
    // Half of them may be done twice, half must not be.
    const method = seed % 2 === 0 ? "PUT" : "POST"
    const args = ["batch", "http", "--with", `method=${method}`, "--with", `url=${base}/k${seed}/\${item}?delay=10`]
    const flags = ["--rate", "10000", "-c", "4", "--from", "items.txt", "--resume", "--format", "json"]
    const random = numbers(seed)
    const again: Array<string> = []
    for (let n = 0; n < kills; n++) {
      const before = seen(`/k${seed}/`).length
      const { child, ended } = start([...args, ...flags, "--out", `rows${n}.jsonl`], files.path)
      // From its first request on, when there is one.
      for (let i = 0; i < 500 && seen(`/k${seed}/`).length === before && child.exitCode === null; i++) {
        await setTimeout(5)
      }
      await setTimeout(random() * 60)
      child.kill("SIGKILL")
      await ended
      again.push(...succeededIn(join(files.path, `rows${n}.jsonl`)))
    }
    const recorded = new Set(again)
    const after = log.length
    const last = await call([...args, ...flags], files.path)
    const { failures } = json(last)
    const done = seen(`/k${seed}/`).map((line) => line.split("/").at(-1)!)
    const unknown = failures.map(({ item }) => String(item))
    for (const item of items) {
      const times = done.filter((one) => one === item).length
      assert.isTrue(times > 0 || unknown.includes(item), `seed ${seed}: ${item} was lost`)
      if (method === "POST") assert.isAtMost(times, 1, `seed ${seed}: ${item} was repeated`)
    }
    const late = log.slice(after).filter((line) => line.includes(`/k${seed}/`)).map((line) => line.split("/").at(-1)!)
    assert.deepStrictEqual(late.filter((item) => recorded.has(item)), [], `seed ${seed}: a success was repeated`)
    if (method === "PUT") assert.deepStrictEqual(unknown, [], last.stderr)
  }

  it(
    `R29 kill -9 at ${chains * kills} random moments: nothing is lost, and no recorded success is repeated`,
    async () => {
      for (let first = 0; first < chains; first += 4) {
        await Promise.all(Array.from({ length: Math.min(4, chains - first) }, (_, n) => chain(first + n)))
      }
    },
    chains > 4 ? 600_000 : 120_000
  )
})

/** Items that a result file says were done: their success was in the journal before. */
const succeededIn = (path: string): ReadonlyArray<string> => {
  let text = ""
  try {
    text = readFileSync(path, "utf8")
  } catch {
    return []
  }
  return text.split("\n").slice(0, -1).flatMap((line) => {
    const row = JSON.parse(line) as { readonly item: string; readonly outcome: string }
    return row.outcome === "succeeded" ? [row.item] : []
  })
}
