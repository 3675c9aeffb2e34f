import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { crc32c } from "../../src/core/Crc32c.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { all, bytes, kept, TestFolder, tests, using } from "../services/JournalSuite.ts"
import { program } from "../support/built.ts"
import { sampled, seeds } from "../support/seeds.ts"

const folders = Layer.effect(
  TestFolder,
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-journal-"))),
      (base) => Effect.sync(() => rmSync(base, { recursive: true }))
    ),
    (base) => {
      let number = 0
      return { next: Effect.sync(() => join(base, String(++number), "data")) }
    }
  )
)

layer(Layer.merge(FileJournal.layer(), folders), { excludeTestServices: true })("a journal in files", (it) => {
  tests(it)

  const five = ["first", "", "third", "a fourth one", "5"]
  const offsets = five.reduce((ends, record) => [...ends, ends.at(-1)! + 8 + record.length], [0])

  /** The bytes of a journal of five records, and where each record ends. */
  const written = Effect.gen(function*() {
    const folder = yield* (yield* TestFolder).next
    const header = yield* using(folder, (journal) =>
      Effect.gen(function*() {
        const empty = yield* journal.size
        yield* journal.append(five.map(bytes))
        return empty
      }))
    const file = join(folder, "skein.journal")
    return { folder, file, whole: readFileSync(file), header, ends: offsets.map((offset) => header + offset) }
  })

  it.effect("R30 cut at every byte, it has the records before the cut, and takes new ones", () =>
    Effect.gen(function*() {
      const { ends, file, folder, header, whole } = yield* written
      for (let cut = 0; cut <= whole.length; cut++) {
        const good = Math.max(0, ends.findLastIndex((end) => end <= cut))

        const [records, recovered] = yield* foundIn(file, folder, whole.subarray(0, cut))
        yield* using(folder, (journal) => journal.append([bytes("new")]))

        assert.deepStrictEqual(records, five.slice(0, good), `cut at ${cut}`)
        assert.deepStrictEqual(recovered, { records: good, droppedBytes: cut < header ? 0 : cut - ends[good]! })
        assert.deepStrictEqual(yield* kept(folder), [...records, "new"])
      }
    }))

  it.effect("R30 with any bit flipped, it has the records before that one, or is refused when it was in the first line", () =>
    Effect.gen(function*() {
      const { ends, file, folder, header, whole } = yield* written
      const bits = whole.length * 8
      for (let bit = 0; bit < bits; bit += Math.round(bits / sampled(bits))) {
        const at = bit >> 3
        const flipped = Buffer.from(whole)
        flipped[at]! ^= 1 << (bit & 7)

        if (at < header) {
          const error = yield* Effect.flip(foundIn(file, folder, flipped))
          assert.strictEqual(error.reason, "Format")
          assert.isTrue(readFileSync(file).equals(flipped))
        } else {
          const good = ends.findLastIndex((end) => end <= at)
          const [records, { droppedBytes }] = yield* foundIn(file, folder, flipped)
          assert.deepStrictEqual(records, five.slice(0, good), `bit ${bit}`)
          assert.strictEqual(droppedBytes, whole.length - ends[good]!)
        }
      }
    }))

  it.effect("R30 zeros at the end, or the end a second time, are cut off and kept beside it", () =>
    Effect.gen(function*() {
      const { ends, file, folder, whole } = yield* written
      const tails = [
        Buffer.alloc(1),
        Buffer.alloc(4096),
        Buffer.alloc(1024 * 1024),
        ...ends.slice(0, -1).map((end) => whole.subarray(end)),
        whole
      ]
      for (const tail of tails) {
        const [records, recovered] = yield* foundIn(file, folder, Buffer.concat([whole, tail]))

        assert.deepStrictEqual(records, five)
        assert.deepStrictEqual(recovered, { records: 5, droppedBytes: tail.length })
        assert.isTrue(readFileSync(`${file}.1.damaged`).equals(tail))
        assert.isTrue(readFileSync(file).equals(whole))
      }
    }))

  it.effect("R30 of a newer format, it is refused and left alone", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written
      const line = "skein-journal 2 \"test records\" 2"
      const newer = Buffer.from(`${line} ${(crc32c(Buffer.from(line)) >>> 0).toString(16).padStart(8, "0")}\n???`)

      const error = yield* Effect.flip(foundIn(file, folder, newer))

      assert.deepStrictEqual([error.reason, readFileSync(file).equals(newer)], ["Format", true])
      assert.include(error.message, "newer version")
    }))

  it.effect("another program's file of that name is refused and left alone", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written
      const error = yield* Effect.flip(foundIn(file, folder, Buffer.from("-- journal\n")))

      assert.strictEqual(error.reason, "Format")
      assert.strictEqual(readFileSync(file, "utf8"), "-- journal\n")
    }))

  it.effect("a draft that a killed rewrite left is no matter", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written
      writeFileSync(`${file}.new`, "half")

      yield* using(folder, (journal) => journal.rewrite([bytes("rewritten")]))

      assert.deepStrictEqual(yield* kept(folder), ["rewritten"])
      assert.deepStrictEqual(readdirSync(folder), ["skein.journal"])
    }))

  it.effect("a damaged end does not take the place of an earlier one", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written
      for (const tail of ["one", "two"]) {
        appendFileSync(file, tail)
        yield* kept(folder)
      }

      assert.deepStrictEqual([1, 2].map((n) => readFileSync(`${file}.${n}.damaged`, "utf8")), ["one", "two"])
    }))

  it.effect("R31 a full disk leaves the old records, no draft, and says what to do", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written
      const error = yield* using(folder, (journal) => {
        symlinkSync("/dev/full", `${file}.new`)
        return Effect.flip(journal.rewrite([bytes("new")]))
      })

      assert.include(error.message, "ENOSPC")
      assert.include(error.hint ?? "", "make room")
      assert.isFalse(existsSync(`${file}.new`))
      assert.deepStrictEqual(yield* kept(folder), five)
    }))

  const unopened: ReadonlyArray<readonly [code: string, hint: string]> = [
    ["EMFILE", "ulimit -n"],
    ["EROFS", "read-only"],
    ["EACCES", "the right to read and write"],
    ["EIO", "may be failing"]
  ]

  for (const [code, hint] of unopened) {
    it.effect(`R31 a file that cannot be opened (${code}) is refused with what to do, and the folder let go`, () =>
      Effect.gen(function*() {
        const { folder } = yield* written
        const failing = FileJournal.layer({ files: { ...fs, open: fails(code) as typeof fs.open } })

        const error = yield* Effect.flip(kept(folder).pipe(Effect.provide(failing, { local: true })))

        assert.strictEqual(error.reason, "Disk")
        assert.include(error.hint ?? "", hint)
        assert.deepStrictEqual(yield* kept(folder), five)
      }))
  }

  it.effect("R31 a read that fails is no damage: nothing is cut", () =>
    Effect.gen(function*() {
      const { file, folder, whole } = yield* written
      const failing = FileJournal.layer({ files: { ...fs, read: fails("EIO") as typeof fs.read } })

      const error = yield* Effect.flip(kept(folder).pipe(Effect.provide(failing, { local: true })))

      assert.strictEqual(error.reason, "Disk")
      assert.isTrue(readFileSync(file).equals(whole))
    }))

  it.effect("appends that wait share one sync", () =>
    Effect.gen(function*() {
      const { folder } = yield* written
      let syncs = 0
      const fdatasync = (fd: number, done: fs.NoParamCallback) => {
        syncs++
        fs.fdatasync(fd, done)
      }
      const counting = FileJournal.layer({
        files: {
          ...fs,
          fdatasync: fdatasync as typeof fs.fdatasync
        }
      })
      yield* using(folder, (journal) =>
        Effect.forEach(
          Array.from({ length: 100 }, (_, at) => bytes(String(at))),
          (record) => journal.append([record]),
          {
            concurrency: "unbounded"
          }
        ), { sync: "always" }).pipe(Effect.provide(counting, { local: true }))

      assert.strictEqual(syncs, 2)
      assert.strictEqual((yield* kept(folder)).length, 105)
    }))

  it.effect("a batch is one write", () =>
    Effect.gen(function*() {
      const { folder } = yield* written
      const lengths: Array<number> = []
      const writeSync = (fd: number, from: Uint8Array, offset: number, length: number, at: number) => {
        lengths.push(length)
        return fs.writeSync(fd, from, offset, length, at)
      }
      yield* using(folder, (journal) =>
        journal.append(Array.from({ length: 1_000 }, () => bytes("20 bytes of a record"))))
        .pipe(
          Effect.provide(FileJournal.layer({ files: { ...fs, writeSync: writeSync as typeof fs.writeSync } }), {
            local: true
          })
        )

      assert.deepStrictEqual(lengths, [28_000])
    }))

  it.effect("R29 killed at any moment, every acknowledged record is there, once and in order", () =>
    Effect.gen(function*() {
      const { next } = yield* TestFolder
      const kills = Array.from({ length: seeds(400) }, (_, seed) => seed)
      yield* Effect.forEach(kills, (seed) =>
        Effect.gen(function*() {
          const folder = yield* next
          const acknowledged = yield* Effect.promise(() => writeUntilKilled(folder, 0, seed * 37 % 50))
          const found = yield* numbersIn(folder)
          assert.isAtLeast(found, acknowledged, `seed ${seed}`)
        }), { concurrency: 2, discard: true })
    }))
})

/** Lets a process write numbers, kills it so many milliseconds after the first is acknowledged, and returns up to where they were. */
const writeUntilKilled = async (folder: string, first: number, millis: number): Promise<number> => {
  const args = [await program("journalWriter"), folder, String(first)]
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  child.stdout.on("data", (text) => said += text)
  await once(child.stdout, "data")
  setTimeout(() => child.kill("SIGKILL"), millis)
  await once(child, "close")
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1)!.replace("open", "0"))
}

/** How many numbers are in the journal, none left out: those before `upto n` are all there. */
const numbersIn = (folder: string) =>
  using(folder, (journal) =>
    Effect.map(all(journal), (records) =>
      records.reduce((next, record) => {
        const [word, rest = ""] = record.split(" ")
        if (word === "upto") return Number(rest)
        assert.strictEqual(record, `${next} ${"x".repeat(next % 300)}`)
        return next + 1
      }, 0)), { format: { name: "numbers", version: 1 } })

/** What is found when the file has other bytes. */
const foundIn = (file: string, folder: string, content: Uint8Array) =>
  Effect.suspend(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
    writeFileSync(file, content)
    return using(folder, (journal) => Effect.zip(all(journal), Effect.succeed(journal.recovered)))
  }).pipe(Effect.provide(unsafe, { local: true }))

/** Does not wait for the disk. */
const unsafe = FileJournal.layer({
  files: { ...fs, fsync: ((_: number, done: fs.NoParamCallback) => done(null)) as typeof fs.fsync }
})

/** A file operation with a callback that only fails. */
const fails = (
  code: string
) => ((...args: ReadonlyArray<unknown>) =>
  (args.at(-1) as (cause: Error) => void)(Object.assign(new Error(`${code}: made to fail`), { code })))
