import { assert, beforeAll, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { call, folder } from "./commandLine.ts"

const files = folder({
  "pass.yaml": "name: Pass\ntags: [fast]\nsteps:\n  - log: hello\n",
  "fail.yaml": "name: Fail\ntags: [slow]\nsteps:\n  - assert: 1 == 2\n",
  "fail2.yaml": "name: Fail again\nsteps:\n  - assert: 1 == 2\n",
  "unreachable.yaml": "name: Unreachable\nsteps:\n  - http: http://127.0.0.1:1/\n",
  "long.yaml": "name: Long\nsteps:\n  - sleep: 60s\n",
  "broken.yaml": "name: Broken\nstpes: []\n",
  "flaky.yaml": [
    "name: Flaky",
    "steps:",
    "  - file_exists: flag",
    "    save: { there: exists }",
    "  - file_write: { path: flag, content: \"\" }",
    "  - assert: there"
  ].join("\n"),
  "variable.yaml": "name: Variable\nvars: { who: nobody }\nsteps:\n  - assert: who == \"you\"\n",
  "staged.yaml": "name: Staged\nsteps:\n  - assert: stage == \"two\"\n",
  "skein.yaml": "environments:\n  one: { vars: { stage: one } }\n  two: { vars: { stage: two } }\n"
})

const run = (...args: ReadonlyArray<string>) => call(["run", ...args], files.path)

interface JsonReport {
  readonly summary: Readonly<Record<string, number>>
  readonly cases: ReadonlyArray<{ readonly name: string; readonly file: string; readonly status: string }>
}
const reportOf = (stdout: string) => JSON.parse(stdout) as JsonReport

beforeAll(() => () => files[Symbol.dispose]())

describe.concurrent("skein run", () => {
  it.each([
    { args: ["pass.yaml"], code: 0, because: "all cases passed" },
    { args: ["pass.yaml", "fail.yaml"], code: 1, because: "a case failed" },
    { args: ["fail.yaml", "unreachable.yaml"], code: 1, because: "not every failure is a service that is down" },
    { args: ["broken.yaml", "pass.yaml"], code: 2, because: "nothing runs with a mistake in a file" },
    { args: ["pass.yaml", "--filter", "zzz"], code: 2, because: "nothing is selected" },
    { args: ["pass.yaml", "--filter", "zzz", "--allow-empty"], code: 0, because: "nothing selected is accepted" },
    { args: ["absent.yaml"], code: 2, because: "there is no such file" },
    { args: ["pass.yaml", "--config", "absent.yaml"], code: 2, because: "the configuration is not there" },
    { args: ["pass.yaml", "--env", "three"], code: 2, because: "there is no such environment" },
    { args: ["pass.yaml", "--shard", "3/2"], code: 2, because: "there is no third of two parts" },
    { args: ["pass.yaml", "--report", "xml=out.xml"], code: 2, because: "there is no such format" },
    { args: ["pass.yaml", "--report", "tap=-", "--format", "json"], code: 2, because: "two results want stdout" },
    { args: ["long.yaml", "--run-timeout", "300ms"], code: 4, because: "the run's time-out ended it" },
    { args: ["long.yaml", "--case-timeout", "300ms"], code: 1, because: "the case took too long" },
    { args: ["unreachable.yaml"], code: 5, because: "the service is down, and nothing else failed" },
    { args: ["pass.yaml", "--report", "junit=/dev/null/x.xml"], code: 5, because: "the report could not be written" },
    { args: ["variable.yaml"], code: 1, because: "the variable is that of the file" },
    { args: ["variable.yaml", "--var", "who=you"], code: 0, because: "a flag sets the variable" },
    { args: ["staged.yaml", "--env", "two"], code: 0, because: "the environment sets the variable" },
    { args: ["flaky.yaml", "--retries", "1"], code: 0, because: "it passed when it ran again" }
  ])("exits $code: $because ($args)", async ({ args, code }) => {
    const ended = await run(...args)

    assert.strictEqual(ended.code, code, ended.stderr + ended.stdout)
    assert.notMatch(ended.stderr, /\n {4}at /)
    if (code === 2) assert.strictEqual(ended.stdout, "")
  })

  it("R31 a report that cannot be written is named, and the result is still printed", async () => {
    const { stderr, stdout } = await run("pass.yaml", "--report", "junit=/dev/null/x.xml", "--format", "json")

    assert.strictEqual(reportOf(stdout).summary["passed"], 1)
    assert.include(stderr, "the junit report could not be written to /dev/null/x.xml")
  })

  it("--format json prints one document, with what people and programs need", async () => {
    const { stdout } = await run("pass.yaml", "fail.yaml", "--format", "json")

    const { cases, summary } = reportOf(stdout)
    assert.deepStrictEqual(summary, { total: 2, passed: 1, failed: 1, error: 0, skipped: 0, flaky: 0, interrupted: 0 })
    assert.deepInclude(cases.find(({ name }) => name === "Fail"), { file: "fail.yaml", status: "failed" })
  })

  it("--tag selects and excludes", async () => {
    const { stdout } = await run(
      "pass.yaml",
      "fail.yaml",
      "fail2.yaml",
      "--tag",
      "fast",
      "--tag",
      "!slow",
      "--format",
      "json"
    )

    assert.deepStrictEqual(reportOf(stdout).cases.map(({ name }) => name), ["Pass"])
  })

  it("--fail-fast begins no case after the first failure, --keep-going all", async () => {
    const order = ["fail.yaml", "fail2.yaml", "pass.yaml", "--concurrency", "1", "--format", "json", "--fail-fast"]
    const [first, all] = await Promise.all([run(...order), run(...order, "--keep-going")])

    assert.deepInclude(reportOf(first.stdout).summary, { failed: 1, skipped: 2 })
    assert.deepInclude(reportOf(all.stdout).summary, { failed: 2, skipped: 0, passed: 1 })
  })

  it("--repeat runs every case so often", async () => {
    assert.strictEqual(
      reportOf((await run("pass.yaml", "--repeat", "3", "--format", "json")).stdout).summary["passed"],
      3
    )
  })

  it("--dry-run says what would run and runs nothing", async () => {
    const { code, stdout } = await run("fail.yaml", "--dry-run")

    assert.strictEqual(code, 0)
    assert.include(stdout, "fail.yaml:1 Fail #slow")
    assert.include(stdout, "assert 1 == 2")
  })

  it("--quiet prints failures and the summary, and nothing on stderr", async () => {
    const { stderr, stdout } = await run("pass.yaml", "-q")

    assert.strictEqual(stderr, "")
    assert.match(stdout, /1 passed/)
  })

  it("--metrics and --cpu-prof leave their files", async () => {
    const { code } = await run("pass.yaml", "--metrics", "metrics.txt", "--cpu-prof")

    assert.strictEqual(code, 0)
    assert.include(readFileSync(join(files.path, "metrics.txt"), "utf8"), `skein_cases_total{status="passed"} 1`)
    assert.include(readFileSync(join(files.path, "skein.cpuprofile"), "utf8"), "nodes")
  })
})

describe("skein run, after other runs", () => {
  it("--last-failed runs what did not pass, and --fail-on-flaky what passed late counts as failed", async () => {
    using own = folder({
      "pass.yaml": "name: Pass\nsteps:\n  - log: hello\n",
      "fail.yaml": "name: Fail\nsteps:\n  - assert: 1 == 2\n",
      "flaky.yaml": readFileSync(join(files.path, "flaky.yaml"), "utf8")
    })
    const flaky = await call(["run", "flaky.yaml", "--retries", "1", "--fail-on-flaky"], own.path)
    assert.strictEqual(flaky.code, 1)
    assert.strictEqual((await call(["run", "pass.yaml", "fail.yaml"], own.path)).code, 1)

    const { stdout } = await call(["run", ".", "--last-failed", "--format", "json"], own.path)

    assert.deepStrictEqual(reportOf(stdout).cases.map(({ name }) => name), ["Fail"])
  })

  it("shards run every case once, also when they share a history one after the other; merged they are one run", async () => {
    const cases = [1, 2, 3, 4].map((n) => [`${n}.yaml`, `name: Case ${n}\nsteps:\n  - sleep: ${n * 20}ms\n`])
    using own = folder(Object.fromEntries(cases))
    const names: Array<string> = []
    for (const shard of ["1/2", "2/2"]) {
      const flags = ["--shard", shard, "--format", "json", "--report", `json=shard-${shard[0]}.json`]
      names.push(
        ...reportOf((await call(["run", ".", ...flags], own.path)).stdout).cases.map(({ name }) => name)
      )
    }
    assert.deepStrictEqual(names.toSorted(), ["Case 1", "Case 2", "Case 3", "Case 4"])

    const merged = await call(["report", "merge", "shard-1.json", "shard-2.json", "--format", "json"], own.path)

    assert.strictEqual(merged.code, 0, merged.stderr)
    assert.strictEqual(reportOf(merged.stdout).summary["passed"], 4)
  })
})
