import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import * as FolderLock from "../../src/layers/FolderLock.ts"
import * as ProcessIdentity from "../../src/layers/ProcessIdentity.ts"
import { sampled } from "../support/seeds.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-lock-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

interface Racer {
  readonly child: ChildProcess
  said: string
}

/** Starts processes that race for `path` once they are told to. */
const startRacers = async (path: string, ends: ReadonlyArray<"give back" | "kill">) => {
  const file = join(import.meta.dirname, "../support/lockRacer.ts")
  const racers = ends.map((end) => {
    const child = spawn(process.execPath, [file, path, end], { stdio: ["pipe", "pipe", "inherit"] })
    const racer: Racer = { child, said: "" }
    child.stdout.on("data", (text) => racer.said += text)
    return racer
  })
  await Promise.all(racers.map(async (racer) => {
    while (!racer.said.includes("ready")) await once(racer.child.stdout!, "data")
  }))
  return racers
}

const holder = (path: string) => Effect.flip(Effect.scoped(FolderLock.hold(path)))

const leave = (path: string, owner: Partial<ProcessIdentity.ProcessIdentity>) =>
  writeFileSync(
    join(path, FolderLock.fileName),
    JSON.stringify({ ...ProcessIdentity.current(), token: "left", ...owner })
  )

const held = (path: string) =>
  Effect.scoped(Effect.map(FolderLock.hold(path), () => existsSync(join(path, FolderLock.fileName))))

describe("a lock on a folder", () => {
  const racing = sampled(50)
  it.live(`R32 of ${racing} processes that race for a lock left behind, exactly one holds it at a time, also when holders are killed`, () =>
    Effect.gen(function*() {
      const path = yield* folder
      leave(path, { pid: 999_999_999 })
      const ends = Array.from({ length: racing }, (_, at) => at % 2 === 0 ? "give back" as const : "kill" as const)

      const racers = yield* Effect.promise(() => startRacers(path, ends))
      yield* Effect.promise(() =>
        Promise.all(racers.map(({ child }) => {
          const ended = once(child, "close")
          child.stdin!.end("go")
          return ended
        }))
      )

      assert.deepStrictEqual(racers.map(({ said }) => said), ends.map(() => "ready\nheld\n"))
      assert.isTrue(yield* held(path))
      assert.deepStrictEqual(readdirSync(path), [])
    }))

  it.live("a live owner is named with its process and host, and keeps the folder", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const refused = yield* Effect.scoped(Effect.andThen(FolderLock.hold(path), holder(path)))

      assert.deepStrictEqual(refused, { _tag: "Held", by: `process ${process.pid} on ${hostname()}` })
      assert.isTrue(yield* held(path))
      assert.deepStrictEqual(readdirSync(path), [])
    }))

  const left: ReadonlyArray<
    readonly [Partial<ProcessIdentity.ProcessIdentity>, "taken over" | "held", because: string]
  > = [
    [{ pid: 999_999_999 }, "taken over", "nobody has that number"],
    [{}, "held", "it is this very process"],
    [{ started: "1" }, "taken over", "the number is given again, to one that started later"],
    [{ boot: "another" }, "taken over", "the machine was started again since"],
    [{ host: "elsewhere" }, "held", "processes of another machine cannot be seen"],
    [{ space: "pid:[1]" }, "held", "nor those of another container"],
    [{ pid: 1, started: undefined }, "held", "a system that does not tell starts: the number is taken"]
  ]

  for (const [owner, outcome, because] of left) {
    it.effect.skipIf(process.platform !== "linux")(
      `one left behind is ${outcome}: ${because}`,
      () =>
        Effect.gen(function*() {
          const path = yield* folder
          leave(path, owner)

          if (outcome === "taken over") assert.isTrue(yield* held(path))
          else assert.strictEqual((yield* holder(path))._tag, "Held")
        })
    )
  }

  it.effect("one that cannot be read is somebody's: it is not deleted by guess", () =>
    Effect.gen(function*() {
      const path = yield* folder
      writeFileSync(join(path, FolderLock.fileName), "{\"pid\":")

      assert.deepStrictEqual(yield* holder(path), { _tag: "Held", by: "somebody" })
      assert.strictEqual(readFileSync(join(path, FolderLock.fileName), "utf8"), "{\"pid\":")
    }))

  it.effect("one whose next owner died between taking it over and saying so is followed to its end", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const gone = { ...ProcessIdentity.current(), pid: 999_999_999 }
      writeFileSync(join(path, "skein.lock"), JSON.stringify({ ...gone, token: "first" }))
      writeFileSync(join(path, "skein.lock.first"), JSON.stringify({ ...gone, token: "second" }))
      assert.isTrue(yield* held(path))
      assert.deepStrictEqual(readdirSync(path), [])

      writeFileSync(join(path, "skein.lock"), JSON.stringify({ ...gone, token: "first" }))
      writeFileSync(join(path, "skein.lock.first"), JSON.stringify({ ...ProcessIdentity.current(), token: "second" }))
      assert.strictEqual((yield* holder(path))._tag, "Held")
    }))

  it.effect("a folder that cannot be made is refused with the reason", () =>
    Effect.gen(function*() {
      const refused = yield* holder("/dev/null/data")

      assert.strictEqual(refused._tag, "Disk")
      assert.include(String("cause" in refused && refused.cause), "ENOTDIR")
    }))
})
