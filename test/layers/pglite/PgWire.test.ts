/** The messages that the multiplexer reads, cut in any way. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Bytes from "../../../src/core/Bytes.ts"
import * as Wire from "../../../src/layers/embedded/pglite/PgWire.ts"

const startup = new Uint8Array([0, 0, 0, 9, 0, 3, 0, 0, 0])
const encryption = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47])
const cancel = new Uint8Array([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 7, 0, 0, 0, 9])

/** Pushes bytes cut at the given places and reads whatever is whole after each piece. */
const read = (bytes: Uint8Array, cuts: ReadonlyArray<number>) => {
  const splitter = new Wire.Splitter({ opening: true })
  const found: Array<string> = []
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b)
  for (const [at, start] of [0, ...places].entries()) {
    splitter.push(bytes.subarray(start, places[at] ?? bytes.length))
    for (let opening = splitter.nextOpening(); opening !== undefined; opening = splitter.nextOpening()) {
      found.push(opening._tag === "Cancel" ? `Cancel ${opening.pid} ${opening.secret}` : opening._tag)
    }
    for (let message = splitter.next(); message !== undefined; message = splitter.next()) {
      found.push(`${message.type} ${Wire.statementOf(message) ?? message.bytes.length}`)
    }
  }
  return found
}

describe("PgWire", () => {
  it("messages are found however their bytes arrive", () => {
    const bytes = Bytes.concat([encryption, startup, Wire.query("select 'é'"), Wire.ready("I"), Wire.query("")])
    fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
      assert.deepStrictEqual(read(bytes, cuts), ["Encryption", "Startup", "Q select 'é'", "Z 6", "Q "])
    }))
  })

  it("a cancel request names its connection", () => {
    assert.deepStrictEqual(read(cancel, []), ["Cancel 7 9"])
  })
})
