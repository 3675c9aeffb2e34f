import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Style from "../../src/core/Style.ts"
import type { ValueRecord } from "../../src/core/Value.ts"
import * as Config from "../../src/programs/Config.ts"
import * as Doctor from "../../src/programs/Doctor.ts"
import type { Health } from "../../src/services/Health.ts"
import { Postgres, type PostgresClient, PostgresError } from "../../src/services/Postgres.ts"
import * as Testing from "../../src/testing.ts"

/** What is configured by a `skein.yaml` and an environment. */
const configured = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const directory = yield* Testing.write({ "skein.yaml": text })
    return yield* Config.load({ directory, environment, cores: 1 })
  })

const names = (servers: ReadonlyArray<Doctor.Server>) => servers.map(({ kind, name }) => `${name} ${kind}`)

const up: Health = {
  status: "up",
  version: "PostgreSQL 18.4",
  latency: Duration.micros(420n),
  pool: { max: 25, open: 2, busy: 1, waiting: 0 }
}

/** Databases by URL: how each is, or what happens to who connects; and the options that they were opened with. */
const databases = (by: Readonly<Record<string, Effect.Effect<Health, PostgresError>>>, opened: Array<unknown> = []) =>
  Layer.mock(Postgres)({
    connect: (url, options) => {
      opened.push(options)
      const asked = by[typeof url === "string" ? url : Redacted.value(url)]
      return asked === undefined
        ? Effect.fail(new PostgresError({ reason: "Connection", message: "cannot connect", hint: "start it" }))
        : Effect.map(asked, (health) => ({ health: Effect.succeed(health) }) as PostgresClient)
    }
  })

const run = (
  servers: ReadonlyArray<Doctor.Server>,
  options: Partial<Doctor.Options> = {}
) => Doctor.run(servers, { settings: {}, secrets: {}, environment: {}, directory: "/", ...options })

const server = (name: string, url: string, options: ValueRecord = {}): Doctor.Server => ({
  name,
  kind: Doctor.given(url)?.kind,
  url: Redacted.make(url),
  options
})

/** How a server is, and nothing more. */
const check = (name: string, status: Doctor.Check["status"]): Doctor.Check => ({
  name,
  kind: "cache",
  server: "x:1",
  status
})

describe("Doctor", () => {
  describe("the servers of a configuration", () => {
    it.effect("are those of the settings, also when they are embedded", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(names(Doctor.serversOf(yield* configured("concurrency: 1"))), [
          "postgres.url postgres",
          "mongo.url mongo",
          "amqp.url amqp",
          "cache.url cache"
        ])
      }).pipe(Effect.provide(Testing.layer())))

    it.effect("are each listed once: a setting that names a connection is not another one", () =>
      Effect.gen(function*() {
        const config = yield* configured(
          "connections: { main: \"postgres://h:1/a\" }\npostgres: { url: main }\nmongo: { url: main }\n"
        )

        const listed = Doctor.serversOf(config).filter(({ kind }) => kind === "postgres" || kind === "mongo")
        assert.deepStrictEqual(names(listed), ["connections.main postgres"])
      }).pipe(Effect.provide(Testing.layer())))

    it.effect("are connections by name, base URLs, the Vault, the proxy and the collector too", () =>
      Effect.gen(function*() {
        const config = yield* configured(
          `
          vault: { address: "https://vault.example" }
          http: { proxy: "http://proxy.example:3128" }
          secrets: { url: { env: URL } }
          base_urls: { shop: "https://shop.example" }
          connections:
            orders: { url: "postgresql://db.example/orders", options: { max_connections: 3 } }
            sessions: "redis://cache.example"
            hidden: "\${secrets.url}"
            own: "embedded:own"
          `,
          { HTTPS_PROXY: "not-taken:1", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }
        )

        const servers = Doctor.serversOf(config)
        assert.deepStrictEqual(names(servers).slice(4), [
          "connections.orders postgres",
          "connections.sessions cache",
          "connections.hidden undefined",
          "connections.own undefined",
          "base_urls.shop http",
          "vault.address vault",
          "http.proxy tcp",
          "OTEL_EXPORTER_OTLP_ENDPOINT tcp"
        ])
        assert.deepStrictEqual(servers[4]?.options, { max_connections: 3 })
      }).pipe(Effect.provide(Testing.layer())))

    it.effect("are named by variables, where the settings say nothing: each URL once", () =>
      Effect.gen(function*() {
        const config = yield* configured("concurrency: 1", {
          BAO_ADDR: "https://bao.example",
          http_proxy: "proxy.example:3128",
          HTTP_PROXY: "http://proxy.example:3128",
          HTTPS_PROXY: "http://other.example:3128"
        })

        assert.deepStrictEqual(names(Doctor.serversOf(config)).slice(4), [
          "BAO_ADDR vault",
          "http_proxy tcp",
          "HTTPS_PROXY tcp"
        ])
      }).pipe(Effect.provide(Testing.layer())))
  })

  it.effect("tells version, latency and pool of one that is up, and opens no embedded one", () =>
    Effect.gen(function*() {
      const checks = yield* run([server("postgres.url", "postgres://u:pa55@db/x"), server("cache.url", "embedded:")])

      assert.deepStrictEqual(checks, [
        {
          name: "postgres.url",
          kind: "postgres",
          server: "db:5432",
          status: "up",
          version: "PostgreSQL 18.4",
          latency_ms: 0.42,
          pool: { max: 25, open: 2, busy: 1, waiting: 0 }
        },
        { name: "cache.url", kind: "embedded", server: "embedded:", status: "embedded" }
      ])
    }).pipe(
      Effect.provide(databases({ "postgres://u:pa55@db/x": Effect.succeed(up) })),
      Effect.provide(Testing.layer())
    ))

  it.effect("connects as a step would: by the settings of the family, under those of the connection", () => {
    const opened: Array<unknown> = []
    return Effect.gen(function*() {
      yield* run([server("one", "postgres://db/x", { max_connections: 3 }), server("two", "postgres://db/x")], {
        settings: { postgres: { url: "embedded:", max_connections: 9, connect_timeout: "2s" } }
      })

      assert.deepStrictEqual(opened, [
        { maxConnections: 3, connectTimeout: Duration.seconds(2) },
        { maxConnections: 9, connectTimeout: Duration.seconds(2) }
      ])
    }).pipe(
      Effect.provide(databases({ "postgres://db/x": Effect.succeed(up) }, opened)),
      Effect.provide(Testing.layer())
    )
  })

  it.effect("lets a client give up on connecting before the deadline: it can say why", () => {
    const opened: Array<unknown> = []
    return Effect.gen(function*() {
      yield* run([server("one", "postgres://db/x"), server("two", "postgres://db/x", { connect_timeout: "1s" })], {
        settings: { postgres: { connect_timeout: "10s" } },
        timeout: Duration.seconds(3)
      })

      assert.deepStrictEqual(opened, [
        { connectTimeout: Duration.millis(2_400) },
        { connectTimeout: Duration.seconds(1) }
      ])
    }).pipe(Effect.provide(databases({}, opened)), Effect.provide(Testing.layer()))
  })

  it.effect("asks all at once, and gives up on each after its deadline", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(run(
        [
          server("slow", "postgres://slow/x"),
          server("never", "postgres://never/x"),
          server("gone", "postgres://gone/x")
        ],
        { timeout: Duration.seconds(3) }
      ))
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")

      assert.deepStrictEqual(
        (yield* Fiber.join(fiber)).map(({ hint, name, problem, status }) => [name, status, problem, hint]),
        [
          ["slow", "up", undefined, undefined],
          [
            "never",
            "down",
            "it gave no answer within 3s",
            "see whether a firewall drops what is sent there, or allow more time"
          ],
          ["gone", "down", "cannot connect", "start it"]
        ]
      )
    }).pipe(
      Effect.provide(databases({
        "postgres://slow/x": Effect.delay(Effect.succeed(up), "2 seconds"),
        "postgres://never/x": Effect.never
      })),
      Effect.provide(Testing.layer())
    ))

  it.effect("fills secrets into URLs; one that cannot be had takes only its own server down", () =>
    Effect.gen(function*() {
      const checks = yield* run([
        server("a", "postgres://u:${secrets.pw}@db/x"),
        server("b", "${secrets.whole}"),
        server("c", "postgres://u:${secrets.gone}@db/x")
      ], {
        secrets: { pw: { value: "p@ss" }, whole: { value: "postgres://u:p%40ss@db/x" }, gone: { env: "GONE" } }
      })

      assert.deepStrictEqual(checks.map(({ kind, name, server, status }) => [name, kind, server, status]), [
        ["a", "postgres", "db:5432", "up"],
        ["b", "postgres", "db:5432", "up"],
        ["c", "postgres", "db:5432", "down"]
      ])
      assert.include(checks[2]?.problem, "environment variable GONE is not set")
      assert.notMatch(JSON.stringify(checks), /p@ss|p%40ss/)
    }).pipe(
      Effect.provide(databases({ "postgres://u:p%40ss@db/x": Effect.succeed(up) })),
      Effect.provide(Testing.layer())
    ))

  it.effect("takes any answer over HTTP for being there, and 500 or more for being unwell", () =>
    Effect.gen(function*() {
      const checks = yield* run([
        server("fine", "http://shop.test/"),
        server("closed", "http://shop.test/closed"),
        server("broken", "http://shop.test/broken")
      ])

      assert.deepStrictEqual(checks.map(({ problem, status }) => [status, problem]), [
        ["up", undefined],
        ["up", undefined],
        ["degraded", "it answers 503"]
      ])
      yield* (yield* Testing.FakeHttpClient).failNext(1, "Refused")
      assert.deepInclude((yield* run([server("gone", "http://shop.test/")]))[0], {
        status: "down",
        server: "shop.test:80"
      })
    }).pipe(Effect.provide(Testing.layer({
      routes: { "/": { text: "hello" }, "/closed": { status: 403 }, "/broken": { status: 503 } }
    }))))

  it.effect("asks the Vault, and whether a port is open where nothing else is spoken", () =>
    Effect.gen(function*() {
      const probe = yield* Testing.FakeNetworkProbe
      yield* probe.listen({ host: "proxy.test", port: 3128 })
      const tcp = (name: string, url: string): Doctor.Server => ({ ...server(name, url), kind: "tcp" })

      const checks = yield* run([
        { ...server("vault.address", "https://vault.test"), kind: "vault" },
        tcp("http.proxy", "http://user:pa55@proxy.test:3128"),
        tcp("HTTPS_PROXY", "http://closed.test:3128")
      ])
      assert.deepStrictEqual(checks.map(({ server, status }) => `${server} ${status}`), [
        "vault.test:443 up",
        "proxy.test:3128 up",
        "closed.test:3128 down"
      ])
    }).pipe(Effect.provide(Testing.layer())))

  describe("what it makes of checks", () => {
    const rows: ReadonlyArray<readonly [of: ReadonlyArray<Doctor.Check["status"]>, together: Health["status"]]> = [
      [[], "up"],
      [["up", "embedded"], "up"],
      [["up", "degraded"], "degraded"],
      [["degraded", "down", "up"], "down"]
    ]
    for (const [of, together] of rows) {
      it(`${of.join(" and ") || "nothing"} is ${together}`, () =>
        assert.strictEqual(Doctor.statusOf(of.map((status) => check("x", status))), together))
    }

    it("a body of /health by names, none of them lost", () => {
      const body = Doctor.health([check("a", "up"), check("a", "degraded"), check("b", "up")])

      assert.deepStrictEqual([body.status, Object.keys(body.checks)], ["degraded", ["a", "a (2)", "b"]])
      assert.deepStrictEqual(body.checks["b"], { kind: "cache", server: "x:1", status: "up" })
    })

    it("a table in which nothing that a server says moves the cursor", () => {
      const text = Doctor.text([
        {
          ...check("postgres.url", "up"),
          version: "PostgreSQL 18.4\u001b[2J",
          latency_ms: 1.25,
          pool: { max: 25, open: 3, busy: 2, waiting: 1 }
        },
        { ...check("b", "down"), problem: "it is not there", hint: "start it" },
        check("c", "embedded")
      ], Style.plain)

      assert.deepStrictEqual(text.split("\n"), [
        "up        postgres.url  x:1  PostgreSQL 18.4␛[2J  1ms  3 of 25 open, 2 busy, 1 waiting",
        "down      b             x:1",
        "          it is not there",
        "          start it",
        "embedded  c             x:1",
        "",
        "1 up, 1 down, 1 embedded"
      ])
    })
  })

  it("knows a server by its URL, and nothing else", () => {
    const kinds = ["postgres://x", "mongodb+srv://x", "amqps://x", "rediss://x", "https://x", "embedded:", "foo://x"]
      .map(
        (url) => Doctor.given(url)?.kind
      )
    assert.deepStrictEqual(kinds, ["postgres", "mongo", "amqp", "cache", "http", undefined, undefined])
    assert.isUndefined(Doctor.given("foo://x"))
    assert.isDefined(Doctor.given("embedded:"))
  })
})
