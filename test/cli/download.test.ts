import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as FileServer from "../support/fileServer.ts"
import * as HttpServers from "../support/HttpServers.ts"
import { appears, call, firstLine, folder, shell, start } from "./commandLine.ts"

const isRoot = process.getuid?.() === 0
/** Not in every container may root do that. */
const mayMount = isRoot && spawnSync("unshare", ["--mount", "true"]).status === 0

/** A folder, and a server of files. */
const place = Effect.fnUntraced(function*(files: Record<string, FileServer.Served>) {
  const { path } = yield* Effect.acquireRelease(
    Effect.sync(() => folder({})),
    (made) => Effect.sync(() => made[Symbol.dispose]())
  )
  const server = yield* FileServer.start(files)
  const download = (...args: ReadonlyArray<string>) =>
    Effect.promise(() => call(["download", ...args.map((arg) => arg.replace(/^\//, `${server.url}/`))], path))
  return { path, server, download }
})

const content = FileServer.random(100_000)
const silent: FileServer.Served = { bytes: content, before: () => true }

describe("skein download", () => {
  it.live("prints where files are, and with --format json what was compared", () =>
    Effect.gen(function*() {
      const { download, path } = yield* place({ "/a.bin": { bytes: content }, "/b.bin": { bytes: content } })
      const both = yield* download("/a.bin", "/b.bin", "--output", "files")
      const again = yield* download("/a.bin", "--output", "files", "--skip", "--format", "json", "--quiet")

      assert.deepStrictEqual([both.code, again.code], [0, 0])
      const [a, b] = ["a.bin", "b.bin"].map((name) => join(path, "files", name))
      assert.strictEqual(both.stdout, `${a}\n${b}\n`)
      assert.match(both.stderr, /✓ a\.bin: 100 kB; checked: size\n/)
      assert.strictEqual(again.stderr, "")
      const { files, ...counts } = JSON.parse(again.stdout)
      assert.deepStrictEqual(counts, { done: 1, failed: 0, bytes: 0 })
      assert.deepInclude(files[0], { ok: true, kept: true, name: "a.bin", path: a })
    }).pipe(Effect.scoped))

  it.live("ends with 1 when the server says no, 3 when some are there, 4 in the end of the time, 5 when nobody answers", () =>
    Effect.gen(function*() {
      const { download, path } = yield* place({ "/a": { bytes: content }, "/silent": silent })
      const closed = yield* Effect.scoped(HttpServers.http(() => {}))
      writeFileSync(join(path, "skein.yaml"), "limits: { retries: 0 }\n")
      const none = yield* download("/none", "/nothing")
      const some = yield* download("/a", "/none")
      const late = yield* download("/silent", "/a", "--overwrite", "--timeout", "500ms")
      const unreachable = yield* download(`${closed.url}/a`)

      assert.deepStrictEqual([none, some, late, unreachable].map(({ code }) => code), [1, 3, 4, 5])
      assert.strictEqual(none.stdout, "")
      assert.match(none.stderr, /✗ http:\/\/[\d.:]+\/none: [\d.:]+ answers with status 404\n/)
      assert.deepStrictEqual([some.stdout, late.stdout], [`${join(path, "a")}\n`, `${join(path, "a")}\n`])
      assert.match(late.stderr, /\/silent: it was not there in time\n/)
      assert.match(unreachable.stderr, /nothing accepts connections at 127\.0\.0\.1/)
    }).pipe(Effect.scoped))

  it.live("tells mistakes of the command line before anything is asked, and ends with 2", () =>
    Effect.gen(function*() {
      const { download, path, server } = yield* place({})
      writeFileSync(join(path, "sums"), "abc  a\n")
      const mistakes: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
        [[], /<what> is missing/],
        [["a.zip"], /a\.zip is no URL\n +write it like https:/],
        [["/a", "/b", "--name", "c"], /--name and --sha256 are for one URL/],
        [["/a", "--name", "../c"], /--name: it leads to another folder/],
        [["/a", "--sha256", "abc"], /--sha256 is not 64 digits/],
        [["/a", "--skip", "--overwrite"], /--overwrite and --skip exclude each other/],
        [["/a", "--checksums", "none"], /--checksums: there is no file none/],
        [["/a", "--checksums", "sums"], /--checksums sums: line 1 is no checksum/],
        [["/a", "--max-bytes", "lots"], /"lots" is not a size/],
        [["pantheon:backups"], /pantheon:backups needs a target/],
        [
          ["pantheon:backups", "a.live", "--elements", "databse"],
          /there is no element "databse"\n +did you mean "database"\?/
        ],
        [["pantheon:backup", "a.live"], /no download "backup"\n +did you mean "backups"\?/]
      ]
      for (const [args, said] of mistakes) {
        const { code, stderr, stdout } = yield* download(...args)
        assert.match(stderr, said)
        assert.deepStrictEqual([code, stdout], [2, ""])
      }
      assert.lengthOf(server.requests, 0)
    }).pipe(Effect.scoped))

  it.live("R25 a file that another process downloads is left to it, and told as such; what cannot be written too", () =>
    Effect.gen(function*() {
      const { download, path, server } = yield* place({ "/a": { bytes: content }, "/silent": silent })
      const other = start(["download", `${server.url}/silent`, "--name", "a"], path)
      yield* Effect.promise(() => appears(join(path, "a.part")))
      const busy = yield* download("/a", "--name", "a")
      other.child.kill("SIGINT")
      const ended = yield* Effect.promise(() => other.ended)
      writeFileSync(join(path, "file"), "")
      const file = yield* download("/a", "--output", "file")

      assert.deepStrictEqual([busy.code, ended.code, file.code], [5, 130, 5])
      assert.match(busy.stderr, /a is being downloaded by process \d+ on /)
      assert.match(file.stderr, /file cannot be made a folder: a file is in the way/)
      if (isRoot) return
      mkdirSync(join(path, "mine"), { mode: 0o500 })
      const forbidden = yield* download("/a", "--output", "mine")
      assert.strictEqual(forbidden.code, 5)
      assert.match(forbidden.stderr, /mine\/a\.part may not be written/)
    }).pipe(Effect.scoped))

  it.live.skipIf(!mayMount)(
    "R25 R31 a disk that is full is told as such, and what fits is gone on with when there is room",
    () =>
      Effect.gen(function*() {
        const bytes = FileServer.random(3_000_000)
        const { download, path } = yield* place({ "/a": { bytes } })
        const disk = join(path, "disk")
        mkdirSync(disk)
        yield* Effect.acquireRelease(
          Effect.sync(() => execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk])),
          () => Effect.sync(() => execFileSync("umount", [disk]))
        )
        const full = yield* download("/a", "--output", "disk")
        assert.strictEqual(full.code, 5)
        assert.match(full.stderr, /there is no space left for \S+\/disk\/a\.part\n +Make room and start again/)
        assert.deepStrictEqual(readdirSync(disk), ["a.part"])
        assert.isAbove(statSync(join(disk, "a.part/content")).size, 500_000)

        execFileSync("mount", ["-o", "remount,size=8m", disk])
        const { code, stderr } = yield* download("/a", "--output", "disk")
        assert.strictEqual(code, 0)
        assert.match(stderr, /a: goes on after/)
        assert.isTrue(readFileSync(join(disk, "a")).equals(bytes))
      }).pipe(Effect.scoped)
  )

  it.live("fetches all elements of a profile's targets by URLs that it mints", () =>
    Effect.gen(function*() {
      const { path } = yield* place({})
      const server = start(["fake", "pantheon", "--port", "0"], path)
      yield* Effect.addFinalizer(() => Effect.sync(() => server.child.kill("SIGKILL")))
      let settings = ""
      server.child.stdout!.on("data", (text: string) => settings += text)
      yield* Effect.promise(() => firstLine(server))
      writeFileSync(join(path, "pantheon.env"), settings)
      const fetched = yield* Effect.promise(() =>
        shell(
          ". ./pantheon.env; HOME=. $SKEIN download pantheon:backups site-001.live site-002.live --elements all --output backups",
          path
        ).ended
      )

      assert.strictEqual(fetched.code, 0, fetched.stderr)
      const names = fetched.stdout.trim().split("\n").map((line) => basename(line))
      assert.lengthOf(names, 6)
      assert.sameMembers(readdirSync(join(path, "backups")), names)
      for (const line of fetched.stderr.trim().split("\n")) {
        assert.match(line, /^✓ site-00[12]_live_.+gz: .+; checked: .*gzip/)
      }
    }).pipe(Effect.scoped))
})
