import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestConsole } from "effect/testing"
import { Machine, type MachineServices } from "../../src/cli/Machine.ts"
import { main } from "../../src/cli/main.ts"
import type { Health } from "../../src/services/Health.ts"
import { Postgres, type PostgresClient } from "../../src/services/Postgres.ts"
import * as Testing from "../../src/testing.ts"
import { invocation } from "./invocation.ts"

/** Runs `skein doctor` beside a `skein.yaml` on a machine whose one database is as told. */
const doctor = (health: Health, text: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const directory = yield* Testing.write({ "skein.yaml": text })
    const database = Layer.mock(Postgres)({
      connect: () => Effect.succeed({ health: Effect.succeed(health) } as PostgresClient)
    })
    // What else a machine has, no check asks for.
    const services = () => Layer.merge(Testing.layer(), database) as unknown as Layer.Layer<MachineServices>
    const machine = Layer.succeed(Machine, {
      services,
      modules: Layer.empty as never,
      load: Layer.empty as never,
      fakeServers: Layer.empty as never,
      staySmall: Effect.void,
      bundled: false
    })
    const code = yield* main(["doctor", ...args]).pipe(
      Effect.provide(Layer.mergeAll(invocation({ directory }), machine))
    )
    return {
      code,
      stdout: (yield* TestConsole.logLines).join("\n"),
      stderr: (yield* TestConsole.errorLines).join("\n")
    }
  }).pipe(Effect.provide(Testing.layer()))

const text = "postgres: { url: 'postgres://u:pa55word@db/x' }\nsecrets: { key: { value: s3cr3t-key } }"
const up: Health = { status: "up", version: "PostgreSQL 18.4" }

describe("skein doctor", () => {
  it.effect("ends with 0 when all servers are up, and shows them as a table", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* doctor(up, text)

      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /^up {8}postgres\.url {2}db:5432 {4}PostgreSQL 18\.4\nembedded {2}mongo\.url/)
      assert.match(stdout, /\n1 up, 3 embedded$/)
    }))

  it.effect("ends with 0 when one is degraded: nothing stands still", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* doctor({ status: "degraded", problem: "Redis is gone" }, text)

      assert.strictEqual(code, 0)
      assert.include(stdout, "degraded  postgres.url  db:5432\n          Redis is gone")
    }))

  it.effect("ends with 5 when one is down, with the body of /health as JSON", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* doctor(
        { status: "down", problem: "gone", hint: "start it" },
        text,
        "--format",
        "json"
      )
      const { checks, status } = JSON.parse(stdout) as { readonly status: string; readonly checks: object }

      assert.deepStrictEqual([code, status], [5, "down"])
      assert.deepStrictEqual((checks as Record<string, unknown>)["postgres.url"], {
        kind: "postgres",
        server: "db:5432",
        status: "down",
        problem: "gone",
        hint: "start it"
      })
    }))

  it.effect("asks servers of the command line too, and refuses those that it does not know", () =>
    Effect.gen(function*() {
      const { stdout } = yield* doctor(up, text, "--url", "postgres://other:1/x", "--timeout", "1s")
      assert.include(stdout, "up        other:1")
    }).pipe(
      Effect.andThen(Effect.gen(function*() {
        const { code, stderr } = yield* doctor(up, text, "--url", "pa55word")
        assert.strictEqual(code, 2)
        assert.include(stderr, "--url is none of a server that skein knows")
        assert.notInclude(stderr, "pa55word")
      })),
      Effect.andThen(Effect.gen(function*() {
        const { stderr } = yield* doctor(up, text, "--url", "postgres://db/x", "--url", "mysql://u:pa55word@db/x")
        assert.include(stderr, "skein knows: mysql://...")
        assert.notInclude(stderr, "pa55word")
      }))
    ))

  it.effect("R15 shows no secret, whatever a server says", () =>
    Effect.gen(function*() {
      const config = `${text}\nconnections: { one: "postgres://u:\${secrets.key}@db/x" }`
      const problem = "no access for s3cr3t-key at postgres://u:pa55word@db/x"
      for (const format of ["text", "json"]) {
        const { stdout } = yield* doctor({ status: "down", problem }, config, "--format", format)
        assert.include(stdout, "no access for *** at postgres://u:***@db/x")
        assert.notMatch(stdout, /s3cr3t-key|pa55word/)
      }
    }))
})
