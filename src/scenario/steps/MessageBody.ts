/** Bodies of messages: values on our side, bytes and a content type on the broker's. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"

/** How a body is read; without it, as its content type says. */
export type As = "json" | "text" | "bytes"

export interface Written {
  readonly body: Uint8Array | string
  readonly contentType: string
}

/** Text and bytes go as they are, everything else as JSON. A content type that was given stays. */
export const write = (value: Value, contentType?: string): Written => {
  if (value instanceof Uint8Array) return { body: value, contentType: contentType ?? "application/octet-stream" }
  if (typeof value === "string") return { body: value, contentType: contentType ?? "text/plain" }
  return { body: Json.stringify(value), contentType: contentType ?? "application/json" }
}

/**
 * Returns the body as a value: JSON parsed when the content type says so, else text, and bytes that are no text as they are. A
 * body that is no JSON although it should be fails only when `as` wants it.
 */
export const read = (
  body: Uint8Array,
  contentType: string | undefined,
  as?: As
): Result.Result<Value, Json.JsonProblem> => {
  if (as === "bytes") return Result.succeed(body)
  const text = textOf(body)
  if (text === undefined) {
    return as === undefined ? Result.succeed(body) : Result.fail({ message: "the body is no text in UTF-8" })
  }
  if (as === "text" || as === undefined && !isJson(contentType)) return Result.succeed(text)
  const parsed = Json.parse(text)
  return as === undefined ? Result.succeed(Result.getOrElse(parsed, () => text)) : parsed
}

const isJson = (contentType: string | undefined): boolean => /^[^;]*[/+]json\s*(;|$)/i.test(contentType ?? "")

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const textOf = (body: Uint8Array): string | undefined => {
  try {
    return decoder.decode(body)
  } catch {
    return undefined
  }
}
