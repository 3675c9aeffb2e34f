/**
 * Claim: `skein load URL` with one thread and 64 connections, on one core, gets at least 0.9 times as many answers a second as wrk from
 * an nginx on the other core, 2.5 times as many as autocannon, 4 times hey, 6 times loadtest, 40 times Artillery, and 5 times k6 where
 * `SKEIN_BENCH_K6` names its binary; over TLS 0.7 times wrk; and takes less than 110 MB. The best of each of the rounds counts; all
 * answers of all tools are looked at, and ours are counted as nginx counts them in `counts.ts`.
 *
 *     node bench/load/url.ts [rounds] [seconds]
 */
import { goal, needBuild, node, skein } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 3)
const connections = 64

Target.need("nginx", "wrk", "hey")
needBuild()
Tools.installPeers()
const target = await Target.start()
try {
  const tools = [Tools.skein, Tools.wrk, Tools.hey, Tools.autocannon, Tools.loadtest, Tools.artillery, ...Tools.k6]
  const plain = await Tools.alternate(tools, { url: target.url, connections, seconds }, rounds)
  console.log("HTTP")
  Tools.print(plain)
  Tools.goals(
    plain,
    { wrk: 0.9, hey: 4, autocannon: 2.5, loadtest: 6, artillery: 40, k6: 5 },
    "answers a second"
  )

  const tls = await Tools.alternate([Tools.skein, Tools.wrk], { url: target.tlsUrl, connections, seconds }, rounds)
  console.log("HTTPS")
  Tools.print(tls)
  Tools.goals(tls, { wrk: 0.7 }, "answers a second over TLS")

  const args = ["load", target.url, "-c", `${connections}`, "-z", `${seconds}s`, "--quiet"]
  const peaks: Array<number> = []
  for (let round = 0; round < 3; round++) {
    peaks.push((await node([skein, ...args], { codes: [0, 6] })).peakMb ?? NaN)
  }
  goal("peak of memory", Math.max(...peaks), "at most", 110, " MB")
} finally {
  await target.close()
}
