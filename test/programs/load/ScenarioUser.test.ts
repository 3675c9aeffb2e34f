import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Recording } from "../../../src/programs/load/figures/Recording.ts"
import { LoadTransport } from "../../../src/services/LoadTransport.ts"
import * as MockServer from "../../../src/services/MockServer.ts"
import * as Load from "../../support/loadScenario.ts"

const api = (routes: string): string => `mocks: { api: { routes: { ${routes} } } }\n`

const counting = (name: string): string => `name: ${name}\nsteps: [{ name: ${name}, assert: iteration > 0 }]`

it.layer(Load.layer, { excludeTestServices: true })("ScenarioUser", (it) => {
  it.effect("sends the requests of its steps, and hands on what they save", () =>
    Effect.gen(function*() {
      const { interpreted, lines, passed, scenarios } = yield* Load.load(
        api(`"POST /orders": { status: 201, json: { id: 7 } }, "GET /orders/:id": { json: { state: paid } }`) + `
vars: { base: "\${mocks.api.url}" }
steps:
  - name: Order
    http: { method: POST, url: "\${base}/orders", json: { sku: A1 } }
    expect: [status == 201, body.id > 0]
    save: { order: body.id }
  - name: Look
    http: "\${base}/orders/\${order}"
    expect: body.state == 'paid'
`,
        { iterations: 2 }
      )

      assert.deepStrictEqual(passed, [true, true])
      assert.deepStrictEqual(lines.slice(0, 5), [
        "Order 201",
        "Order check true",
        "Order check true",
        "Look 200",
        "Look check true"
      ])
      assert.deepStrictEqual(Load.callsOf(scenarios).slice(2), [`POST /orders {"sku":"A1"}`, "GET /orders/7"])
      assert.isEmpty(interpreted)
    }))

  it.effect("ends an iteration at the first step that fails, unless it says continue", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        api(`"GET /down": { status: 503 }, "GET /odd": { json: { n: 1 } }`) + `
steps:
  - { name: Odd, http: "\${mocks.api.url}/odd", expect: [body.n == 2, status == 200], continue: true }
  - { name: Down, http: "\${mocks.api.url}/down" }
  - { name: Never, http: "\${mocks.api.url}/odd" }
`
      )

      assert.deepStrictEqual(passed, [false])
      assert.strictEqual(lines[1], "Odd check false")
      assert.include(lines[2], "Odd failed: expected body.n == 2: expected body.n == 2: body.n is 1")
      assert.strictEqual(lines[4], "Down 503")
      assert.include(lines[5], "Down failed: status 503")
      assert.lengthOf(lines, 6)
    }))

  it.effect("runs what is not of the quick form by the interpreter, on the same variables", () =>
    Effect.gen(function*() {
      const { interpreted, lines, passed, scenarios } = yield* Load.load(
        api(`"POST /n": { echo: true }`) + `
steps:
  - { name: Set, variable: { name: n, value: 3 } }
  - name: Send
    for: 2
    http: { method: POST, url: "\${mocks.api.url}/n", json: "\${n + item}" }
    save: { n: body.body }
  - { name: Quick, http: { method: POST, url: "\${mocks.api.url}/n", json: "\${n}" } }
  - { name: Sum, assert: n == 6 }
`
      )

      assert.deepStrictEqual(passed, [true])
      assert.deepStrictEqual(Load.callsOf(scenarios), ["POST /n 4", "POST /n 6", "POST /n 6"])
      assert.deepStrictEqual(lines, ["Send 200", "Send 200", "Quick 200", "Sum check true"])
      assert.deepStrictEqual(interpreted.map(({ because, step }) => `${step}: ${because}`), [
        "Set: of variable",
        "Send: it is a loop",
        "Sum: of assert"
      ])
    }))

  it.effect("keeps cookies and saved variables from one iteration to the next, and makes vars anew", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        api(`"GET /login": { headers: { set-cookie: "sid=1" } }, "GET /me": { echo: true }`) + `
vars: { n: 1, chance: "\${random(1000000000)}" }
steps:
  - { name: Login, if: iteration == 1, http: "\${mocks.api.url}/login", save: { first: chance } }
  - name: Me
    http: "\${mocks.api.url}/me"
    expect: [body.headers.cookie == 'sid=1', n == 1, "(iteration == 1) == (chance == first)", vu == 1]
    save: { n: n + 1 }
`,
        { iterations: 3 }
      )

      assert.deepStrictEqual(passed, [true, true, true])
      assert.deepStrictEqual(lines.filter((line) => !line.includes("check")), [
        "Login 200",
        "Me 200",
        "Me 200",
        "Me 200"
      ])
    }))

  it.effect("tries again as the step says, each attempt a response of its own", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        api(`"GET /x": [{ status: 503 }, { status: 503 }, { json: 1 }]`) + `
steps: [{ name: X, http: "\${mocks.api.url}/x", retry: { attempts: 3, delay: 1ms, on: [5xx] } }]
`
      )

      assert.deepStrictEqual(passed, [true])
      assert.deepStrictEqual(lines.filter((line) => !line.includes("failed")), ["X 503", "X 503", "X 200"])
    }))

  it.effect("follows redirects, each a request in the figures, with the cookies on the way", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        api(
          `"POST /in": { status: 303, headers: { location: /home, set-cookie: "sid=2" } }, "GET /home": { echo: true }`
        ) + `
steps:
  - name: In
    http: { method: POST, url: "\${mocks.api.url}/in", form: { user: a } }
    expect: ["body.headers.cookie == 'sid=2'", size(redirects) == 1, "url == '\${mocks.api.url}/home' || true"]
`
      )

      assert.deepStrictEqual(passed, [true])
      assert.deepStrictEqual(lines.slice(0, 2), ["In 303", "In 200"])
    }))

  it.effect("tells a target that is not there, and goes on with the next iteration", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        `steps: [{ name: Gone, http: { url: "http://127.0.0.1:1/", timeout: 1s } }]`,
        { iterations: 2 }
      )

      assert.deepStrictEqual(passed, [false, false])
      assert.match(lines[0]!, /^Gone error: connect-refused: GET http:\/\/127.0.0.1:1\/: /)
      assert.lengthOf(lines, 2)
    }))

  it.effect("runs an iteration again that did not pass, as often as the file says, and tells only of the last one", () =>
    Effect.gen(function*() {
      const { lines, passed, scenarios } = yield* Load.load(
        `retries: 1\ndata: [{ n: 1 }, { n: 2 }]\n` +
          api(`"GET /1": [{ status: 503 }, { json: 1 }], "GET /2": { status: 503 }`) + `
steps: [{ name: X, http: "\${mocks.api.url}/\${row.n}" }]
`,
        { iterations: 2 }
      )

      assert.deepStrictEqual(passed, [true, false])
      assert.deepStrictEqual(Load.callsOf(scenarios), ["GET /1", "GET /1", "GET /2", "GET /2"])
      assert.deepStrictEqual(lines.filter((line) => !line.includes("failed")), ["X 503", "X 200", "X 503", "X 503"])
    }))

  it.effect("ends an iteration that takes longer than its file allows, wherever it is, and goes on with the next one", () =>
    Effect.gen(function*() {
      const file = (steps: string) =>
        `timeout: 100ms\n` +
        api(`"GET /slow": { delay: 5s }, "GET /away": { status: 302, headers: { location: /slow } }`) +
        `steps: [{ name: Wait, if: "iteration == 1", ${steps} }, { name: Then, assert: "true" }]`
      const request = yield* Load.load(file(`http: "\${mocks.api.url}/slow"`), { iterations: 2 })
      const hop = yield* Load.load(file(`http: "\${mocks.api.url}/away"`), { iterations: 2 })
      const interpreted = yield* Load.load(file("sleep: 5s"), { iterations: 2 })
      const paused = yield* Load.load(
        file(`http: { url: "http://127.0.0.1:1/" }, retry: { attempts: 3, delay: 5s }`),
        { iterations: 2 }
      )

      for (const { passed } of [request, hop, interpreted, paused]) assert.deepStrictEqual(passed, [false, true])
      assert.deepStrictEqual(request.lines, [
        "Wait error: timeout: the iteration did not end within 100ms",
        "Then check true"
      ])
      assert.isEmpty(request.interpreted.filter(({ step }) => step === "Wait"))
      assert.include(hop.lines.join("\n"), "timeout: the iteration did not end within 100ms")
      assert.include(interpreted.lines.join("\n"), "Wait failed: timeout: the iteration did not end within 100ms")
      assert.include(paused.lines.join("\n"), "Wait failed: timeout: the iteration did not end within 100ms")
    }))

  it.effect("says which iterations found no way to their target, and which found somebody", () =>
    Effect.gen(function*() {
      const { unreached } = yield* Load.load(
        api(`"GET /down": { status: 503 }`) + `
data: [{ url: "http://127.0.0.1:1/" }, { url: "\${mocks.api.url}/down" }]
steps: [{ name: Any, http: "\${row.url}", continue: true }]
`,
        { iterations: 2 }
      )
      const interpreted = yield* Load.load(
        `steps: [{ for: 1, http: { url: "http://127.0.0.1:1/" } }]`
      )

      assert.deepStrictEqual(unreached, [true, false])
      assert.deepStrictEqual(interpreted.unreached, [true])
    }))

  it.effect("tells of what breaks in us, fails the iteration, and goes on with the next one", () =>
    Effect.gen(function*() {
      const { lines, recording } = Load.recorder()
      let breaks = true
      const step: Recording["step"] = (about) => ({
        ...recording.step(about),
        check: () => {
          if (!breaks) return
          breaks = false
          throw new Error("no place for this check")
        }
      })
      const { passed } = yield* Load.load("steps: [{ name: Any, assert: \"true\" }]", {
        iterations: 2,
        recording: { ...recording, step }
      })

      assert.deepStrictEqual(passed, [false, true])
      assert.match(lines.join("\n"), /^Any failed: defect: a step broke, .*: Error: no place for this check/)
    }))

  it.effect("measures from the intended start, with what the steps before took", () =>
    Effect.gen(function*() {
      const { lateMillis } = yield* Load.load(
        api(`"GET /x": { delay: 20ms }`) + `
steps: ["http: \${mocks.api.url}/x", "http: \${mocks.api.url}/x"]
`.replaceAll(/"http: ([^"]+)"/g, "{ http: \"$1\" }")
      )

      assert.lengthOf(lateMillis, 2)
      assert.closeTo(lateMillis[0]!, lateMillis[1]!, 0.001)
    }))

  it.effect("gives each iteration its row, and ends the load when rows that are given once are used up", () =>
    Effect.gen(function*() {
      const file = api(`"GET /:sku": { echo: true }`) + `
data: [{ sku: a }, { sku: b }]
steps: [{ name: Sku, http: "\${mocks.api.url}/\${row.sku}" }]
`
      const { scenarios } = yield* Load.load(file, { iterations: 3 })
      const used = yield* Effect.flip(
        Load.load(file, { iterations: 3, feeder: { order: "once", per: "iteration" } })
      )

      assert.deepStrictEqual(Load.callsOf(scenarios), ["GET /a", "GET /b", "GET /a"])
      assert.include(used.message, "all 2 rows of its data are used up")
    }))

  it.effect("runs setup once before all users and teardown once after them, what the setup saved is seen by all", () =>
    Effect.gen(function*() {
      const { scenarios } = yield* Effect.scoped(Load.load(
        api(`"POST /log": { status: 204 }`) + `
setup: [{ http: { method: POST, url: "\${mocks.api.url}/log", body: setup }, save: { key: "'k1'" } }]
steps: [{ http: { method: POST, url: "\${mocks.api.url}/log", body: "\${key} \${vu}" } }]
teardown: [{ http: { method: POST, url: "\${mocks.api.url}/log", body: teardown } }]
`,
        { users: 2 }
      ))

      const calls = Load.callsOf(scenarios)
      assert.strictEqual(calls[0], `POST /log "setup"`)
      assert.sameMembers(calls.slice(1, 3), [`POST /log "k1 1"`, `POST /log "k1 2"`])
      assert.deepStrictEqual(calls.slice(3), [`POST /log "teardown"`])
    }))

  it.effect("is stopped in the middle of an iteration by its scope, and the teardown runs all the same", () =>
    Effect.gen(function*() {
      const seen = yield* MockServer.startFrom({
        routes: { "POST /log": { status: 204 }, "GET /slow": { delay: "50s" } }
      })
      const text = `
steps: [{ http: "\${api}/slow" }]
teardown: [{ http: { method: POST, url: "\${api}/log", body: teardown } }]
`
      const asked = Effect.repeat(Effect.sleep("5 millis"), { until: () => seen.calls().length > 0 })
      const ended = yield* Load.load(text, { variables: { api: seen.url }, users: 3 }).pipe(
        Effect.scoped,
        Effect.as(true),
        Effect.raceFirst(Effect.as(asked, false))
      )

      assert.isFalse(ended)
      assert.deepStrictEqual(seen.calls().filter(({ method }) => method === "POST").map(({ body }) => body), [
        "teardown"
      ])
    }))

  it.effect("fails an iteration whose variables cannot be made, at its first step, and goes on", () =>
    Effect.gen(function*() {
      const { lines, passed } = yield* Load.load(
        `data: [{ a: 1 }, { b: 2 }, { a: 3 }]\nvars: { x: "\${row.a}" }\nsteps: [{ name: Any, assert: x > 0 }]`,
        { iterations: 3 }
      )

      assert.deepStrictEqual(passed, [true, false, true])
      assert.match(lines[1]!, /^Any failed: variable: .*row has no field a/)
    }))

  it.effect("keeps connections to a few hosts at a time", () =>
    Effect.gen(function*() {
      const hosts = yield* Effect.forEach(
        Array.from({ length: 40 }),
        () => MockServer.startFrom({ routes: { "GET /": { status: 200 } } })
      )
      const data = JSON.stringify(hosts.map(({ url }) => ({ url })))
      const { lines } = yield* Load.load(`data: ${data}\nsteps: [{ name: Any, http: "\${row.url}/" }]`, {
        iterations: 80
      })
      const { counters } = yield* LoadTransport

      assert.deepStrictEqual([...new Set(lines)], ["Any 200"])
      assert.isAtMost(counters.socketsOpen, 32)
    }))

  it.effect("mixes scenarios by their weights, each with variables of its own", () =>
    Effect.gen(function*() {
      const { lines } = yield* Load.load({ "a.yaml": counting("A"), "b.yaml": counting("B") }, {
        iterations: 100,
        weights: [3, 1]
      })

      assert.closeTo(lines.filter((line) => line.startsWith("A")).length, 75, 2)
    }))
})
