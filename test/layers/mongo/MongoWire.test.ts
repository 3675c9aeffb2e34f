/** The messages of the wire protocol, cut in any way and broken in many. */
import { assert, describe, it } from "@effect/vitest"
import { deserialize, serialize } from "bson"
import * as fc from "fast-check"
import * as Wire from "../../../src/layers/embedded/mongo/MongoWire.ts"
import { Batch } from "../../../src/layers/embedded/mongo/MongoWireReply.ts"

/** A message of a client, from its sections. */
const message = (
  sections: ReadonlyArray<Uint8Array>,
  options: { readonly flags?: number; readonly kind?: number } = {}
) => {
  const length = 20 + sections.reduce((sum, section) => sum + section.length, 0)
  const head = Buffer.alloc(20)
  head.writeInt32LE(length, 0)
  head.writeInt32LE(7, 4)
  head.writeInt32LE(options.kind ?? 2013, 12)
  head.writeUInt32LE(options.flags ?? 0, 16)
  return Buffer.concat([head, ...sections])
}

const body = (command: object) => Buffer.concat([Buffer.of(0), serialize(command)])

const list = (name: string, documents: ReadonlyArray<object>) => {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((document) => serialize(document))])
  const size = Buffer.alloc(5)
  size[0] = 1
  size.writeInt32LE(content.length + 4, 1)
  return Buffer.concat([size, content])
}

/** Length, number, number of the request, kind. */
const header = (bytes: Uint8Array) => [0, 4, 8, 12].map((at) => Buffer.from(bytes).readInt32LE(at))

describe("MongoWire", () => {
  it("messages are found however their bytes arrive", () => {
    const commands = [{ ping: 1 }, { find: "orders", filter: { text: "é".repeat(200) } }, { hello: 1 }]
    const bytes = Buffer.concat(commands.map((command) => message([body(command)])))
    fc.assert(fc.property(fc.array(fc.nat({ max: bytes.length - 1 }), { maxLength: 12 }), (cuts) => {
      const framing = new Wire.Framing()
      const found: Array<unknown> = []
      const places = [...new Set(cuts)].toSorted((a, b) => a - b)
      for (const [at, start] of [0, ...places].entries()) {
        framing.push(bytes.subarray(start, places[at] ?? bytes.length))
        for (let next = framing.next(); next !== undefined; next = framing.next()) found.push(Wire.read(next).command)
      }
      assert.deepStrictEqual(found, commands)
      assert.strictEqual(framing.length, 0)
    }))
  })

  it("lists of documents beside the command become fields of it, and a checksum is passed over", () => {
    const sections = [body({ insert: "orders", $db: "shop" }), list("documents", [{ n: 1 }, { n: 2 }]), Buffer.alloc(4)]

    const request = Wire.read(message(sections, { flags: 1 }))

    assert.deepStrictEqual(request, {
      id: 7,
      form: "message",
      silent: false,
      command: { insert: "orders", $db: "shop", documents: [{ n: 1 }, { n: 2 }] }
    })
  })

  it("a client that waits for no answer is not given one", () => {
    assert.isTrue(Wire.read(message([body({ insert: "orders" })], { flags: 2 })).silent)
  })

  it.each<[because: string, bytes: Buffer, expected: RegExp]>([
    ["a compressed message", message([Buffer.alloc(9)], { kind: 2012 }), /compressed/],
    ["a kind of message that is not spoken any more", message([Buffer.alloc(9)], { kind: 2002 }), /kind 2002/],
    ["a flag that must be understood", message([body({ ping: 1 })], { flags: 4 }), /flags 100/],
    ["no command", message([list("documents", [{ n: 1 }])]), /without a command/],
    ["two commands", message([body({ ping: 1 }), body({ ping: 1 })]), /section of kind 0/],
    ["a section longer than the message", message([Buffer.of(0, 200, 0, 0, 0, 0)]), /section of 200 bytes/],
    ["a document that is none", message([Buffer.of(0, 8, 0, 0, 0, 99, 99, 99, 99)]), /./]
  ])("refuses %s", (_, bytes, expected) => {
    assert.throws(() => Wire.read(bytes), expected)
  })

  it.each([0, 15, -1, Wire.maxMessageBytes + 1])(
    "refuses a message that says it has %i bytes before reading it",
    (size) => {
      const framing = new Wire.Framing()
      const head = Buffer.alloc(16)
      head.writeInt32LE(size, 0)
      framing.push(head)
      assert.throws(() => framing.next(), Wire.WireError)
    }
  )

  it("whatever bytes come, they are a message or an error of ours", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(2013, 2004), (bytes, kind) => {
      try {
        Wire.read(message([bytes], { kind }))
      } catch (error) {
        assert.instanceOf(error, Wire.WireError)
      }
    }))
  })

  it("an answer to a query is a reply, and to a message a message", () => {
    const reply = Wire.write(3, { id: 7, form: "query" }, { ok: 1 })
    const answer = Wire.write(4, { id: 7, form: "message" }, { ok: 1 })

    assert.deepStrictEqual(header(reply), [reply.length, 3, 7, 1])
    assert.deepStrictEqual(header(answer), [answer.length, 4, 7, 2013])
    assert.deepStrictEqual(deserialize(reply.subarray(36)), { ok: 1 })
    assert.deepStrictEqual(deserialize(answer.subarray(21)), { ok: 1 })
  })

  it("a batch of documents reads as the answer that drivers know", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ n: fc.integer(), text: fc.string() }), { maxLength: 30 }), (documents) => {
        const batch = new Batch()
        for (const document of documents) batch.add(serialize(document))

        const reply = batch.reply("firstBatch", { id: 12n, ns: "shop.orders" })

        assert.deepStrictEqual(deserialize(reply, { useBigInt64: true }), {
          cursor: { firstBatch: documents, id: 12n, ns: "shop.orders" },
          ok: 1
        })
      })
    )
  })

  it("a batch holds one document of any size, and then as many as a document may have bytes", () => {
    const batch = new Batch()
    assert.isTrue(batch.fits(20_000_000))
    batch.add(new Uint8Array(Wire.maxDocumentBytes - 1_000))
    assert.isTrue(batch.fits(900))
    assert.isFalse(batch.fits(1_000))
  })
})
