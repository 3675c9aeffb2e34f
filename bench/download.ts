/**
 * Claims of `skein download`, against curl on loopback: 2 GiB at 0.9 times its rate at least, under 150 MB, in one piece and in four.
 *
 *     npm run build && node bench/download.ts
 */
import { execFile, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"
import { alternate, goal, inProcess, needBuild, node, peak, print, ratio, skein } from "./Alternate.ts"

const size = 2 * 1024 ** 3
const block = Buffer.alloc(1_048_576, "skein")

const serve = (): void => {
  const server = createServer((request, response) => {
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "")
    const [from, to] = range === null ? [0, size - 1] : [Number(range[1]), Number(range[2])]
    response.writeHead(range === null ? 200 : 206, {
      etag: "\"1\"",
      "accept-ranges": "bytes",
      "content-length": String(to + 1 - from),
      ...(range === null ? {} : { "content-range": `bytes ${from}-${to}/${size}` })
    })
    let left = to + 1 - from
    const go = (): void => {
      while (left > 0) {
        const bytes = Math.min(left, block.length)
        left -= bytes
        if (!response.write(bytes === block.length ? block : block.subarray(0, bytes))) {
          response.once("drain", go)
          return
        }
      }
      response.end()
    }
    go()
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port))
  process.on("disconnect", () => process.exit())
}

const bench = async (): Promise<void> => {
  needBuild()
  const child = fork(import.meta.filename, ["serve"])
  const [port] = await once(child, "message")
  const url = `http://127.0.0.1:${port}/file`
  const folder = mkdtempSync(join(import.meta.dirname, ".download-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  const download = (ranges: number) => () =>
    node([skein, "download", url, "--output", folder, "--overwrite", "--quiet", "--ranges", String(ranges)])

  const rounds = await alternate([
    {
      name: "curl",
      run: () => inProcess(() => promisify(execFile)("curl", ["-s", "-o", join(folder, "curl"), url]))
    },
    { name: "skein, one piece", run: download(1) },
    { name: "skein, four pieces", run: download(4) }
  ], 3)
  print(rounds)
  const [curl, ...own] = rounds
  for (const round of own) {
    goal(`${round.name}: time against curl`, ratio(round, curl!).median, "at most", 1.11)
    goal(`${round.name}: peak memory`, peak(round), "at most", 150, " MB")
  }
  child.disconnect()
}

if (process.argv[2] === "serve") serve()
else await bench()
