import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { Masking } from "../../src/core/Masking.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import * as SecretCache from "../../src/services/SecretCache.ts"
import { Secrets } from "../../src/services/Secrets.ts"

const references = { token: { vault: "secret/app" } }

/** A cache of one minute over the fake, whose Vault has one token. */
const setUp = Effect.gen(function*() {
  const fake = yield* FakeSecrets.FakeSecrets
  yield* fake.vault("secret/app", { token: "first-token" })
  const fetch = SecretCache.make(yield* Secrets, { environment: {}, timeToLive: Duration.minutes(1) })
  return { fake, token: Effect.map(fetch(references, "/suite"), ({ token }) => token), fetch }
})

/** Lines that were logged, for a test that looks at them. */
const lines: Array<string> = []
const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
const layer = Layer.fresh(FakeSecrets.layer.pipe(Layer.provide(Masking.layer), Layer.merge(logger)))

describe("SecretCache", () => {
  it.effect("R41 asks once until the time is over, then again", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      assert.strictEqual(yield* token, "first-token")
      yield* fake.vault("secret/app", { token: "second-token" })

      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* token, "first-token")
      assert.lengthOf(yield* fake.calls, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* token, "second-token")
      assert.lengthOf(yield* fake.calls, 2)
    }).pipe(Effect.provide(layer)))

  it.effect("R41 a thousand cases that ask at the same time are one question", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* fake.delay("1 second")
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 1_000 }, () => token), { concurrency: 1_000 })
      )
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual([...new Set(yield* Fiber.join(fiber))], ["first-token"])
      assert.lengthOf(yield* fake.calls, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("one who gives up does not take the question down for the others", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* fake.delay("1 second")
      const first = yield* Effect.forkChild(token)
      const second = yield* Effect.forkChild(token)
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")

      assert.strictEqual(yield* Fiber.join(second), "first-token")
    }).pipe(Effect.provide(layer)))

  it.effect("R41 a Vault that is down leaves the old secret in use, once more its time, with a warning", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* token
      yield* fake.failNext(100, "cannot be asked", "Down")
      lines.length = 0

      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* token, "first-token")
      assert.include(lines.join(), "secret \"token\" is 1m old and goes on being used")
      assert.include(lines.join(), "token of secret/app in vault cannot be asked")
      assert.notInclude(lines.join(), "first-token")
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* token, "first-token")
      yield* TestClock.adjust("1 millis")
      const error = yield* Effect.flip(token)
      assert.include(error.message, "cannot be asked")
    }).pipe(Effect.provide(layer)))

  it.effect("R41 a Vault that is back is asked again within ten seconds", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* token
      yield* fake.vault("secret/app", { token: "second-token" })
      yield* fake.failNext(1, "cannot be asked", "Down")

      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* token, "first-token")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* token, "second-token")
    }).pipe(Effect.provide(layer)))

  it.effect("R41 an expired secret that was deleted or is refused is not used any more", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* token
      yield* fake.vault("secret/app", undefined)
      yield* TestClock.adjust("1 minute")
      assert.include((yield* Effect.flip(token)).message, "token of secret/app in vault is not there")

      yield* fake.vault("secret/app", { token: "again" })
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* token, "again")
      yield* fake.failNext(1, "may not be read")
      yield* TestClock.adjust("1 minute")
      assert.include((yield* Effect.flip(token)).message, "may not be read")
    }).pipe(Effect.provide(layer)))

  it.effect("remembers a failure for ten seconds: a source that is slow to fail does not hold up every case", () =>
    Effect.gen(function*() {
      const { fake, token } = yield* setUp
      yield* fake.failNext(1, "is on fire")

      for (let n = 0; n < 5; n++) assert.include((yield* Effect.flip(token)).message, "is on fire")
      assert.lengthOf(yield* fake.calls, 1)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* token, "first-token")
    }).pipe(Effect.provide(layer)))

  it.effect("gives a folder as one record, and names every secret that is missing", () =>
    Effect.gen(function*() {
      const { fake, fetch } = yield* setUp
      yield* fake.file("/suite/mounted/user", "ada")
      yield* fake.file("/suite/mounted/tls.key", "a-key")

      const found = yield* fetch({ app: { folder: "mounted" }, big: { value: 12345678901234567890n } }, "/suite")
      assert.deepStrictEqual(found, { app: { user: "ada", "tls.key": "a-key" }, big: "12345678901234567890" })
      const error = yield* Effect.flip(fetch({ a: { env: "A" }, b: { env: "B" }, c: { value: "c" } }, "/suite"))
      assert.deepStrictEqual(error.secrets.map(({ secret }) => secret), ["a", "b"])
    }).pipe(Effect.provide(layer)))
})
