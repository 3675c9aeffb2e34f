import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Multipart from "../../../src/services/http/Multipart.ts"

const decode = async (bytes: Uint8Array): Promise<ReadonlyArray<readonly [string, string, string?]>> => {
  const headers = { "content-type": "multipart/form-data; boundary=skein-boundary" }
  const form = await new Response(Uint8Array.from(bytes), { headers }).formData()
  return Promise.all(
    Array.from(form, async ([name, value]) =>
      typeof value === "string"
        ? [name, value] as const
        : [name, Buffer.from(await value.arrayBuffer()).toString("hex"), value.name] as const)
  )
}

describe("Multipart", () => {
  it("whatever goes in comes out at the other end", async () => {
    const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) =>
      !/[\r\n"%]/.test(text) && text.isWellFormed()
    )
    const field = fc.record({ _tag: fc.constant("Field" as const), name, value: fc.string({ unit: "grapheme" }) })
    const file = fc.record({ _tag: fc.constant("File" as const), name, filename: name, bytes: fc.uint8Array() })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(field, file), { minLength: 1, maxLength: 5 }), async (parts) => {
        const bytes = Result.getOrThrow(Multipart.encode(parts, "skein-boundary"))
        const expected: ReadonlyArray<readonly [string, string, string?]> = parts.map((part) =>
          part._tag === "Field"
            ? [part.name, part.value]
            : [part.name, Buffer.from(part.bytes).toString("hex"), part.filename]
        )
        assert.deepEqual(await decode(bytes), expected)
      }),
      { numRuns: 100 }
    )
  })

  it("R12 quotes and line breaks in names cannot end a header", async () => {
    const part = { _tag: "File", name: "a\"\r\nx: 1", filename: "\"; x=\"\r\n", bytes: new Uint8Array(0) } as const
    const text = new TextDecoder().decode(Result.getOrThrow(Multipart.encode([part], "b")))
    assert.include(text, "name=\"a%22%0D%0Ax: 1\"; filename=\"%22; x=%22%0D%0A\"\r\n")
  })
})
