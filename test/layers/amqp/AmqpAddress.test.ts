import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as Address from "../../../src/layers/live/amqp/AmqpAddress.ts"

describe("AmqpAddress", () => {
  const good: ReadonlyArray<readonly [url: string, expected: object, because: string]> = [
    [
      "amqp://host",
      { secure: false, host: "host", port: 5672, user: "guest", virtualHost: "/", shown: "amqp://host" },
      "nothing said is guest on the usual port"
    ],
    [
      "amqps://us%40er:p@host/",
      { secure: true, port: 5671, user: "us@er", virtualHost: "/", shown: "amqps://us%40er@host/" },
      "TLS has a port of its own"
    ],
    ["amqp://u:p@[::1]:5673/a%2Fb", { host: "::1", port: 5673, virtualHost: "a/b", server: "[::1]:5673" }, "IPv6"],
    ["amqp://u:p@h?heartbeat=3&frameMax=4096", { parameters: { heartbeat: "3", frameMax: "4096" } }, "parameters"]
  ]
  for (const [url, expected, because] of good) {
    it(`reads ${url}: ${because}`, () => {
      assert.deepInclude(Result.getOrThrow(Address.parse(url)), expected)
    })
  }

  it("reads passwords that are not of this alphabet", () => {
    const address = Result.getOrThrow(Address.parse(`amqp://u:${encodeURIComponent("gehe!m/ß?")}@host`))
    assert.strictEqual(Redacted.value(address.password), "gehe!m/ß?")
  })

  const bad = [
    "amqp://u:s3cr3t/x@host",
    "amqp://u:s3cr3t@",
    "amqp://u:s3cr3t%zz@host",
    "http://u:s3cr3t@host",
    "s3cr3t",
    "amqp://u:s3cr3t?@host"
  ]
  for (const url of bad) {
    it(`R15 refuses ${url.replace("s3cr3t", "...")} without repeating it`, () => {
      const failure = Result.getOrThrow(Result.flip(Address.parse(url)))
      assert.strictEqual(failure.reason, "Invalid")
      assert.notInclude(JSON.stringify(failure), "s3cr3t")
    })
  }
})
