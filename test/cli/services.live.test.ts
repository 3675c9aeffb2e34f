/**
 * The scenarios of `examples/services` on real servers: PostgreSQL, RabbitMQ, Redis, and a MongoDB, or the wire server of
 * `skein fake mongo` where `SKEIN_TEST_MONGO_URL` names none.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { globSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { firstLine, folder, type Running, start } from "./commandLine.ts"

const root = join(import.meta.dirname, "../..")
const scenarios = globSync("examples/services/*.yaml", { cwd: root }).filter((path) => !path.endsWith("live.yaml"))

const files = folder({})
const variables = join(files.path, "servers.env")
let store: Running | undefined

const run = async (...flags: ReadonlyArray<string>) => {
  const fixed = ["run", "examples/services", "--config", "examples/services/live.yaml", "--env-file", variables]
  const { code, stderr, stdout } = await start([...fixed, "--format", "json", ...flags], root).ended
  return { code, stderr, report: JSON.parse(stdout) as Report }
}

interface Report {
  readonly summary: { readonly total: number; readonly passed: number }
  readonly cases: ReadonlyArray<object>
}

describe("examples/services on servers", () => {
  beforeAll(async () => {
    writeFileSync(variables, "")
    if ((process.env["SKEIN_TEST_MONGO_URL"] ?? "") !== "") return
    store = start(["fake", "mongo", "--port", "0"], files.path)
    writeFileSync(variables, `SKEIN_TEST_MONGO_URL=${await firstLine(store)}/skein_examples\n`)
  })

  afterAll(async () => {
    store?.child.kill("SIGTERM")
    await store?.ended
    files[Symbol.dispose]()
  })

  it("all pass, in two runs at once and again with the same names", async () => {
    const atOnce = await Promise.all([run("--repeat", "2"), run("--repeat", "2")])
    const again = [await run("--seed", "1"), await run("--seed", "1")]

    for (const { code, report, stderr } of [...atOnce, ...again]) {
      assert.strictEqual(code, 0, `${stderr}\n${JSON.stringify(report.cases)}`)
      assert.strictEqual(report.summary.passed, report.summary.total)
      assert.isAtLeast(report.summary.total, scenarios.length)
    }
  })

  it("a server that is not there is an error with its name, and no skipped case", async () => {
    const nobody = "amqp://guest:guest@127.0.0.1:1"
    writeFileSync(
      join(files.path, "nobody.yaml"),
      `amqp: { url: "${nobody}", reconnect_timeout: 1s }\nhistory: false\n`
    )
    const flags = ["--config", join(files.path, "nobody.yaml"), "--format", "json"]
    const { code, stdout } = await start(["run", "examples/services/messages.yaml", ...flags], root).ended

    const { cases, summary } = JSON.parse(stdout) as Report & { readonly summary: { readonly error: number } }
    assert.strictEqual(code, 5)
    assert.strictEqual(summary.error, 1)
    assert.include(JSON.stringify(cases), "127.0.0.1:1")
    assert.notInclude(JSON.stringify(cases), "guest:guest")
  })
})
