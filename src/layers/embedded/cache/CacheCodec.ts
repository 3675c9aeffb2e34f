/**
 * How a cached value looks as bytes, the same on every server: a head of 12 bytes and the value.
 *
 * ```text
 * byte 0      version, 1: bytes of anybody else begin otherwise and count as missing
 * byte 1      kind: 0 there is none, 1 JSON, 2 text; +4 deflated
 * byte 2..7   end of the time to live, milliseconds since 1970, big-endian
 * byte 8..11  grace after it, in milliseconds, big-endian
 * byte 12..   the value in UTF-8
 * ```
 */
import { deflateRawSync, inflateRawSync } from "node:zlib"

/** How long a value is good, and how long after it may still stand in. */
export interface Times {
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly graceMillis: number
}

/** One value with its times. `none` is the remembered answer that there is no value. */
export interface Stored extends Times {
  /** As the schema's JSON codec made it. */
  readonly content: { readonly none: true } | { readonly none: false; readonly json: unknown }
}

export const headBytes = 12

/** A time to live without end, as a moment: the largest that the head holds. */
export const never = 2 ** 48 - 1

/** 49 days. */
export const maxGraceMillis = 2 ** 32 - 1

export const version = 1
export const kinds = { none: 0, json: 1, text: 2 }
const deflated = 4
/** Far beyond what anybody caches, and what a few bytes may not grow into. */
const maxInflatedBytes = 256 * 1024 * 1024

/** Writes a value; its bytes from `compressAbove` on are deflated when that makes them fewer. */
export const write = ({ content, expiresAt, graceMillis }: Stored, compressAbove: number): Buffer => {
  const kind = content.none ? kinds.none : typeof content.json === "string" ? kinds.text : kinds.json
  const plain = content.none
    ? Buffer.alloc(0)
    : Buffer.from(typeof content.json === "string" ? content.json : JSON.stringify(content.json))
  const packed = plain.length >= compressAbove ? deflateRawSync(plain, { level: 1 }) : plain
  const isSmaller = packed.length < plain.length
  const head = Buffer.alloc(headBytes)
  head[0] = version
  head[1] = kind + (isSmaller ? deflated : 0)
  times({ expiresAt, graceMillis }).copy(head, 2)
  return Buffer.concat([head, isSmaller ? packed : plain])
}

/** Bytes 2 to 11 alone: what a new time to live replaces. */
export const times = ({ expiresAt, graceMillis }: Times): Buffer => {
  const bytes = Buffer.alloc(headBytes - 2)
  bytes.writeUIntBE(expiresAt, 0, 6)
  bytes.writeUInt32BE(graceMillis, 6)
  return bytes
}

/** Whether bytes are a value, not the answer that there is none, whose time is not over at `now`. */
export const isGood = (bytes: Uint8Array | undefined, now: number): boolean => {
  const head = bytes === undefined ? undefined : readHead(bytes)
  return head !== undefined && head.kind !== kinds.none && head.expiresAt > now
}

/** Reads a value; `undefined` when the bytes are not ours, or damaged. Never throws. */
export const read = (bytes: Uint8Array): Stored | undefined => {
  const head = readHead(bytes)
  if (head === undefined) return undefined
  const { expiresAt, graceMillis, kind } = head
  if (kind === kinds.none) return { content: { none: true }, expiresAt, graceMillis }
  try {
    const packed = Buffer.from(bytes.buffer, bytes.byteOffset + headBytes, bytes.byteLength - headBytes)
    const plain = head.isDeflated ? inflateRawSync(packed, { maxOutputLength: maxInflatedBytes }) : packed
    const text = plain.toString()
    return { content: { none: false, json: kind === kinds.text ? text : JSON.parse(text) }, expiresAt, graceMillis }
  } catch {
    return undefined
  }
}

const readHead = (bytes: Uint8Array): (Times & { readonly kind: number; readonly isDeflated: boolean }) | undefined => {
  if (bytes.length < headBytes || bytes[0] !== version) return undefined
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, headBytes)
  const kind = head[1]! & ~deflated
  return kind > kinds.text ? undefined : {
    kind,
    isDeflated: (head[1]! & deflated) !== 0,
    expiresAt: head.readUIntBE(2, 6),
    graceMillis: head.readUInt32BE(8)
  }
}
