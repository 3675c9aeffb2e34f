import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Masking } from "../../src/core/Masking.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import { Secrets } from "../../src/services/Secrets.ts"
import { SecretsWorld, suite } from "../services/SecretsSuite.ts"

const world = Layer.effect(
  SecretsWorld,
  Effect.gen(function*() {
    const fake = yield* FakeSecrets.FakeSecrets
    return SecretsWorld.of({
      directory: "/suite",
      environment: {},
      writeFile: (name, text) => fake.file(`/suite/${name}`, text),
      writeVault: fake.vault,
      program: Effect.fnUntraced(function*(output: string, exitCode = 0) {
        const words = ["program", output, String(exitCode)]
        for (const more of [[], ["an-argument"]]) yield* fake.command([...words, ...more].join(" "), output, exitCode)
        return words
      })
    })
  })
)

const fake = FakeSecrets.layer.pipe(Layer.provideMerge(Masking.layer))

suite("FakeSecrets", world.pipe(Layer.provideMerge(fake)))

const options = { directory: "/suite", environment: {} }

it.layer(fake)("FakeSecrets", (it) => {
  it.effect("fails the next reads, then goes on", () =>
    Effect.gen(function*() {
      const { resolve } = yield* Secrets
      const fake = yield* FakeSecrets.FakeSecrets
      yield* fake.file("/suite/token", "fake-secret")
      yield* fake.failNext(1, "is on fire")

      const error = yield* Effect.flip(resolve({ token: { file: "token" } }, options))
      assert.strictEqual(error.message, "cannot get the secret \"token\": file token is on fire; try again")
      assert.strictEqual(
        Redacted.value((yield* resolve({ token: { file: "token" } }, options))["token"]!),
        "fake-secret"
      )
      assert.deepStrictEqual(yield* fake.calls, ["read /suite/token", "read /suite/token"])
    }))

  it.effect("names the source that is slower than the deadline, ten seconds when none is given", () =>
    Effect.gen(function*() {
      const { resolve } = yield* Secrets
      const fake = yield* FakeSecrets.FakeSecrets
      yield* fake.file("/suite/slow", "slow-secret")
      yield* fake.delay("10001 millis")
      const late = yield* Effect.forkChild(Effect.flip(resolve({ a: { file: "slow" } }, options)))
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(late.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.include((yield* Fiber.join(late)).message, "file slow gave no answer within 10s")
    }))

  it.effect("asks all secrets and all sources at the same time", () =>
    Effect.gen(function*() {
      const { resolve } = yield* Secrets
      const fake = yield* FakeSecrets.FakeSecrets
      for (const name of ["a", "b", "c"]) yield* fake.file(`/suite/${name}`, `${name}-secret`)
      yield* fake.delay("3 seconds")
      const fiber = yield* Effect.forkChild(resolve({
        a: [{ file: "a" }, { file: "b" }],
        b: { file: "b" },
        c: { file: "c" }
      }, options))
      yield* TestClock.adjust("3 seconds")

      assert.deepStrictEqual(Object.keys(yield* Fiber.join(fiber)), ["a", "b", "c"])
    }))
})
