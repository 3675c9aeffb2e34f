/** What a run writes cannot be written: the result is told all the same, the loss is named, and the run is not green. */
import { assert, describe, it } from "@effect/vitest"
import { execFile, type ExecFileException, execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const bin = join(import.meta.dirname, "../../src/bin.ts")
const isRoot = process.getuid?.() === 0
const soak = process.env["SKEIN_SOAK"] === "1"

const exhausting = `
import { Effect, Schema } from "effect"
import { openSync } from "node:fs"
import { Action } from "skein"

/** Opens files until no more can be opened, and keeps them open. */
const exhaust = () => {
  for (let opened = 0;; opened++) {
    try {
      openSync("/dev/null", "r")
    } catch {
      return opened
    }
  }
}

export const exhaustFiles = Action.make({
  name: "exhaust_files",
  family: "test",
  summary: "Leaves no file to be opened",
  input: Schema.Struct({}),
  positional: [],
  output: Schema.Int,
  effect: "none",
  examples: [{ title: "", yaml: "" }, { title: "", yaml: "" }],
  run: () => Effect.sync(exhaust)
})
`

/** A project of one passing scenario; answers with what a run of it in a shell gives. */
const project = (files: Readonly<Record<string, string>>) => {
  const path = mkdtempSync(join(tmpdir(), "skein-disks-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  const run = (before: ReadonlyArray<string>, ...args: ReadonlyArray<string>) =>
    new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const [program, ...rest] = [...before, process.execPath, bin, "run", "a.yaml", "--format", "json", ...args]
      const done = (error: ExecFileException | null, stdout: string, stderr: string) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr })
      execFile(program!, rest, { cwd: path, timeout: 30_000 }, done)
    })
  return { path, run, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const passed = (stdout: string) =>
  (JSON.parse(stdout) as { readonly summary: { readonly passed: number } }).summary.passed

describe("what cannot be written", () => {
  it.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)("R31 too many open files", async () => {
    using files = project({
      "a.yaml": "name: A\nsteps: [{ exhaust_files: {} }]",
      "actions.ts": exhausting,
      "skein.yaml": "actions: [./actions.ts]"
    })

    const reports = ["junit=x.xml", "html=x.html", "jsonl=x.jsonl"].flatMap((report) => ["--report", report])
    const { code, stderr, stdout } = await files.run(["prlimit", "--nofile=150"], ...reports)

    assert.strictEqual(passed(stdout), 1)
    assert.strictEqual(code, 5)
    for (const what of ["junit report", "html report", "history of runs"]) {
      assert.match(stderr, new RegExp(`error: the ${what} .*: too many open files`))
    }
    assert.notMatch(stderr, /\n {4}at /)
  }, 40_000)

  it.skipIf(isRoot)("R31 a folder that may not be written", async () => {
    using files = project({ "a.yaml": "name: A\nsteps: [log: hello]" })
    mkdirSync(join(files.path, "closed"))
    chmodSync(join(files.path, "closed"), 0o555)

    const { code, stderr, stdout } = await files.run([], "--report", "junit=closed/x.xml")

    assert.strictEqual(passed(stdout), 1)
    assert.strictEqual(code, 5)
    assert.match(stderr, /error: the junit report could not be written to closed\/x.xml: permission denied/)
  })

  // Only root may mount; what a small disk does is simulated in ReportFiles and History.
  it.skipIf(!soak || !isRoot)("R31 a disk that is full, or read-only", async () => {
    using files = project({ "a.yaml": "name: A\nsteps: [log: hello]" })
    const disk = join(files.path, "disk")
    mkdirSync(disk)
    const write = ["--report", "html=disk/x.html", "--report", "jsonl=disk/x.jsonl"]
    for (const [options, why] of [["size=4k", "no space left on the disk"], ["ro", "read-only"]] as const) {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk])
      try {
        const { code, stderr, stdout } = await files.run([], ...write)
        assert.strictEqual(passed(stdout), 1)
        assert.strictEqual(code, 5)
        assert.match(stderr, new RegExp(`error: the html report could not be written to disk/x.html: .*${why}`))
        assert.isFalse(existsSync(join(disk, "x.html")))
      } finally {
        execFileSync("umount", [disk])
      }
    }
  })
})
