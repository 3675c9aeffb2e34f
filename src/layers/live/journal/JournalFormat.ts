/**
 * The bytes of a journal: one line of text that says what it is, then records.
 *
 *     skein-journal 1 "skein documents" 1 89c3f2aa\n        format of journals, name and version of the records, CRC-32C of the line
 *     [checksum: 4][length: 4][record] ...                  little-endian
 *
 * A checksum covers length and record, and continues the one before it. So it is right only where all before it is: a record
 * that was repeated, left out or moved by a failing disk is as wrong as one with a changed bit, and zeros are no record.
 */
import { crc32c } from "../../../core/Crc32c.ts"

/** Longest record. One of a length beyond it is damage. */
export const maxRecordBytes = 64 * 1024 * 1024

/** Bytes in front of each record. */
export const frameBytes = 8

export interface Kind {
  readonly name: string
  readonly version: number
}

const formatVersion = 1

export const encodeHeader = (kind: Kind): Buffer => {
  const line = `skein-journal ${formatVersion} ${JSON.stringify(kind.name)} ${kind.version}`
  return Buffer.from(`${line} ${hex(crc32c(Buffer.from(line)))}\n`)
}

/** Bytes of a file that are enough to see what it is. */
export const headerLimit = 1024

/** What the beginning of a file says: where the records start and the checksum that they continue, or why it is not read. */
export type Beginning =
  | { readonly _tag: "Records"; readonly from: number; readonly checksum: number }
  | { readonly _tag: "Torn" }
  | { readonly _tag: "Refused"; readonly because: string; readonly hint: string }

/** `Torn`: no more than a part of the line was written, so there never was a record. */
export const readHeader = (bytes: Uint8Array, kind: Kind): Beginning => {
  const wanted = encodeHeader(kind)
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (found.length < wanted.length && wanted.subarray(0, found.length).equals(found)) return { _tag: "Torn" }
  const line = found.toString("latin1", 0, found.indexOf("\n") + 1)
  const [, checked, format, stored, version, checksum] =
    /^(skein-journal (\d+) ("(?:[^"\\]|\\.)*") (\d+)) ([0-9a-f]{8})\n$/.exec(line) ?? []
  if (checked === undefined || hex(crc32c(Buffer.from(checked, "latin1"))) !== checksum) {
    return {
      _tag: "Refused",
      because: "is no journal, or its first line is damaged",
      hint: "move it away, or restore it"
    }
  }
  const name = Buffer.from(stored!, "latin1").toString()
  if (Number(format) > formatVersion || (name === JSON.stringify(kind.name) && Number(version) > kind.version)) {
    return {
      _tag: "Refused",
      because: `was written by a newer version (${name} ${version}, format ${format})`,
      hint: "use that version, or another folder"
    }
  }
  if (!found.subarray(0, wanted.length).equals(wanted)) {
    return {
      _tag: "Refused",
      because: `holds ${name} ${version}, not ${JSON.stringify(kind.name)} ${kind.version}`,
      hint: "name another folder"
    }
  }
  return { _tag: "Records", from: wanted.length, checksum: headerChecksum(kind) }
}

/** What the first record's checksum continues. */
export const headerChecksum = (kind: Kind): number => crc32c(encodeHeader(kind))

/** Writes a record with its frame at `at`, where there is room for it, and returns its checksum. */
export const encodeRecord = (into: Buffer, at: number, record: Uint8Array, checksum: number): number => {
  into.writeUInt32LE(record.length, at + 4)
  into.set(record, at + frameBytes)
  const next = crc32c(into, at + 4, at + frameBytes + record.length, checksum)
  into.writeInt32LE(next, at)
  return next
}

/** Length of the record whose frame begins at `at`, of which at least {@link frameBytes} are there. */
export const recordLength = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 4)

/** The checksum of the record at `at`, which is wholly there, or `undefined` when it is not what it should be. */
export const checkRecord = (bytes: Buffer, at: number, length: number, checksum: number): number | undefined => {
  const next = crc32c(bytes, at + 4, at + frameBytes + length, checksum)
  return bytes.readInt32LE(at) === next ? next : undefined
}

const hex = (checksum: number): string => (checksum >>> 0).toString(16).padStart(8, "0")
