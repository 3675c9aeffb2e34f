/**
 * Claims of `skein download`, against curl on loopback: 2 GiB at 0.9 times its rate at least, under 150 MB, in one piece and in four, and
 * no more memory for three such files at once. Both write to a disk in memory where there is one; skein's time has its start and the note, lock and sync that curl does without.
 *
 *     npm run build && node bench/download.ts
 */
import { execFile, fork } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"
import { alternate, type Cost, cpu, goal, needBuild, node, peak, print, ratio, skein } from "./Alternate.ts"

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

/** A folder in memory where there is one: what a disk takes is not what is measured. */
const makeFolder = (): string => {
  const memory = "/dev/shm"
  const hasRoom = existsSync(memory) && statfsSync(memory).bavail * statfsSync(memory).bsize > 4 * size
  const folder = mkdtempSync(join(hasRoom ? memory : import.meta.dirname, ".download-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const timed = "TIMEFORMAT=\"%U %S\"; time curl -s -o \"$1\" \"$2\""

/** Its own processor time too, which the shell knows. */
const curl = async (file: string, url: string): Promise<Cost> => {
  const started = performance.now()
  const { stderr } = await promisify(execFile)("bash", ["-c", timed, "bash", file, url])
  const wallMs = performance.now() - started
  const [user = NaN, system = NaN] = stderr.trim().split(" ").map(Number)
  return { wallMs, cpuMs: (user + system) * 1_000 }
}

const bench = async (): Promise<void> => {
  needBuild()
  const child = fork(import.meta.filename, ["serve"])
  const [port] = await once(child, "message")
  const url = `http://127.0.0.1:${port}/file`
  const folder = makeFolder()
  const download = (ranges: number) => () => {
    // As for curl, which truncates: a new file costs new pages.
    rmSync(join(folder, "file"), { force: true })
    return node([skein, "download", url, "--output", folder, "--quiet", "--ranges", String(ranges)])
  }

  const rounds = await alternate([
    {
      name: "curl",
      run: () => {
        rmSync(join(folder, "curl"), { force: true })
        return curl(join(folder, "curl"), url)
      }
    },
    { name: "skein, one piece", run: download(1) },
    { name: "skein, four pieces", run: download(4) }
  ], 7)
  print(rounds)
  const [base, ...own] = rounds
  for (const round of own) {
    goal(`${round.name}: rate, in times of curl's`, 1 / ratio(round, base!).median, "at least", 0.9)
    goal(`${round.name}: peak memory`, peak(round), "at most", 150, " MB")
  }
  console.log(
    `processor time, in times of curl's: ${own.map((round) => (cpu(round) / cpu(base!)).toFixed(2)).join(" and ")}`
  )
  await promisify(execFile)("cmp", [join(folder, "curl"), join(folder, "file")])

  for (const name of ["curl", "file"]) rmSync(join(folder, name))
  const three = await node([
    skein,
    "download",
    ...["a", "b", "c"].map((name) => url + name),
    "--output",
    folder,
    "--quiet"
  ])
  goal("three files at once, in four pieces each: peak memory", three.peakMb ?? NaN, "at most", 150, " MB")
  child.disconnect()
}

if (process.argv[2] === "serve") serve()
else await bench()
