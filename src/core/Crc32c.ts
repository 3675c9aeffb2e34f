/**
 * CRC-32C (Castagnoli), the checksum of journals: every error of one burst of up to 32 bits is found, others but one in 2^32.
 *
 * Eight bytes a step through eight tables. On records of 30 to 200 bytes, which is what journals hold, this takes half the
 * time of `zlib.crc32` (which is another polynomial); from 300 bytes on that one would be faster. `bench/journal.ts` has both.
 *
 * @see RFC 3720, appendix B.4, for test vectors
 */

/** The checksum of `bytes[from, to)`; given the one of what comes before as `seed`, that of both together. Signed, 32 bits. */
export const crc32c = (bytes: Uint8Array, from = 0, to = bytes.length, seed = 0): number => {
  const t = tables
  let crc = ~seed
  let at = from
  // Indices are below 2048, and bytes within [from, to): no element is absent.
  for (const end = to - 8; at <= end; at += 8) {
    crc ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24
    crc = t[1792 | crc & 255]! ^ t[1536 | crc >>> 8 & 255]! ^ t[1280 | crc >>> 16 & 255]! ^ t[1024 | crc >>> 24]! ^
      t[768 | bytes[at + 4]!]! ^ t[512 | bytes[at + 5]!]! ^ t[256 | bytes[at + 6]!]! ^ t[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = t[(crc ^ bytes[at]!) & 255]! ^ crc >>> 8
  return ~crc
}

/** Table `n` is the effect of a byte that `n` bytes follow. */
const tables = ((): Int32Array => {
  const t = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0x82f63b78 ^ crc >>> 1 : crc >>> 1
    t[byte] = crc
  }
  for (let at = 256; at < t.length; at++) t[at] = t[t[at - 256]! & 255]! ^ t[at - 256]! >>> 8
  return t
})()
