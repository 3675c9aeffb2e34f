/** Servers by name: from `connections:` of `skein.yaml` to the client that a step gets. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import type { ValueRecord } from "../../src/core/Value.ts"
import * as Config from "../../src/programs/Config.ts"
import { postgres } from "../../src/scenario/actions/postgres.ts"
import { Postgres, PostgresError } from "../../src/services/Postgres.ts"
import * as Scenarios from "../support/runScenarios.ts"

const resolve = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  Config.resolve({ file: { path: "skein.yaml", text }, directory: "/project", environment, cores: 1 })

const connectionsOf = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  Result.getOrThrowWith(resolve(text, environment), (problems) => new Error(CodeFrame.renderAll(problems))).connections

const said = (text: string) =>
  Result.match(resolve(text), { onFailure: (problems) => problems, onSuccess: () => [] }).map((problem) => {
    const { column, hint, line, message } = CodeFrame.toJson(problem)
    return `${line}:${column} ${message}${hint === null ? "" : ` (${hint})`}`
  })

/** Says which URL it was asked for, and with which options. */
const asked: Array<readonly [url: string, options: object]> = []
const recording = Layer.succeed(Postgres, {
  connect: (url, options) => {
    asked.push([String(url), { ...options }])
    return Effect.fail(new PostgresError({ reason: "Connection", message: "recorded" }))
  }
})
const layer = Layer.mergeAll(Scenarios.layer, recording)

const run = (steps: string, connections: ValueRecord) =>
  Effect.gen(function*() {
    asked.length = 0
    const text =
      `name: Connections\nsecrets: { pw: { value: "p@ss/word" }, whole: { value: "postgres://u:p@h/db" } }\nsteps:\n${steps}`
    const { report } = yield* Scenarios.run({ "case.yaml": text }, [postgres], { connections })
    return report.cases[0]!.steps.flatMap(({ failures }) => failures.map(({ message }) => message))
  }).pipe(Effect.provide(layer), Effect.scoped)

describe("connections of skein.yaml", () => {
  it("are a URL, or a URL with settings of its family", () => {
    const connections = connectionsOf(`connections:
  orders: postgres://app@db/orders
  mail: { url: "amqp://mq", options: { max_channels: 4, heartbeat: 20s } }
  near: { url: "embedded:near", options: { max_connections: 3, max_bytes: 1MiB } }
`)

    assert.deepEqual(connections, {
      orders: { url: "postgres://app@db/orders", options: {} },
      mail: { url: "amqp://mq", options: { max_channels: 4, heartbeat: "20s" } },
      near: { url: "embedded:near", options: { max_connections: 3, max_bytes: 1_048_576 } }
    })
  })

  it("take the chosen environment over the file, the process environment at once, and secrets later", () => {
    const text = `env: staging
secrets: { pw: { env: PW } }
connections: { a: "amqp://\${env.WHO}:\${secrets.pw}@mq", b: "redis://one" }
environments: { staging: { connections: { b: "redis://two" } } }
`

    assert.deepEqual(connectionsOf(text, { WHO: "ann" }), {
      a: { url: "amqp://ann:${secrets.pw}@mq", options: {} },
      b: { url: "redis://two", options: {} }
    })
  })

  it("are checked with everything else of the file, and show no URL that may be a secret", () => {
    const problems = said(`connections:
  a: mysql://root:hunter2secret@db
  b: { url: amqp://mq, options: { max_connections: 3 } }
  c: { url: redis://r, options: { retries: many } }
  d: { options: {} }
  e: amqp://\${secrets.none}@mq
  f: hunter2secret
  g:h: embedded
`)

    assert.deepEqual(problems.map((text) => text.split(" (")[0]), [
      "2:6 this is no URL of a server that skein knows",
      "3:35 amqp connections has no key \"max_connections\"",
      "4:44 expected a whole number, found text",
      "5:8 a connection needs url: a URL such as amqp://user:password@host/vhost",
      "6:15 secrets has no field none",
      "7:6 this is no URL of a server that skein knows",
      "8:3 the name of a connection has no colon: with one it would be a URL"
    ])
    assert.notInclude(problems.join(), "hunter2secret")
  })
})

describe("a step's url", () => {
  it.effect("is a connection's name: its URL, and its settings over those of the family", () =>
    Effect.gen(function*() {
      yield* run("  - postgres: { query: select 1, url: orders }\n", {
        orders: { url: "postgres://db/orders", options: { max_connections: 7 } }
      })

      assert.strictEqual(asked[0]?.[0], "postgres://db/orders")
      assert.deepInclude(asked[0]?.[1], { maxConnections: 7 })
    }))

  it.effect("has secrets filled in: encoded inside of a URL, as they are where they are all of it", () =>
    Effect.gen(function*() {
      yield* run("  - postgres: { query: select 1, url: part }\n", { part: "postgres://u:${secrets.pw}@h/db" })
      assert.strictEqual(asked[0]?.[0], "postgres://u:p%40ss%2Fword@h/db")

      yield* run("  - postgres: { query: select 1, url: all }\n", { all: "${secrets.whole}" })
      assert.strictEqual(asked[0]?.[0], "postgres://u:p@h/db")
    }))

  it.effect("that nothing is named like is found by check, with the nearest name", () =>
    Effect.gen(function*() {
      const found = yield* Effect.exit(run("  - postgres: { query: select 1, url: ordres }\n", { orders: "embedded:" }))

      assert.include(String(found), "there is no connection \"ordres\"")
      assert.include(String(found), "did you mean orders?")
    }))

  it.effect("may be a name that a step before gave, or one that is known at run time only", () =>
    Effect.gen(function*() {
      yield* run(
        "  - postgres: { query: select 1, url: \"postgres://a/b\", connect_as: mine }\n    continue: true\n  - postgres: { query: select 1, url: mine }\n",
        {}
      )
      assert.deepEqual(asked.map(([url]) => url), ["postgres://a/b", "postgres://a/b"])

      const said = yield* run("  - postgres: { query: select 1, url: \"${env.NOWHERE ?? 'ordersx'}\" }\n", {
        orders: "embedded:"
      })
      assert.deepEqual(said, ["postgres: ordersx is no URL, and no connection has that name"])
    }))

  it.effect("with the scheme of another kind of server is found by check", () =>
    Effect.gen(function*() {
      const found = yield* Effect.exit(run("  - postgres: { query: select 1, url: \"amqp://mq\" }\n", {}))

      assert.include(String(found), "no such URL begins with amqp:")
    }))
})
