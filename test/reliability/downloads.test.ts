/** Downloads that are killed at any moment. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as Note from "../../src/programs/download/Note.ts"
import * as Segments from "../../src/programs/download/Segments.ts"
import { program } from "../support/built.ts"
import * as FileServer from "../support/fileServer.ts"
import { numbers, seeds } from "../support/seeds.ts"

const kills = seeds(200)

/** How many bytes of the file a download would go on after. */
const remembered = (folder: string): number => {
  let text = ""
  try {
    text = readFileSync(join(folder, "file.part/note"), "utf8")
  } catch {
    return 0
  }
  const content = Note.decode(text)
  return content === undefined ? 0 : Segments.bytesOf(content.segments)
}

describe("downloads", () => {
  it.live(
    `R25 kill -9 at ${kills} moments leaves no half file under the final name, and what is there is gone on with`,
    () =>
      Effect.gen(function*() {
        const bytes = FileServer.random(8_000_000)
        /** What the server has sent, and what it may send before the next kill. */
        const served = { bytes: 0, most: 0 }
        const server = yield* FileServer.start({
          "/file": {
            bytes,
            before: (request, response) => {
              const [from = 0, to = bytes.length - 1] =
                /(\d+)-(\d+)/.exec(request.headers.range ?? "")?.slice(1).map(Number) ?? []
              response.writeHead(request.headers.range === undefined ? 200 : 206, {
                etag: "\"1\"",
                "accept-ranges": "bytes",
                "content-length": String(to + 1 - from),
                ...(request.headers.range === undefined
                  ? {}
                  : { "content-range": `bytes ${from}-${to}/${bytes.length}` })
              })
              let at = from
              const timer = setInterval(() => {
                if (served.bytes >= served.most) return
                const end = Math.min(to + 1, at + 50_000)
                response.write(bytes.subarray(at, end))
                served.bytes += end - at
                at = end
                if (at === to + 1) {
                  clearInterval(timer)
                  response.end()
                }
              }, 2)
              response.on("close", () => clearInterval(timer))
              return true
            }
          }
        })
        const folder = mkdtempSync(join(tmpdir(), "skein-kill-"))
        yield* Effect.promise(async () => {
          const downloader = await program("downloader")
          const final = join(folder, "file")
          let wholes = 0
          let resumes = 0
          for (let seed = 0; seed < kills; seed++) {
            const random = numbers(seed)
            // One in four comes to its end. The others get a part of the file, and are killed around the time when all of it is remembered.
            const isWhole = seed % 4 === 3 || seed === kills - 1
            served.most = isWhole ? Infinity : served.bytes + random() * bytes.length / 4
            const child = spawn(process.execPath, [downloader, `${server.url}/file`, folder], {
              stdio: ["ignore", "pipe", "inherit"]
            })
            let said = ""
            child.stdout.on("data", (text) => said += String(text))
            const closed = once(child, "close")
            const isUnderWay = () => isWhole || served.bytes < served.most || remembered(folder) === 0
            while (child.exitCode === null && isUnderWay()) await setTimeout(2)
            await setTimeout(random() * 20)
            child.kill("SIGKILL")
            await closed
            if (Number(said) > 0) resumes++
            if (existsSync(final)) {
              wholes++
              assert.isTrue(readFileSync(final).equals(bytes))
              rmSync(final)
            }
          }
          assert.isAbove(wholes, 0)
          assert.isAbove(resumes, 0)
          rmSync(folder, { recursive: true, force: true })
        })
      }),
    300_000
  )
})
