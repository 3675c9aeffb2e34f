/** Short forms of long texts and large values, made without walking all of them. */
import type { Value } from "./Value.ts"

/** Cuts a text at `limit` UTF-16 units and says how much is missing. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`

/** Writes a value as JSON up to about `limit` characters; the work is bounded by the limit, not by the value. */
export const json = (value: Value, limit: number): string => {
  const parts: Array<string> = []
  const done = write(value, parts, { left: limit })
  return done ? parts.join("") : `${parts.join("")}…`
}

/** Appends to `parts`; false when the room has run out. */
const write = (value: Value, parts: Array<string>, room: { left: number }): boolean => {
  const add = (text: string): boolean => {
    parts.push(text.length <= room.left ? text : text.slice(0, Math.max(0, room.left)))
    room.left -= text.length
    return room.left >= 0
  }
  if (typeof value === "string") {
    return add(JSON.stringify(value.length > room.left ? value.slice(0, room.left) : value))
  }
  if (value === null || typeof value !== "object") return add(String(value))
  if (value instanceof Uint8Array) return add(`"<${value.length} bytes>"`)
  if (Array.isArray(value)) {
    if (!add("[")) return false
    for (const [index, item] of value.entries()) {
      if (index > 0 && !add(",") || !write(item as Value, parts, room)) return false
    }
    return add("]")
  }
  if (!add("{")) return false
  let first = true
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    if (!first && !add(",")) return false
    first = false
    if (!add(`${JSON.stringify(key)}:`) || !write((value as { readonly [key: string]: Value })[key]!, parts, room)) {
      return false
    }
  }
  return add("}")
}
