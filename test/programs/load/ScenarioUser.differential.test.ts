/** The quick form of `http` steps and the interpreter of `skein run` mean the same: the server sees the same requests, and cases end alike. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomFrom } from "../../../src/core/Seeded.ts"
import type { ValueRecord } from "../../../src/core/Value.ts"
import { builtin } from "../../../src/scenario/actions/builtin.ts"
import * as MockServer from "../../../src/services/MockServer.ts"
import * as Load from "../../support/loadScenario.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import * as Seeds from "../../support/seeds.ts"

const routes = {
  "GET /ok": { json: { id: 7, items: [{ sku: "A1" }], text: "grün" }, headers: { "x-n": "3" } },
  "GET /text": { text: "plain", headers: { "content-type": "text/plain" } },
  "GET /number": { text: "12", headers: { "content-type": "text/plain" } },
  "GET /broken": { text: "{\"id\":", headers: { "content-type": "application/json" } },
  "GET /bytes": { text: "%PDF-", headers: { "content-type": "application/octet-stream" } },
  "GET /empty": { status: 204 },
  "GET /down": { status: 503, json: { id: 1 } },
  "GET /flaky": [{ status: 503 }, { json: { id: 2 } }],
  "GET /away": { status: 302, headers: { location: "/ok", "set-cookie": "way=1" } },
  "POST /see": { status: 303, headers: { location: "/mirror" } },
  "POST /keep": { status: 307, headers: { location: "/mirror" } },
  "GET /loop": { status: 301, headers: { location: "/loop" } },
  "GET /cookie": { headers: { "set-cookie": "sid=a" }, json: { id: 3 } },
  "GET /mirror": { echo: true },
  "POST /mirror": { status: 201, echo: true },
  "PUT /mirror": { echo: true },
  "DELETE /mirror": { status: 404 }
}

/** A scenario out of the pieces that the quick form knows. */
const scenario = (seed: number): string => {
  const random = randomFrom(seed)
  const chance = (share: number): boolean => random() < share
  const pick = <A>(list: ReadonlyArray<A>): A => list[Math.floor(random() * list.length)]!
  const some = <A>(list: ReadonlyArray<A>, share: number): ReadonlyArray<A> => list.filter(() => chance(share))
  const step = (index: number): unknown => {
    const [method, path] = pick(Object.keys(routes)).split(" ") as [string, string]
    const body = method === "GET" ? {} : pick([
      {},
      { json: { a: "${a}", list: [1, "${b}"] } },
      { form: { a: "${a}", list: ["x", "ü&="] } },
      { body: "text ${iteration}" },
      { body: { plain: true } }
    ])
    const http = {
      method,
      ...chance(0.5) ? { url: `\${api}${path}` } : { url: path, base: "${base}" },
      ...body,
      ...chance(0.3) ? { headers: { "X-A": "v ${a}", ...chance(0.3) ? { "content-type": "text/csv" } : {} } } : {},
      ...chance(0.2) ? { query: { q: "ä ${b}", list: ["1", "2"] } } : {},
      ...chance(0.15) ? { bearer: pick(["t0ken", "t0ken-${iteration}", "two words"]) } : {},
      ...chance(0.1) ? { cookies: pick([false, { own: "1" }]) } : {},
      ...chance(0.15) ? { redirects: pick([false, 1]) } : {},
      // The cookies of an answer that is too large are kept by one client and not by the other.
      ...path !== "/cookie" && chance(0.1) ? { max_body: 4 } : {}
    }
    return {
      id: `s${index}`,
      http,
      ...chance(0.2) ? { if: pick(["a == null", "b == 7", "a > 1", "iteration == 1"]) } : {},
      ...index > 0 && chance(0.2) ? { needs: [`s${index - 1}`] } : {},
      expect: some([
        "status == 200",
        "status < 400",
        "body.id == 7",
        "body.id > 0 || text == 'plain'",
        "body.missing.deep == 1",
        "size(text ?? '') < 500",
        "headers['x-n'] == '3'",
        "size(redirects) == 0",
        "body"
      ], 0.15),
      ...chance(0.5)
        ? {
          save: pick([{ a: "body.id ?? null" }, { b: "status" }, { a: "headers['x-n']" }, {
            b: "body",
            a: "url != ''"
          }])
        }
        : {},
      ...chance(0.25) ? { retry: { attempts: 2, delay: "1ms", ...chance(0.5) ? { on: ["5xx", "failed"] } : {} } } : {},
      ...chance(0.7) ? { continue: true } : {}
    }
  }
  const steps = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, index) => step(index))
  const told = {
    http: { method: "POST", url: "${api}/mirror", json: { a: "${a}", b: "${b}", s0: "${steps.s0.status}" } }
  }
  return JSON.stringify({
    name: "Any",
    vars: { a: null, b: null, base: "${api}/" },
    steps: [...steps, { id: "last", name: "Told", ...told }]
  })
}

/** What the server saw, without what differs between any two clients. */
const seen = (calls: ReadonlyArray<ValueRecord>) =>
  calls.map(({ body, headers, method, path, query, status }) => {
    const sent = headers as Readonly<Record<string, string>>
    const kept = ["accept", "user-agent", "content-type", "cookie", "authorization", "x-a"]
    return {
      method,
      path,
      query,
      status,
      body: withoutPort(body),
      headers: Object.fromEntries(kept.flatMap((name) => sent[name] === undefined ? [] : [[name, sent[name]]]))
    }
  })

/** An echo that was saved has the headers of its client. */
const withoutPort = (body: unknown): string =>
  JSON.stringify(
    body,
    (key, value: unknown) =>
      ["host", "accept-encoding", "connection", "content-length"].includes(key) ? undefined : value
  )

it.layer(Load.layer, { excludeTestServices: true })("ScenarioUser and the interpreter", (it) => {
  it.effect.each(Array.from({ length: Seeds.sampled(150) }, (_, seed) => seed))(
    "agree about the scenario of seed %i",
    (seed) =>
      Effect.gen(function*() {
        const text = scenario(seed)
        const ofRun = yield* MockServer.startFrom({ routes })
        const ofLoad = yield* MockServer.startFrom({ routes })

        const run = Scenarios.run({ "any.yaml": text }, builtin, { variables: { api: ofRun.url } })
        const reports = yield* Effect.forEach([1, 2], () => run)
        const { interpreted, lines, passed } = yield* Load.load({ "any.yaml": text }, {
          variables: { api: ofLoad.url },
          users: 2,
          inTurn: true
        })

        assert.isEmpty(interpreted, text)
        assert.deepStrictEqual(seen(ofLoad.calls()), seen(ofRun.calls()), `${text}\n${lines.join("\n")}`)
        assert.deepStrictEqual(
          passed,
          reports.map(({ report }) => report.cases[0]!.status === "passed"),
          `${text}\n${lines.join("\n")}`
        )
      })
  )
})
