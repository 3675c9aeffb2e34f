/** `skein load FILE`, and the examples of it. The generator of a busy machine may call itself too slow (exit code 6): then the figures stand all the same. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { LoadResult } from "../../src/programs/load/LoadResult.ts"
import { call, folder } from "./commandLine.ts"

const root = join(import.meta.dirname, "../..")
const read = Schema.decodeUnknownSync(Schema.fromJsonString(LoadResult))

const load = async (args: ReadonlyArray<string>, directory = root) => {
  const { code, stderr, stdout } = await call(["load", "-q", "--format", "json", ...args], directory)
  return { code, stderr, result: read(stdout) }
}

describe("skein load FILE", () => {
  it.each([
    { args: ["examples/load/checkout.yaml", "--duration", "900ms", "--warmup", "100ms"], model: "open" },
    { args: ["examples/load/ramp.yaml", "--duration", "900ms"], model: "closed" },
    { args: ["examples/load/sql.yaml", "--duration", "600ms"], model: "open" },
    {
      args: ["examples/load/browse.yaml", "examples/load/buy.yaml", "--rate", "40", "--duration", "800ms"],
      model: "open"
    }
  ])("passes the thresholds of $args.0", async ({ args, model }) => {
    const { code, result } = await load(args)

    assert.oneOf(code, [0, 6], JSON.stringify(result.errors))
    assert.deepStrictEqual(result.errors.kinds, [])
    assert.strictEqual(result.model, model)
    assert.isAbove(result.iterations.completed, 0)
    // How quick the answers were is the machine's business.
    for (const { actual, expression, passed } of result.thresholds) {
      if (!/p9/.test(expression)) assert.isTrue(passed, `${expression}: ${actual}`)
    }
  })

  it("fails with a slow target, and shows which threshold and by how much", async () => {
    const { code, result } = await load(["examples/load/slow.yaml", "--duration", "500ms"])

    assert.oneOf(code, [1, 6])
    const [threshold] = result.thresholds
    assert.strictEqual(threshold!.expression, "http.p95 < 100ms")
    assert.isFalse(threshold!.passed)
    assert.isAbove(threshold!.actual!, 140)
    assert.strictEqual(threshold!.limit, 100)
  })

  it("mixes scenarios in the shares of their weights", async () => {
    const { result } = await load(["examples/load/browse.yaml", "examples/load/buy.yaml", "--iterations", "80"])

    assert.strictEqual(result.iterations.completed, 80)
    assert.deepStrictEqual(result.steps.map(({ count, scenario }) => [scenario, count]), [["Browse", 60], ["Buy", 20]])
  })

  it("runs scenarios that say how they are started side by side", async () => {
    using here = folder({
      "a.yaml": "name: A\nload: { executor: per-vu-iterations, vus: 2, iterations: 3 }\nsteps: [assert: vu <= 2]",
      "b.yaml": "name: B\nload: { executor: shared-iterations, vus: 1, iterations: 4 }\nsteps: [assert: vu == 1]"
    })
    const { result } = await load(["a.yaml", "b.yaml"], here.path)

    assert.deepStrictEqual(result.scenarios.map(({ executor, iterations, name }) => [name, executor, iterations]), [
      ["A", "per-vu-iterations", 6],
      ["B", "shared-iterations", 4]
    ])
    assert.deepInclude(result.checks, { passed: 10, failed: 0 })
  })

  it("lets Robogo files and the configuration say how", async () => {
    using here = folder({
      "skein.yaml": "load: { executor: shared-iterations, vus: 2, iterations: 6 }",
      "case.yaml": "testcase: Old\nsteps: [{ name: One, action: assert, args: [1, \"==\", 1] }]"
    })
    const { result } = await load(["case.yaml"], here.path)
    const robogo = await load(["case.yaml", "--iterations", "3", "--vus", "1"], here.path)

    assert.strictEqual(result.iterations.completed, 6)
    assert.strictEqual(robogo.result.iterations.completed, 3)
  })

  it("ends with an error when rows that are given out once are used up", async () => {
    using here = folder({
      "a.yaml": "data: [{ n: 1 }, { n: 2 }]\nload: { iterations: 3, vus: 1, feeder: once }\nsteps: [assert: row.n > 0]"
    })
    const { code, stderr } = await call(["load", "-q", "a.yaml"], here.path)

    assert.strictEqual(code, 5)
    assert.include(stderr, "all 2 rows of its data are used up")
  })

  it("measures what steps say, in the quick form and by the interpreter; thresholds are about it", async () => {
    using here = folder({
      "a.yaml": `
mocks: { shop: { routes: { "GET /queue": { headers: { x-cache: hit }, json: { depth: 3, waiting: [a, b] } } } } }
load: { iterations: 4, vus: 2, thresholds: [queue_depth.p95 < 3, cached == 100%, waiting == 8, even.rate == 50%] }
steps:
  - http: "\${mocks.shop.url}/queue"
    metrics:
      queue_depth: { trend: body.depth }
      cached: { rate: "headers['x-cache'] == 'hit'" }
      waiting: { counter: size(body.waiting) }
  - assert: "true"
    metrics: { even: { rate: index % 2 == 0 } }
`
    })
    const { code, result, stderr } = await load(["a.yaml"], here.path)

    assert.oneOf(code, [1, 6], stderr)
    assert.deepStrictEqual(result.errors.kinds, [])
    assert.deepStrictEqual(result.thresholds.map(({ actual, passed }) => [actual, passed]), [
      [3, false],
      [1, true],
      [8, true],
      [0.5, true]
    ])
    assert.deepStrictEqual(
      result.metrics.map(({ count, kind, name, value }) => [name, kind, count, value]),
      [["queue_depth", "trend", 4, 3], ["cached", "rate", 4, 1], ["waiting", "counter", 4, 8], ["even", "rate", 4, 0.5]]
    )
  })

  it("heeds what the configuration says of cases: their time, and how often they are tried again", async () => {
    using here = folder({
      "skein.yaml": "case_timeout: 100ms\nretries: 1",
      "a.yaml": `
mocks: { shop: { routes: { "GET /slow": [{ delay: 5s }, { json: 1 }] } } }
load: { iterations: 1, vus: 1 }
steps: [{ name: Slow, http: "\${mocks.shop.url}/slow" }]
`
    })
    const { result } = await load(["a.yaml"], here.path)

    assert.deepInclude(result.iterations, { completed: 1, failed: 0 })
    assert.deepInclude(result.requests, { total: 2, failed: 1 })
    assert.deepInclude(result.errors.kinds[0], { kind: "timeout", example: "the iteration did not end within 100ms" })
  })

  it("lets users rest who find no way to the target, also where the interpreter looks for it", async () => {
    using here = folder({
      "a.yaml": "load: { vus: 1, duration: 600ms }\nsteps: [http: \"http://127.0.0.1:1/\"]",
      "b.yaml": "load: { vus: 1, duration: 600ms }\nsteps: [{ for: 1, http: \"http://127.0.0.1:1/\" }]"
    })
    for (const file of ["a.yaml", "b.yaml"]) {
      const { result } = await load([file], here.path)

      // The first two at once, then after 10, 20, 40, ... milliseconds.
      assert.isBelow(result.iterations.completed, 10)
      assert.strictEqual(result.iterations.failed, result.iterations.completed)
    }
  })

  it("measures phases of requests in their quick form", async () => {
    const { result } = await load(["examples/load/checkout.yaml", "--duration", "500ms", "--phases"])

    assert.isAbove(result.phases_ms!.wait.count, 0)
    assert.isAbove(result.phases_ms!.wait.p50, 0)
  })

  it("says that limits are for what the interpreter sends", async () => {
    using here = folder({
      "skein.yaml": "limits: { requests_per_second: 5 }",
      "a.yaml": "load: { iterations: 1, vus: 1 }\nsteps: [log: x]"
    })
    const { stderr } = await call(["load", "a.yaml"], here.path)

    assert.include(stderr, "limits: of skein.yaml hold for requests that the interpreter sends")
  })

  it("fails a step whose metric is of another kind", async () => {
    using here = folder({
      "a.yaml":
        "load: { iterations: 2, vus: 1 }\nsteps: [{ name: Odd, assert: \"true\", metrics: { depth: { trend: \"'deep'\" } } }]"
    })
    const { result } = await load(["a.yaml"], here.path)

    assert.deepInclude(result.iterations, { completed: 2, failed: 2 })
    assert.include(result.errors.kinds[0]?.example, "metric depth: a trend is a number of 0 or more, not text")
  })

  it("runs on several threads: setup, mocks and teardown once, rows, users and iterations shared out", async () => {
    using here = folder({
      "a.yaml": `
name: Shared
data: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]
secrets: { key: { env: PATH } }
mocks: { shop: { routes: { "POST /begin": { json: { id: 12345678901234567890, name: x } }, "GET /items/*": { json: { ok: true } } } } }
load: { executor: shared-iterations, vus: 4, iterations: 6, feeder: once, thresholds: ["checks.rate == 1"] }
setup: [{ http: { method: POST, url: "\${mocks.shop.url}/begin" }, save: { begun: body } }]
steps:
  - name: Item
    http: { url: "\${mocks.shop.url}/items/\${row.n}" }
    expect: [body.ok, begun.id == 12345678901234567890, vu <= 4, size(secrets.key) > 0]
teardown:
  - file_write: { path: calls.txt, content: "\${size(mocks.shop.calls)}" }
`
    })
    const { code, result, stderr } = await load(["a.yaml", "--threads", "2"], here.path)

    assert.oneOf(code, [0, 6], stderr)
    assert.strictEqual(readFileSync(join(here.path, "calls.txt"), "utf8").trim(), "7")
    assert.strictEqual(result.generator.threads, 2)
    assert.strictEqual(result.iterations.completed, 6)
    assert.deepInclude(result.checks, { passed: 24, failed: 0 })
  })

  it("ends in the same way on several threads when rows are used up", async () => {
    using here = folder({
      "a.yaml": "data: [{ n: 1 }, { n: 2 }]\nload: { iterations: 8, vus: 2, feeder: once }\nsteps: [assert: row.n > 0]"
    })
    const { code, stderr } = await call(["load", "-q", "a.yaml", "--threads", "2"], here.path)

    assert.strictEqual(code, 5)
    assert.include(stderr, "all 2 rows of its data are used up")
  })

  it("starts so many iterations at a rate", async () => {
    using here = folder({ "a.yaml": "steps: [log: x]" })
    const { result } = await load(["a.yaml", "--rate", "100/s", "--iterations", "20"], here.path)

    assert.strictEqual(result.model, "open")
    assert.strictEqual(result.iterations.started, 20)
  })

  it("tells all that is wrong with thresholds, those of files at their places", async () => {
    using here = folder({
      "skein.yaml": "load:\n  warmup: 1s\n",
      "a.yaml": `name: A
load:
  thresholds:
    - http.p95 < 300ms
    - htpp.p95 < 300ms
    - { expression: "http.p95{step: Oder} < 1s", over: 10s }
    - http.p95 < 300
steps: [{ name: Order, log: x }]
`
    })
    const { code, stderr, stdout } = await call(["load", "a.yaml", "--threshold", "errors.rat < 1%"], here.path)

    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^a\.yaml:5:7: error: there is no metric htpp \(bad-threshold\)$[^]*did you mean http\?/m)
    assert.match(stderr, /^a\.yaml:6:21: error: there is no step "Oder"[^]*did you mean Order\?/m)
    assert.match(stderr, /^a\.yaml:7:7: error: http\.p95 is a time[^]*write it as 300ms/m)
    assert.match(stderr, /errors\.rat is nothing that is measured/)
  })

  const refused: ReadonlyArray<readonly [args: ReadonlyArray<string>, said: string]> = [
    [["a.yaml", "--method", "POST", "-H", "a: b"], "--method, --header: only for the load of a URL"],
    [["a.yaml", "--threads", "2", "--vus", "1"], "each thread needs a virtual user, and there are 1"],
    [["store.yaml", "--threads", "2"], "step \"Look\": postgres: threads cannot share an embedded: store"],
    [["rows.yaml", "--threads", "2"], "step \"Look\": postgres: threads cannot share an embedded: store"],
    [["old.yaml", "--threads", "2"], "step \"Look\": postgres: threads cannot share an embedded: store"],
    [
      ["a.yaml", "--threads", "4", "--config", "limits.yaml"],
      "limits.concurrency is 3, and each of 4 threads needs one"
    ],
    [["metrics.yaml"], "depth is a trend in another step, and a rate here"],
    [["metrics.yaml"], "http is what every load measures"],
    [["metrics.yaml"], "a metric is one of trend, rate and counter"],
    [["calls.yaml", "--threads", "2"], "step \"Count\": it reads the calls of a mock"],
    [["suite.yaml"], "suite.yaml:2:9: error: a suite is not put under load: \"All\""],
    [["suite.yaml"], "name the files of its cases instead: a.yaml setup.yaml"],
    [["ws://127.0.0.1/"], "ws://127.0.0.1/ is no URL of HTTP"],
    [["http://127.0.0.1/", "--vus", "2"], "--vus and --iterations are for scenarios"],
    [["missing.yaml"], "there is no file missing.yaml"],
    [["a.yaml", "--vus", "2", "-c", "3"], "--vus and --connections are the same for scenarios"],
    [["search.yaml"], "a search for the breakpoint needs thresholds"],
    [["a.yaml", "search.yaml"], "a search for the breakpoint runs alone"],
    [["a.yaml", "--threshold", "grpc.p95 < 1s"], "there is no metric grpc"],
    [["setup.yaml"], "its setup did not pass: no"]
  ]
  it.each(refused)("says why nothing was started: %j", async (args, said) => {
    using here = folder({
      "a.yaml": "steps: [log: x]",
      "suite.yaml": "suite: All\ncases: [a.yaml, setup.yaml]",
      "store.yaml":
        "vars: { db: \"embedded:shop\" }\nsteps: [{ name: Look, postgres: { query: select 1, url: \"${db}\" } }]",
      "rows.yaml":
        "data: [{ n: 1 }]\nsteps: [{ name: Look, postgres: { query: select 1, url: \"embedded:shop-${row.n}\" } }]",
      "old.yaml":
        "testcase: Old\nsteps: [{ name: Look, action: postgres, args: [query, \"embedded:${shop}\", \"select ${n}\"] }]\nvariables: { vars: { shop: a, n: 1 } }",
      "limits.yaml": "limits: { concurrency: 3 }",
      "search.yaml": "load: { to: 100/s }\nsetup: [{ assert: \"false\" }]\nsteps: [log: x]",
      "calls.yaml": "mocks: { shop: {} }\nsteps: [{ name: Count, assert: size(mocks.shop.calls) == 0 }]",
      "metrics.yaml": `
steps:
  - { log: x, metrics: { depth: { trend: 1 }, http: { trend: 1 }, both: { trend: 1, rate: "true" } } }
  - { log: x, metrics: { depth: { rate: "true" } } }
`,
      "setup.yaml": "setup: [{ assert: { that: \"false\", message: no } }]\nsteps: [log: x]"
    })
    const { code, stderr } = await call(["load", "-q", ...args], here.path)

    assert.oneOf(code, [2, 5])
    assert.include(stderr, said)
  })
})
