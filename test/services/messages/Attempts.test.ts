import { assert, describe, it } from "@effect/vitest"
import type { Message } from "../../../src/services/MessageBroker.ts"
import { Attempts } from "../../../src/services/messages/Attempts.ts"

const message = (fields: Partial<Message>): Message => ({
  messageId: undefined,
  correlationId: undefined,
  replyTo: undefined,
  type: undefined,
  contentType: undefined,
  contentEncoding: undefined,
  appId: undefined,
  headers: {},
  priority: undefined,
  expiration: undefined,
  timestamp: undefined,
  persistent: true,
  exchange: "",
  routingKey: "q",
  body: new Uint8Array(),
  redelivered: false,
  ...fields
})

describe("Attempts", () => {
  it("failures of a message id are counted until it is done", () => {
    const attempts = new Attempts(10)
    const one = message({ messageId: "one" })
    attempts.failed(one)
    attempts.failed(one)

    assert.strictEqual(attempts.of(one, "q", 5), 3)
    assert.strictEqual(attempts.of(message({ messageId: "two" }), "q", 5), 1)
    attempts.done(one)
    assert.strictEqual(attempts.of(one, "q", 5), 1)
  })

  it("ids beyond the bound are forgotten, the one that failed longest ago first", () => {
    const attempts = new Attempts(2)
    for (const messageId of ["a", "b", "a", "c"]) attempts.failed(message({ messageId }))

    assert.deepStrictEqual(["a", "b", "c"].map((messageId) => attempts.of(message({ messageId }), "q", 5)), [3, 1, 2])
  })

  it("a message without an id that was delivered before is at its last attempt", () => {
    const attempts = new Attempts(10)
    attempts.failed(message({}))

    assert.strictEqual(attempts.of(message({}), "q", 5), 1)
    assert.strictEqual(attempts.of(message({ redelivered: true }), "q", 5), 5)
  })

  it("what the broker counted comes before what was counted here, and deaths in this queue are added", () => {
    const attempts = new Attempts(10)
    const deaths = [{ queue: "other", reason: "rejected", count: 9 }, { queue: "q", reason: "rejected", count: 2 }]
    const counted = message({ messageId: "a", headers: { "x-delivery-count": 1, "x-death": deaths } })
    attempts.failed(counted)

    assert.strictEqual(attempts.of(counted, "q", 5), 4)
    assert.strictEqual(attempts.of(message({ messageId: "b", headers: { "x-death": "none" } }), "q", 5), 1)
  })
})
