/**
 * Claim: `skein load compare` of a server with itself says "slower" in at most 5 % of the tries, and finds it in most of them when the
 * server takes 10 % more time. The server works for 1 ms (or 1.1 ms) on each request.
 *
 *     node bench/load/compare.ts [tries] [length of each of the ten runs of a try]
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { goal, needBuild, skein } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const tries = Number(process.argv[2] ?? 40)
const length = process.argv[3] ?? "1s"

const serve = (): void => {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const end = performance.now() + (request.url === "/slower" ? 1.1 : 1)
    while (performance.now() < end);
    response.writeHead(200, { "content-length": 2 }).end("ok")
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port))
  process.on("disconnect", () => process.exit())
}

const verdicts = { 0: "same or faster", 1: "slower", 6: "cannot tell" } as const
type Verdict = (typeof verdicts)[keyof typeof verdicts]

const compare = async (before: string, after: string): Promise<Verdict> => {
  const args = [before, after, "--rate", "200", "-z", length, "--pairs", "5", "--quiet", "--format", "json"]
  const { code } = await Tools.pinned([process.execPath, skein, "load", "compare", ...args], [0, 1, 6])
  return verdicts[code as keyof typeof verdicts]
}

const counts = (): Record<Verdict, number> => ({ "same or faster": 0, slower: 0, "cannot tell": 0 })

const main = async (): Promise<void> => {
  Target.need()
  needBuild()
  const server = fork(import.meta.filename, ["serve"], { execArgv: [] })
  const [port] = await once(server, "message")
  const base = `http://127.0.0.1:${port}`
  const [same, slower] = [counts(), counts()]
  try {
    for (let round = 0; round < tries; round++) {
      same[await compare(`${base}/`, `${base}/`)]++
      slower[await compare(`${base}/`, `${base}/slower`)]++
    }
  } finally {
    server.kill()
  }
  console.log(`the same server: ${JSON.stringify(same)}\n10 % slower: ${JSON.stringify(slower)}`)
  goal("false alarms", same.slower / tries * 100, "at most", 5, " %")
  goal("a server that takes 10 % more time is found", slower.slower / tries * 100, "at least", 50, " %")
}

if (process.argv[2] === "serve") serve()
else await main()
