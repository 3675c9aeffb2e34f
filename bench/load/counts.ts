/**
 * Claim: what `skein load` says it sent is what nginx counted, to one: closed by number and by time, open, and over connections that are
 * closed after each request. Beside it wrk and hey, whose counts are shown and not judged: both forget what was under way at the end.
 *
 *     node bench/load/counts.ts
 */
import { goal, needBuild } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

Target.need("nginx", "wrk", "hey")
needBuild()
const target = await Target.start()

const ways: ReadonlyArray<readonly [name: string, args: ReadonlyArray<string>]> = [
  ["20,000 requests of 64 connections", ["-c", "64", "-n", "20000"]],
  ["64 connections for 2 s", ["-c", "64", "-z", "2s"]],
  ["5,000 a second for 2 s", ["--rate", "5000", "-z", "2s"]],
  ["2,000 requests without keep-alive", ["-c", "16", "-n", "2000", "--no-keepalive"]]
]

try {
  for (const [name, args] of ways) {
    const before = await target.requests()
    const { result } = await Tools.load([target.url, ...args])
    // The look at the beginning is one of them.
    const counted = await target.requests() - before - 1
    console.log(`skein, ${name}: ${result.requests.total} said, ${result.requests.failed} failed, ${counted} counted`)
    goal(`difference, ${name}`, Math.abs(result.requests.total - counted), "at most", 0)
  }
  for (const tool of [Tools.wrk, Tools.hey]) {
    const before = await target.requests()
    const { requests } = await tool.run({ url: target.url, connections: 64, seconds: 2 })
    const counted = await target.requests() - before - 1
    console.log(
      `${tool.name}, 64 connections for 2 s: ${requests} said, ${counted} counted, ${counted - requests} forgotten`
    )
  }
} finally {
  await target.close()
}
