/** Bytes of a body as text, in the encoding that its `content-type` names. */
import { Result } from "effect"

/** Returns the text; UTF-8 when no encoding is named or a name is unknown. Bytes that are no text become U+FFFD. Never fails. */
export const decode = (bytes: Uint8Array, contentType: string | undefined): string => {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? "")?.[1]
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8.decode(bytes)
  return Result.getOrElse(Result.try(() => new TextDecoder(charset)), () => utf8).decode(bytes)
}

const utf8 = new TextDecoder()

/** True when a `content-type` says JSON: `application/json`, `application/problem+json`, ... */
export const isJsonType = (contentType: string | undefined): boolean =>
  /^[^;]*[/+]json\s*(;|$)/i.test(contentType ?? "")
