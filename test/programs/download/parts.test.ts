/** The pure parts of downloads. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Checksums from "../../../src/programs/download/Checksums.ts"
import * as FileName from "../../../src/programs/download/FileName.ts"
import { Meter } from "../../../src/programs/download/Meter.ts"
import * as Note from "../../../src/programs/download/Note.ts"
import * as Segments from "../../../src/programs/download/Segments.ts"

describe("FileName", () => {
  it("R24 whatever is suggested becomes a name without fault, or none", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const name = FileName.suggested(text)
      assert.isUndefined(name === undefined ? undefined : FileName.fault(name), JSON.stringify(name))
    }))
  })
})

const is = (range: string, etag = "\"1\"") =>
  Segments.isPiece({ "content-range": range, etag }, 10, 20, 100, { etag: "\"1\"" })

describe("Segments", () => {
  it("pieces cover a file without gap or overlap, none smaller than the least unless it is the only one", () => {
    fc.assert(fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 20 }), (size, count) => {
      const pieces = Segments.split(size, count, 100)
      assert.isTrue(Segments.covers(pieces, size))
      assert.isAtMost(pieces.length, count)
      assert.isTrue(pieces.length === 1 || pieces.every(({ from, to }) => to - from >= 100))
    }))
  })

  it("an answer is the piece that was asked for only when all of it agrees", () => {
    assert.isTrue(is("bytes 10-19/100"))
    for (const other of ["bytes 10-19/101", "bytes 11-19/100", "bytes 10-20/100", "", "items 10-19/100"]) {
      assert.isFalse(is(other), other)
    }
    assert.isFalse(is("bytes 10-19/100", "\"2\""))
  })
})

describe("Note", () => {
  it("is read as it was written, and never out of something else", () => {
    const content = {
      url: "http://a/b",
      version: { etag: "\"1\"", lastModified: undefined },
      size: 10,
      segments: [{ from: 0, to: 10, done: 4 }]
    }
    assert.deepStrictEqual(Note.decode(Note.encode(content)), content)
    for (const text of ["", "{}", "null", Note.encode(content).slice(0, -2)]) assert.isUndefined(Note.decode(text))
  })
})

describe("Checksums", () => {
  it("reads the lines of sha256sum, md5sum and BSD, and says which line is none", () => {
    const [md5, sha256] = ["a".repeat(32), "b".repeat(64)]
    const sums = Checksums.parse(`${sha256}  dir/a.zip\n${md5} *b.zip\nSHA256 (c.zip) = ${sha256}\n\n`)
    assert.deepStrictEqual(
      sums,
      new Map<string, Checksums.Checksum>([
        ["a.zip", { sha256 }],
        ["b.zip", { md5 }],
        ["c.zip", { sha256 }]
      ])
    )
    assert.deepStrictEqual(Checksums.parse(`${md5}  a\nnonsense\n`), { line: 2 })
  })
})

describe("Meter", () => {
  it("tells the rate of the last seconds and the time that is left", () => {
    const meter = new Meter(1)
    meter.begin(0, "a", 10_000, 2_000)
    meter.snapshot(0)
    meter.add(0, 2_000)
    const { bytes, bytesPerSecond, secondsLeft } = meter.snapshot(1_000)
    assert.deepStrictEqual([bytes, bytesPerSecond, secondsLeft], [4_000, 2_000, 3])
  })
})
