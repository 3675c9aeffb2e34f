/** URLs of Redis: what they mean, what of them may be shown. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as Address from "../../../src/layers/live/redis/RedisAddress.ts"

describe("RedisAddress", () => {
  it.each<[url: string, shown: string, database: number]>([
    ["redis://localhost", "redis://localhost", 0],
    ["rediss://me:p%40ss%25@localhost:6380/3", "rediss://me@localhost:6380/3", 3],
    ["redis://:pa55@[::1]:6379/", "redis://[::1]:6379", 0]
  ])("reads %s", (url, shown, database) => {
    const address = Result.getOrThrow(Address.parse(url))
    assert.deepInclude(address, { shown, database })
    assert.strictEqual(Redacted.value(address.url), url)
  })

  const secret = "pa55"
  it.each([
    `redis://me:${secret}/x@localhost`,
    `redis://me:${secret}?x@localhost`,
    `redis://me:x@${secret}/x@localhost`,
    `redis://me:${secret}%x@localhost`,
    `redis://me%:${secret}@localhost`,
    `redis://me:${secret}@localhost/shop`,
    `http://me:${secret}@localhost`,
    secret
  ])("R15 refuses %s without repeating the password", (url) => {
    const error = Result.getOrThrow(Result.flip(Address.parse(url)))
    assert.strictEqual(error.reason, "Invalid")
    assert.notInclude(`${error.message} ${error.hint}`, secret)
  })
})
