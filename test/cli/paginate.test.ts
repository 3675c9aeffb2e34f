/** `skein paginate` as a process. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { seeds } from "../support/seeds.ts"
import { appears, call, folder, start } from "./commandLine.ts"
import * as ListServer from "./ListServer.ts"

const fast = ["--requests-per-second", "10000"]
const run = (args: ReadonlyArray<string>, cwd: string) => call(["paginate", ...fast, ...args], cwd)
const ids = (text: string) => text.trim().split("\n").map((line) => (JSON.parse(line) as { readonly id: number }).id)
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id)
const kinds = 4
const rounds = Math.ceil(seeds(250) / kinds) * kinds

describe.concurrent("skein paginate", () => {
  it("shows all pages as a table on stdout; how they came and what was checked is told on stderr", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 25 })
    const { code, stderr, stdout } = await run([`${api.url}/sites?page=1`, "--fields", "id,name,owner.name"], here.path)

    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /^id {2}name {5}owner\.name\n 0 {2}site 0 {3}o0\n/)
    assert.lengthOf(stdout.trim().split("\n"), 26)
    assert.match(stderr, /paged by page number \(\?page=\), as was seen, 25 rows in all, 5 pages at once/)
    assert.match(stderr, /25 rows in 3 pages; checked: .*unique ids.*total reached/)
  })

  it("keeps rows by a condition, makes rows by jq, asks for details, and reads several lists in their order", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 25 })
    const list = `${api.url}/sites?page=1`
    const frozen = await run([list, "--where", "frozen", "--as", "csv", "--fields", "id", "-q"], here.path)
    const names = await run([list, "--jq", "select(.id < 2) | .name", "--as", "jsonl"], here.path)
    const details = await run(
      [list, `${api.url}/sites?cursor=0`, "--where", "id == 7", "--hydrate", "/sites/${id}", "--as", "jsonl"],
      here.path
    )

    assert.deepStrictEqual([frozen.stdout, frozen.stderr], ["id\n9\n19\n", ""])
    assert.strictEqual(names.stdout, "\"site 0\"\n\"site 1\"\n")
    const expected = JSON.stringify({ ...ListServer.row(7), detail: { ...ListServer.row(7), plan: "basic" } })
    assert.strictEqual(details.stdout, `${expected}\n${expected}\n`)
    assert.match(details.stderr, /by a cursor \(\?cursor=, from next_cursor\), as was seen, one page after the other/)
  })

  it("--format json is one document, also of a list that is not whole", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 25 })
    await using cut = await ListServer.start({
      rows: 25,
      instead: (url) => url.search === "?page=3" ? { status: 200, body: { items: [], total: 25 } } : undefined
    })
    const whole = await run([`${api.url}/sites?page=1`, "--format", "json"], here.path)
    const part = await run([`${cut.url}/sites?page=1`, "--format", "json"], here.path)
    const { lists, rows, ...rest } = JSON.parse(whole.stdout) as {
      readonly rows: Array<object>
      readonly lists: [object]
    }

    assert.deepStrictEqual(rest, { count: 25, complete: true } as object)
    assert.lengthOf(rows, 25)
    assert.containsSubset(lists[0], { style: "by page number (?page=)", pages: 3, rows: 25 })
    assert.strictEqual(part.code, 1)
    assert.containsSubset(JSON.parse(part.stdout), { count: 20, complete: false })
    assert.match(part.stderr, /20 rows came, and the API says that there are 25\n {2}rows are missing/)
  })

  it("R38 a list that is not whole leaves the file as it was, and ends with 1 and what to do", async () => {
    using here = folder({ "sites.csv": "old" })
    await using api = await ListServer.start({
      rows: 25,
      instead: (url) =>
        url.search === "?page=2" ? { status: 200, body: { items: [ListServer.row(1)], total: 25 } } : undefined
    })
    const { code, stderr } = await run([`${api.url}/sites?page=1`, "--output", "sites.csv"], here.path)

    assert.strictEqual(code, 1)
    assert.match(stderr, /error: page \d .*\n {2}\w+/)
    assert.strictEqual(readFileSync(join(here.path, "sites.csv"), "utf8"), "old")
    assert.deepStrictEqual(readdirSync(here.path), ["sites.csv"])
  })

  it("ends with 5 when nobody answers, with 1 when the answer is no, with 2 when it is told nonsense", async () => {
    using here = folder({ "skein.yaml": "limits: { retries: 0 }" })
    await using api = await ListServer.start({ rows: 5, instead: () => ({ status: 403, body: "go away" }) })
    await using fine = await ListServer.start({ rows: 5 })
    const list = `${fine.url}/sites?page=1`
    const codes: ReadonlyArray<readonly [ReadonlyArray<string>, number, RegExp]> = [
      [["http://127.0.0.1:1/x"], 5, /nothing accepts connections/],
      [[`${api.url}/x`], 1, /answered with status 403: "go away"/],
      [[], 2, /<list>/],
      [["sites"], 2, /sites is no list/],
      [[list, "--style", "pages"], 2, /--style pages is no way to page/],
      [["pantheon:sites", "--style", "page"], 2, /--style is for lists at URLs/],
      [[list, "--fields", "a,,b"], 2, /--fields has an empty name/],
      [[list, "--where", "id =="], 2, /--where id ==/],
      [[list, "--where", "idd == 1"], 1, /--where idd == 1, column 1: unknown name idd\n {2}did you mean "id"/],
      [[list, "--jq", ".["], 2, /--jq \.\[/],
      [[list, "--output", "x.txt"], 2, /does not say how to write it/],
      [[list, "--resume", "j"], 2, /--resume needs --output/],
      [[list, "--max-pages", "0"], 2, /--max-pages/],
      [[list, "--hydrate", "http://evil.test/${id}"], 1, /not on the host of the list/]
    ]
    for (const [args, expected, said] of codes) {
      const { code, stderr } = await run(args, here.path)
      assert.strictEqual(code, expected, `${args.join(" ")}: ${stderr}`)
      assert.match(stderr, said)
    }
    assert.deepStrictEqual(readdirSync(here.path), ["skein.yaml"])
  })

  it("interrupted it ends with 130 and leaves nothing half written", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 1_000, delay: () => 50 })
    const { child, ended } = start(["paginate", `${api.url}/sites?cursor=0`, "--output", "a.json"], here.path)
    while (api.asked.length < 3) await setTimeout(10)
    child.kill("SIGINT")

    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(readdirSync(here.path), [])
  })

  it("a folder that holds another reading is refused, and so is one that another process holds", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 300, delay: () => 20 })
    const args = [`${api.url}/sites?cursor=0`, "--output", "a.jsonl", "--resume", "j"]
    const first = start(["paginate", ...fast, ...args], here.path)
    await appears(join(here.path, "a.jsonl.part"))
    const second = await run(args, here.path)
    first.child.kill("SIGKILL")
    await first.ended
    const other = await run([...args, "--where", "frozen"], here.path)

    assert.strictEqual(second.code, 5, second.stderr)
    assert.match(second.stderr, /process \d+/)
    assert.strictEqual(other.code, 2, other.stderr)
    assert.match(other.stderr, /another reading/)
    assert.strictEqual((await run(args, here.path)).code, 0)
    assert.deepStrictEqual(ids(readFileSync(join(here.path, "a.jsonl"), "utf8")), upTo(300))
  })

  it("a reading whose file was changed meanwhile begins again", async () => {
    using here = folder({})
    await using api = await ListServer.start({ rows: 300, delay: () => 20 })
    const args = [`${api.url}/sites?cursor=0`, "--output", "a.jsonl", "--resume", "j"]
    const first = start(["paginate", ...fast, ...args], here.path)
    while (api.asked.length < 5) await setTimeout(10)
    first.child.kill("SIGKILL")
    await first.ended
    const part = join(here.path, "a.jsonl.part")
    writeFileSync(part, readFileSync(part, "utf8").replace("site 1", "site X"))
    const { code, stderr } = await run(args, here.path)

    assert.strictEqual(code, 0)
    assert.match(stderr, /begins again/)
    assert.deepStrictEqual(ids(readFileSync(join(here.path, "a.jsonl"), "utf8")), upTo(300))
  })
})

/** Kills a reading at random moments until it is through; the rows are those of the API, each once and in order. */
const killed = async (seed: number) => {
  let state = seed * 2_654_435_761 % 4_294_967_296
  const random = () => (state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296) / 4_294_967_296
  using here = folder({})
  await using api = await ListServer.start({ rows: 287, delay: () => random() * 20, total: seed % 3 === 0 })
  const pages = seed % 2 === 0 ? "page=1" : "cursor=0"
  const extension = ["jsonl", "csv", "json"][seed % 3]!
  const file = join(here.path, `a.${extension}`)
  const args = [`${api.url}/sites?${pages}`, `${api.url}/more?cursor=0`, "--output", file, "--resume", "j"]
  let kills = 0
  for (let left = 2; left > 0; left--) {
    const begun = api.asked.length
    const { child, ended } = start(["paginate", ...fast, ...args], here.path)
    // From the first request on, so that there is something to lose.
    while (api.asked.length === begun && child.exitCode === null) await setTimeout(2)
    await setTimeout(random() * 200)
    if (child.exitCode === null) {
      kills++
      child.kill("SIGKILL")
    }
    await ended
    if (existsSync(file)) break
  }
  const { code, stderr } = await run(args, here.path)
  assert.strictEqual(code, 0, stderr)
  const text = readFileSync(file, "utf8")
  const twice = [...upTo(287), ...upTo(287)]
  const read = extension === "csv"
    ? text.trim().split("\n").slice(1).map((line) => Number(line.split(",")[0]))
    : extension === "json"
    ? (JSON.parse(text) as ReadonlyArray<{ readonly id: number }>).map(({ id }) => id)
    : ids(text)
  assert.deepStrictEqual(read, twice, `seed ${seed}`)
  assert.isFalse(existsSync(`${file}.part`))
  return { kills, resumed: /goes on after [1-9]/.test(stderr) }
}

it(
  `R29 killed at random moments it goes on without loss and without duplicate (${rounds} seeds)`,
  async () => {
    let kills = 0
    let resumed = 0
    for (let seed = 0; seed < rounds; seed += kinds) {
      for (const one of await Promise.all([0, 1, 2, 3].map((more) => killed(seed + more)))) {
        kills += one.kills
        if (one.resumed) resumed++
      }
    }
    assert.isAbove(kills, rounds / 2)
    if (rounds >= 20) assert.isAbove(resumed, rounds / 10)
  },
  rounds > 20 ? 600_000 : 120_000
)
