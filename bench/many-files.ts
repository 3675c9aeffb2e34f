/**
 * Claim: 10,000 cases in 1,000 files with one loopback request each run in under 8 s and under 300 MB; reading and checking
 * them takes under 2.5 s. The baseline is a script by hand: the `yaml` package reads each file, undici sends the requests,
 * as many at once.
 *
 *     node bench/many-files.ts [rounds]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import * as Alternate from "./Alternate.ts"
import * as Server from "./Server.ts"

const rounds = Number(process.argv[2] ?? 5)
const files = 1_000
const rows = 10
const concurrency = 2 * availableParallelism()

const scenario = (file: number): string => {
  const data = Array.from({ length: rows }, (_, row) => `{ id: ${file * rows + row} }`).join(", ")
  return `name: Item \${row.id}
tags: [items, read]
vars: { base: "\${env.BENCH_URL}" }
data: [${data}]
steps:
  - name: It is there
    http: "\${base}/items/\${row.id}"
    expect: [status == 200, body.id == row.id]
`
}

/** The same work by hand. */
const script = (root: string): string =>
  `import { readFileSync, readdirSync } from "node:fs"
import { parse } from ${JSON.stringify(join(root, "node_modules/yaml/dist/index.js"))}
import { Agent, request } from ${JSON.stringify(join(root, "node_modules/undici/index.js"))}
const cases = readdirSync(".").filter((name) => name.endsWith(".yaml")).flatMap((name) => parse(readFileSync(name, "utf8")).data)
const dispatcher = new Agent({ connections: ${concurrency} })
let next = 0
const worker = async () => {
  while (next < cases.length) {
    const { id } = cases[next++]
    const answer = await request(process.env.BENCH_URL + "/items/" + id, { dispatcher })
    const body = await answer.body.json()
    if (answer.statusCode !== 200 || body.id !== id) throw new Error("wrong answer")
  }
}
await Promise.all(Array.from({ length: ${concurrency} }, worker))
await dispatcher.close()
`

Alternate.needBuild()
const server = await Server.start()
const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
for (let file = 0; file < files; file++) {
  writeFileSync(join(folder, `items-${String(file).padStart(4, "0")}.yaml`), scenario(file))
}
writeFileSync(join(folder, "by-hand.mjs"), script(join(import.meta.dirname, "..")))

const options = { directory: folder, environment: { BENCH_URL: server.url } }
const requesting = (name: string, args: ReadonlyArray<string>): Alternate.Contestant => ({
  name,
  run: async () => {
    const cost = await Alternate.node(args, options)
    const taken = await server.taken()
    if (taken !== files * rows) throw new Error(`${name} sent ${taken} requests`)
    return cost
  }
})

const results = await Alternate.alternate([
  requesting("yaml and undici by hand", ["by-hand.mjs"]),
  requesting("skein run", [Alternate.skein, "run", "-c", String(concurrency), "."]),
  { name: "skein check", run: () => Alternate.node([Alternate.skein, "check", "."], options) }
], rounds)
server.close()
rmSync(folder, { recursive: true, force: true })

Alternate.print(results)
const [, run, check] = results
Alternate.goal("10,000 cases run", Alternate.wall(run!) / 1_000, "at most", 8, " s")
Alternate.goal("their peak of memory", Alternate.peak(run!), "at most", 300, " MB")
Alternate.goal("10,000 cases read and checked", Alternate.wall(check!) / 1_000, "at most", 2.5, " s")
