/**
 * Claim: the same collection takes newman and stepci at least 5 times as long with one request, and at least 3 times as long
 * with 500. All three send the same requests to the same loopback server and check the status and the body of each; who sends
 * another number of them fails the bench. The peers are installed from the registry into a folder of the machine's, not here.
 *
 *     node bench/peers.ts [rounds]
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Alternate from "./Alternate.ts"
import * as Server from "./Server.ts"

const rounds = Number(process.argv[2] ?? 5)
const peers = join(tmpdir(), "skein-bench-peers")

const install = (): void => {
  if (existsSync(join(peers, "node_modules/.bin/stepci"))) return
  mkdirSync(peers, { recursive: true })
  writeFileSync(join(peers, "package.json"), "{\"private\":true}")
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "newman@6.2.2", "stepci@2.8.2"], {
    cwd: peers,
    stdio: "inherit"
  })
  if (npm.status !== 0) throw new Error("newman and stepci could not be installed")
}

const scenario = (url: string, count: number) =>
  `name: Items\nsteps:\n${
    Array.from({ length: count }, (_, id) =>
      `  - { http: "${url}/items/${id}", expect: [status == 200, body.id == ${id}] }\n`).join("")
  }`

const collection = (url: string, count: number) =>
  JSON.stringify({
    info: { name: "Items", schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json" },
    item: Array.from({ length: count }, (_, id) => ({
      name: `Item ${id}`,
      request: { method: "GET", url: `${url}/items/${id}` },
      event: [{
        listen: "test",
        script: {
          exec: [
            `pm.test("answer", () => { pm.response.to.have.status(200); pm.expect(pm.response.json().id).to.eql(${id}) })`
          ]
        }
      }]
    }))
  })

const workflow = (url: string, count: number) =>
  `version: "1.1"\ntests:\n  items:\n    steps:\n${
    Array.from({ length: count }, (_, id) =>
      `      - name: Item ${id}\n        http:\n          url: ${url}/items/${id}\n          method: GET\n` +
      `          check:\n            status: 200\n            jsonpath:\n              $.id: ${id}\n`).join("")
  }`

Alternate.needBuild()
install()
const server = await Server.start()
const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
const bin = (name: string) => join(peers, "node_modules", name, name === "newman" ? "bin/newman.js" : "dist/index.js")

const compare = async (count: number, times: number): Promise<void> => {
  writeFileSync(join(folder, "items.yaml"), scenario(server.url, count))
  writeFileSync(join(folder, "items.json"), collection(server.url, count))
  writeFileSync(join(folder, "items.stepci.yml"), workflow(server.url, count))
  const contestant = (name: string, args: ReadonlyArray<string>): Alternate.Contestant => ({
    name,
    run: async () => {
      const cost = await Alternate.node(args, { directory: folder, environment: { STEPCI_DISABLE_ANALYTICS: "1" } })
      const taken = await server.taken()
      if (taken !== count) throw new Error(`${name} sent ${taken} requests, not ${count}`)
      return cost
    }
  })
  const results = await Alternate.alternate([
    contestant("skein", [Alternate.skein, "run", "items.yaml"]),
    contestant("newman", [bin("newman"), "run", "items.json", "--silent"]),
    contestant("stepci", [bin("stepci"), "run", "items.stepci.yml"])
  ], rounds)
  console.log(`${count} request${count === 1 ? "" : "s"}`)
  Alternate.print(results)
  for (const peer of results.slice(1)) {
    const { median } = Alternate.ratio(peer, results[0]!)
    Alternate.goal(`${peer.name}, ${count} requests, in times of skein`, median, "at least", times)
  }
}

try {
  await compare(1, 5)
  await compare(500, 3)
} finally {
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
