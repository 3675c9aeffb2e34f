/** The `multipart/form-data` body: fields and files in one. */
import { Result } from "effect"
import * as Bytes from "../../core/Bytes.ts"
import type { Failure } from "./Failure.ts"

export type Part =
  | { readonly _tag: "Field"; readonly name: string; readonly value: string }
  | {
    readonly _tag: "File"
    readonly name: string
    readonly bytes: Uint8Array
    readonly filename: string
    /** @default "application/octet-stream" */
    readonly type?: string | undefined
  }

/**
 * Returns the parts in order as one body. Quotes and line breaks in names are percent-encoded, as browsers do it.
 *
 * Fails with `InvalidBody` on a content type that could start a header of its own.
 *
 * @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
export const encode = (
  parts: ReadonlyArray<Part>,
  boundary: string
): Result.Result<Uint8Array, Failure> => {
  const chunks: Array<Uint8Array> = []
  for (const part of parts) {
    if (part._tag === "File" && !/^[\x20-\x7e]*$/.test(part.type ?? "")) {
      return Result.fail({
        reason: "InvalidBody",
        detail: `the content type of the part ${escape(part.name)} holds a control character`
      })
    }
    chunks.push(encoder.encode(`--${boundary}\r\n${head(part)}\r\n\r\n`))
    chunks.push(part._tag === "Field" ? encoder.encode(part.value) : part.bytes, lineBreak)
  }
  chunks.push(encoder.encode(`--${boundary}--\r\n`))
  return Result.succeed(Bytes.concat(chunks))
}

const encoder = new TextEncoder()
const lineBreak = encoder.encode("\r\n")

const head = (part: Part): string => {
  const field = `content-disposition: form-data; name="${escape(part.name)}"`
  return part._tag === "Field"
    ? field
    : `${field}; filename="${escape(part.filename)}"\r\ncontent-type: ${part.type ?? "application/octet-stream"}`
}

const escape = (text: string): string => text.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll("\"", "%22")
