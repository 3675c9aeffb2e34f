/** Downloads that are killed at any moment. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as FileServer from "../support/fileServer.ts"
import { seeds } from "../support/seeds.ts"

const downloader = join(import.meta.dirname, "../support/downloader.ts")
const kills = seeds(200)

describe("downloads", () => {
  it.live(
    `R25 kill -9 at ${kills} moments leaves no half file under the final name, and what is there is gone on with`,
    () =>
      Effect.gen(function*() {
        const bytes = FileServer.random(8_000_000)
        // Slow enough that kills fall within it.
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
                const end = Math.min(to + 1, at + 50_000)
                response.write(bytes.subarray(at, end))
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
          const final = join(folder, "file")
          let wholes = 0
          let resumes = 0
          // A machine in a hurry comes to its end before each kill: then some more are tried.
          for (let seed = 0; seed < kills || (resumes === 0 && seed < kills + 20); seed++) {
            const child = spawn(process.execPath, [downloader, `${server.url}/file`, folder], {
              stdio: ["ignore", "pipe", "inherit"]
            })
            let said = ""
            child.stdout.on("data", (text) => said += String(text))
            const closed = once(child, "close")
            const before = server.requests.length
            // The clock begins with its first request; some come to their end, the last one surely.
            while (server.requests.length === before && child.exitCode === null) await setTimeout(2)
            const patience = seed === kills - 1 ? 60_000 : (260 * (seed + 1) / kills) % 260
            const ended = await Promise.race([closed.then(() => true), setTimeout(patience, false, { ref: false })])
            if (!ended) child.kill("SIGKILL")
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
