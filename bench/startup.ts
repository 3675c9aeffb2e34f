/**
 * Claims: `skein --help` and `skein --version` take at most 3.5 times as long as `node -e 0` with the same node, a run of one
 * request at most 8 times, and each less than 90 MB. One unmeasured round fills the compile cache.
 *
 *     node bench/startup.ts [rounds]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Alternate from "./Alternate.ts"
import * as Server from "./Server.ts"

const rounds = Number(process.argv[2] ?? 25)
const limitMb = 90

const scenario = `name: One request
steps:
  - http: "\${env.BENCH_URL}/items/7"
    expect: [status == 200, body.id == 7]
`

Alternate.needBuild()
const server = await Server.start()
const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
writeFileSync(join(folder, "one.yaml"), scenario)

const commands = [
  { name: "node -e 0", args: ["-e", "0"], ratio: 1 },
  { name: "skein --version", args: [Alternate.skein, "--version"], ratio: 3.5 },
  { name: "skein --help", args: [Alternate.skein, "--help"], ratio: 3.5 },
  { name: "skein run, one request", args: [Alternate.skein, "run", "one.yaml"], ratio: 8 }
]
const contestants = (usage: boolean): ReadonlyArray<Alternate.Contestant> =>
  commands.map(({ args, name }) => ({
    name,
    run: () => Alternate.node(args, { directory: folder, environment: { BENCH_URL: server.url }, usage })
  }))

// The module that measures memory would make the empty node slower by a few percent, and the ratios better.
const timed = await Alternate.alternate(contestants(false), rounds, 2)
const weighed = await Alternate.alternate(contestants(true), 3, 0)
const taken = await server.taken()
server.close()
rmSync(folder, { recursive: true, force: true })
if (taken !== rounds + 2 + 3) throw new Error(`the server was asked ${taken} times`)

Alternate.print(timed)
Alternate.print(weighed)
for (const [index, { name, ratio }] of commands.entries()) {
  if (index === 0) continue
  Alternate.goal(
    `${name}, in times of an empty node`,
    Alternate.ratio(timed[index]!, timed[0]!).median,
    "at most",
    ratio
  )
  Alternate.goal(`${name}, peak of memory`, Alternate.peak(weighed[index]!), "at most", limitMb, " MB")
}
