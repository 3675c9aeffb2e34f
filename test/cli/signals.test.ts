import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { appears, folder, type Running, shell, start } from "./commandLine.ts"

const scenario = (teardown: string) => `
name: Waits
steps:
  - file_write: { path: started, content: "" }
  - sleep: 60s
teardown:
  - file_write: { path: torn, content: "" }
  - ${teardown}
`

/** Runs until the scenario is in the middle of its steps. */
const underWay = async (args: ReadonlyArray<string>, teardown = "log: done") => {
  const files = folder({ "waits.yaml": scenario(teardown) })
  const run = start(["run", "waits.yaml", ...args], files.path)
  await appears(join(files.path, "started"))
  return { files, run }
}

const signalAll = (run: Running, ...signals: ReadonlyArray<NodeJS.Signals>) => {
  for (const signal of signals) run.child.kill(signal)
}

describe.concurrent("signals", () => {
  it("R26 the first Ctrl-C runs the teardown, writes reports marked as interrupted, and exits 130", async () => {
    const { files, run } = await underWay([
      "--format",
      "json",
      "--report",
      "junit=junit.xml",
      "--report",
      "jsonl=events.jsonl"
    ])
    using _ = files

    signalAll(run, "SIGINT")
    const { code, stderr, stdout } = await run.ended

    assert.strictEqual(code, 130)
    assert.isTrue(files.has("torn"), "the teardown ran")
    const report = JSON.parse(stdout) as {
      readonly interrupted: boolean
      readonly summary: { readonly interrupted: number }
    }
    assert.isTrue(report.interrupted)
    assert.strictEqual(report.summary.interrupted, 1)
    assert.include(readFileSync(join(files.path, "junit.xml"), "utf8"), "interrupted")
    assert.include(readFileSync(join(files.path, "events.jsonl"), "utf8"), "RunFinished")
    assert.include(stderr, "press Ctrl-C again to end at once")
  })

  it.each(["SIGTERM", "SIGHUP"] as const)("R28 %s runs the teardown and exits 143", async (signal) => {
    const { files, run } = await underWay([])
    using _ = files

    signalAll(run, signal)

    assert.strictEqual((await run.ended).code, 143)
    assert.isTrue(files.has("torn"), "the teardown ran")
  })

  it("R26 a teardown gets --grace and no more", async () => {
    const { files, run } = await underWay(["--grace", "500ms"], "sleep: 60s")
    using _ = files

    signalAll(run, "SIGTERM")

    assert.strictEqual((await run.ended).code, 143)
    assert.isTrue(files.has("torn"), "the teardown began")
  })

  it("R26 a watch that waits for changes ends at once", async () => {
    using files = folder({ "a.yaml": "name: A\nsteps:\n  - file_write: { path: started, content: \"\" }\n" })
    const run = start(["run", "a.yaml", "--watch"], files.path)
    await appears(join(files.path, "started"))

    signalAll(run, "SIGINT")

    assert.strictEqual((await run.ended).code, 130)
  })

  it("R28 a reader that goes away ends the run quietly, after its teardown", async () => {
    // A pipe without a reader is seen only by who writes to it: the run goes on saying something.
    const speaking = scenario("log: done").replace("- sleep: 60s", "- { for: 1200, sleep: 50ms }")
    using files = folder({ "waits.yaml": speaking })

    const { stderr } = await shell("$SKEIN run waits.yaml --report jsonl=- | head -1", files.path).ended
    await appears(join(files.path, "torn"))

    assert.notInclude(stderr, "EPIPE")
    assert.notInclude(stderr, " at ")
  })

  it("R28 a command whose reader goes away ends with its own code and says nothing", async () => {
    using files = folder({})

    const { stderr, stdout } = await shell("{ $SKEIN schema; echo code $? >&2; } | head -1", files.path).ended

    assert.strictEqual(stdout, "{\n")
    assert.strictEqual(stderr, "code 0\n")
  })

  it("R28 closed standard input and output are no error", async () => {
    using files = folder({ "a.yaml": "name: A\nsteps:\n  - log: hello\n" })

    const { code, stderr } = await shell("$SKEIN run a.yaml -q <&- >&-", files.path).ended

    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
  })

  it("R28 work that waits for nothing is a bug and not success; its teardown runs", async () => {
    // Timers that keep no process alive, as a driver leaves one that forgot to answer.
    const unref = "const real = setTimeout; globalThis.setTimeout = (...of) => real(...of).unref()\n"
    using files = folder({ "waits.yaml": scenario("log: done"), "unref.mjs": unref })

    const { code, stderr } = await shell("NODE_OPTIONS='--import ./unref.mjs' $SKEIN run waits.yaml", files.path).ended

    assert.strictEqual(code, 70)
    assert.include(stderr, "waits for something that cannot come")
    assert.isTrue(files.has("torn"), "the teardown ran")
  })

  it("R31 a full disk behind standard output is not success", async () => {
    using files = folder({ "a.yaml": "name: A\nsteps:\n  - log: hello\n" })

    const { code, stderr } = await shell("$SKEIN run a.yaml -q > /dev/full", files.path).ended

    assert.strictEqual(code, 5)
    assert.include(stderr, "ENOSPC")
  })
})

// Apart from the others, so that they take no processor time from what is measured.
describe("a second signal", () => {
  it("R27 the second Ctrl-C ends a hanging teardown within 200 ms, with 130", async () => {
    let least = Infinity
    // A machine that is busy with something else gets more than one try.
    for (let tries = 0; tries < 5 && least >= 200; tries++) {
      const { files, run } = await underWay([], "sleep: 60s")
      using _ = files
      signalAll(run, "SIGINT")
      await appears(join(files.path, "torn"))

      const before = performance.now()
      signalAll(run, "SIGINT")
      const { code } = await run.ended
      least = Math.min(least, performance.now() - before)

      assert.strictEqual(code, 130)
    }
    assert.isBelow(least, 200)
  })
})
