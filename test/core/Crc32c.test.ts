import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { crc32c } from "../../src/core/Crc32c.ts"

/** A bit at a time, as the polynomial says. */
const slow = (bytes: Uint8Array): number => {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0x82f63b78 ^ crc >>> 1 : crc >>> 1
  }
  return ~crc
}

describe("crc32c", () => {
  const known: ReadonlyArray<readonly [bytes: Uint8Array, checksum: number, because: string]> = [
    [new Uint8Array(0), 0, "nothing"],
    [new TextEncoder().encode("123456789"), 0xe3069283, "the check value of the catalogue"],
    [new Uint8Array(32), 0x8a9136aa, "RFC 3720: zeros"],
    [new Uint8Array(32).fill(255), 0x62a8ab43, "RFC 3720: ones"],
    [Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e, "RFC 3720: counting up"],
    [Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c, "RFC 3720: counting down"]
  ]
  for (const [bytes, checksum, because] of known) {
    it(`is what it should be: ${because}`, () => assert.strictEqual(crc32c(bytes) >>> 0, checksum))
  }

  it("is that of the polynomial for any bytes, and continues from any place", () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      const middle = Math.min(cut, bytes.length)

      assert.strictEqual(crc32c(bytes), slow(bytes))
      assert.strictEqual(crc32c(bytes, middle, bytes.length, crc32c(bytes, 0, middle)), slow(bytes))
    })))
})
