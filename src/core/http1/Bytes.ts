/** The alphabets of HTTP/1.1, and comparisons of bytes that allocate nothing. Part of `ResponseParser.ts` and `RequestBytes.ts`. */

/** Bits: 1 a token (names, methods), 2 text (values, reasons): visible, space, tab, or beyond ASCII (RFC 9110, 5.5 and 5.6.2). */
const kinds = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/.test(String.fromCharCode(byte))
  const text = byte === 9 || (byte >= 32 && byte !== 127)
  kinds[byte] = (token ? 1 : 0) | (text ? 2 : 0)
}

export const isToken = (byte: number): boolean => (kinds[byte]! & 1) !== 0

export const isText = (byte: number): boolean => (kinds[byte]! & 2) !== 0

/** `HTTP/1.` */
export const httpSlash1Dot = new Uint8Array([72, 84, 84, 80, 47, 49, 46])

/** The value of a hexadecimal digit, `-1` for other bytes. */
export const hexDigit = (byte: number): number =>
  byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : -1

/** Whether the bytes from `start` on are `text`, which has small letters and hyphens only. */
export const equalsIgnoringCase = (bytes: Uint8Array, start: number, text: string): boolean => {
  for (let index = 0; index < text.length; index++) {
    if ((bytes[start + index]! | 32) !== text.charCodeAt(index)) return false
  }
  return true
}

/** The end of what stands between `start` and `end`, without spaces and tabs after it. */
export const trimEnd = (bytes: Uint8Array, start: number, end: number): number => {
  let at = end
  while (at > start && (bytes[at - 1] === 32 || bytes[at - 1] === 9)) at--
  return at
}

/** One character a byte. */
export const latin1 = (bytes: Uint8Array, start: number, end: number): string => {
  let text = ""
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!)
  return text
}
