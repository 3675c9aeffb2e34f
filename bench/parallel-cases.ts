/**
 * Claim: 100 cases of one request that takes 200 ms, 20 at once, take the ideal second and at most 10 % more, from the first
 * event of the run to the last. The baseline is bare undici with 20 workers; the table has whole processes, with their start.
 *
 *     node bench/parallel-cases.ts [rounds]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Alternate from "./Alternate.ts"
import * as Server from "./Server.ts"

const rounds = Number(process.argv[2] ?? 7)
const cases = 100
const concurrency = 20
const delay = 200
const idealMs = cases / concurrency * delay

const scenario = `name: Wait \${row.id}
data: [${Array.from({ length: cases }, (_, id) => `{ id: ${id} }`).join(", ")}]
steps:
  - http: "\${env.BENCH_URL}/items/\${row.id}?delay=${delay}"
    expect: [status == 200, body.id == row.id]
`

const script = `import { Agent, request } from ${
  JSON.stringify(join(import.meta.dirname, "../node_modules/undici/index.js"))
}
const dispatcher = new Agent({ connections: ${concurrency} })
let next = 0
const worker = async () => {
  while (next < ${cases}) {
    const id = next++
    const answer = await request(process.env.BENCH_URL + "/items/" + id + "?delay=${delay}", { dispatcher })
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
writeFileSync(join(folder, "waits.yaml"), scenario)
writeFileSync(join(folder, "by-hand.mjs"), script)

const contestant = (name: string, args: ReadonlyArray<string>): Alternate.Contestant => ({
  name,
  run: async () => {
    const cost = await Alternate.node(args, { directory: folder, environment: { BENCH_URL: server.url } })
    const taken = await server.taken()
    if (taken !== cases) throw new Error(`${name} sent ${taken} requests`)
    return cost
  }
})
const durations: Array<number> = []
const args = ["run", "-c", String(concurrency), "--report", "json=report.json", "waits.yaml"]
const skein = contestant("skein run", [Alternate.skein, ...args])
const results = await Alternate.alternate([
  contestant("bare undici", ["by-hand.mjs"]),
  {
    name: skein.name,
    run: async () => {
      const cost = await skein.run()
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as { readonly duration_ms: number }
      durations.push(report.duration_ms)
      return cost
    }
  }
], rounds)
server.close()
rmSync(folder, { recursive: true, force: true })

Alternate.print(results)
const run = Alternate.median(durations.slice(1))
Alternate.goal("100 cases of 200 ms, 20 at once, in times of the ideal second", run / idealMs, "at most", 1.1)
