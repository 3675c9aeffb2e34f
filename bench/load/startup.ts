/**
 * Claim: from the start of `skein load URL` to its first request take less than 150 ms, with the compile cache that all but the first
 * run have. Beside it: an empty node, and autocannon. The server notes when the first bytes of a request come.
 *
 *     node bench/load/startup.ts [rounds]
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import * as Alternate from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const rounds = Number(process.argv[2] ?? 15)

Target.need()
Alternate.needBuild()
Tools.installPeers()

let first: number | undefined
const server = createServer((socket) => {
  socket.on("error", () => {})
  socket.on("data", () => {
    first ??= performance.now()
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
  })
}).listen(0, "127.0.0.1")
await once(server, "listening")
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

const timed = (name: string, args: ReadonlyArray<string>, requests: boolean): Alternate.Contestant => ({
  name,
  run: async () => {
    first = undefined
    const started = performance.now()
    const child = spawn("taskset", ["-c", "0", process.execPath, ...args], { stdio: "ignore" })
    await once(child, "exit")
    const ended = performance.now()
    if (requests && first === undefined) throw new Error(`${name} sent no request`)
    return { wallMs: (first ?? ended) - started }
  }
})

try {
  const results = await Alternate.alternate(
    [
      timed("node -e 0, until it ends", ["-e", "0"], false),
      timed("skein load", [Alternate.skein, "load", url, "-c", "1", "-n", "1", "--quiet"], true),
      timed("autocannon", [Tools.autocannonFile, "-c", "1", "-a", "1", url], true)
    ],
    rounds,
    2
  )
  Alternate.print(results)
  Alternate.goal("skein load, until its first request", Alternate.wall(results[1]!), "at most", 150, " ms")
} finally {
  server.close()
}
