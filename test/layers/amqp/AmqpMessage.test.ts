import { assert, describe, it } from "@effect/vitest"
import type { Message } from "../../../src/layers/live/amqp/AmqpConnection.ts"
import { read, write, writeTable } from "../../../src/layers/live/amqp/AmqpMessage.ts"

/** As the driver hands out what it has decoded. */
const native = (properties: object): Message => ({
  content: Buffer.from("x"),
  fields: { deliveryTag: 1, redelivered: false, exchange: "", routingKey: "q" },
  properties: properties as Message["properties"]
})

describe("AmqpMessage", () => {
  it("what is not said is not sent; seconds and milliseconds are those of AMQP", () => {
    const { content, options } = write(
      { routingKey: "q", body: "ü", expiration: "2 seconds", timestamp: 1_700_000_000_999 },
      "m-1"
    )

    assert.deepStrictEqual([...content], [0xc3, 0xbc])
    assert.deepStrictEqual(options, {
      messageId: "m-1",
      mandatory: true,
      persistent: true,
      expiration: 2_000,
      timestamp: 1_700_000_000
    })
  })

  it("big integers are sent as 64 bits, bytes as bytes, and names of the driver's own as data", () => {
    const table = writeTable({ big: 2n ** 62n, bytes: Uint8Array.of(1, 2), table: { "!": "int", value: 1 } })

    assert.deepStrictEqual(table["big"], { "!": "long", value: 2n ** 62n })
    assert.isTrue(Buffer.isBuffer(table["bytes"]))
    assert.isFalse(Object.hasOwn(table["table"] as object, "!"))
    assert.strictEqual((table["table"] as { value: number }).value, 1)
  })

  it("R03 headers are data, whatever their names; moments are milliseconds, decimals numbers", () => {
    const headers = JSON.parse(`{"__proto__": {"polluted": true}, "constructor": 1}`) as object
    const message = read(native({
      headers: {
        ...headers,
        ["__proto__"]: "own",
        time: { "!": "timestamp", value: 1_700_000_000 },
        price: { "!": "decimal", value: { digits: 1999, places: 2 } },
        list: [{ "!": "timestamp", value: 1 }]
      },
      timestamp: 1_700_000_000,
      deliveryMode: 2
    }))

    assert.strictEqual(message.headers["time"], 1_700_000_000_000)
    assert.strictEqual(message.headers["price"], 19.99)
    assert.deepStrictEqual(message.headers["list"], [1_000])
    assert.strictEqual(Object.getPrototypeOf(message.headers), null)
    assert.isUndefined(({} as { polluted?: boolean }).polluted)
    assert.deepStrictEqual([message.timestamp, message.persistent], [1_700_000_000_000, true])
  })
})
