/** Functions on text. */
import { Result } from "effect"
import { Base64 } from "effect/encoding"
import type { Value } from "../../../core/Value.ts"
import { bounded } from "../Evaluation.ts"
import * as Operators from "../Operators.ts"
import * as Text from "../Text.ts"
import type { Call, FunctionDefinition } from "./Call.ts"

export const texts: ReadonlyArray<FunctionDefinition> = [
  {
    name: "lower",
    family: "text",
    signature: "lower(text: text): text",
    summary: "Small letters",
    example: ["lower('ADA')", "'ada'"],
    run: (call) => call.text(0).toLowerCase()
  },
  {
    name: "upper",
    family: "text",
    signature: "upper(text: text): text",
    summary: "Capital letters",
    example: ["upper('ada')", "'ADA'"],
    run: (call) => call.text(0).toUpperCase()
  },
  {
    name: "trim",
    family: "text",
    signature: "trim(text: text): text",
    summary: "The text without white space at both ends",
    example: ["trim('  x ')", "'x'"],
    run: (call) => call.text(0).trim()
  },
  {
    name: "starts_with",
    family: "text",
    signature: "starts_with(text: text, start: text): boolean",
    summary: "True when the text begins so",
    example: ["starts_with('order-7', 'order')", "true"],
    run: (call) => call.text(0).startsWith(call.text(1))
  },
  {
    name: "ends_with",
    family: "text",
    signature: "ends_with(text: text, end: text): boolean",
    summary: "True when the text ends so",
    example: ["ends_with('report.pdf', '.pdf')", "true"],
    run: (call) => call.text(0).endsWith(call.text(1))
  },
  {
    name: "matches",
    family: "text",
    signature: "matches(text: text, pattern: text, flags?: text): boolean",
    summary: "True when the regular expression is found in the text; flags: i any case, m lines, s dot takes line ends",
    example: ["matches('ABC-12', '^[a-z]+-\\d+$', 'i')", "true"],
    run: (call) => {
      call.charge(call.text(0).length >> 7)
      return Operators.matches(call.value(0), call.value(1), call.text(2, ""))
    }
  },
  {
    name: "capture",
    family: "text",
    signature: "capture(text: text, pattern: text, group?: int | text): text",
    summary: "The first match of a regular expression: its first group, else all of it; null when there is none",
    example: ["capture('order 42 paid', 'order (\\d+)')", "'42'"],
    run: (call) => {
      call.charge(call.text(0).length >> 6)
      return capture(call)
    }
  },
  {
    name: "replace",
    family: "text",
    signature: "replace(text: text, old: text, new: text): text",
    summary: "Every occurrence replaced",
    example: ["replace('a-b-c', '-', '/')", "'a/b/c'"],
    run: (call) => {
      const [text, old, replacement] = [call.text(0), call.text(1), call.text(2)]
      if (old === "") return call.bad("the text to replace is empty")
      return joined(call, pieces(call, text, old), replacement)
    }
  },
  {
    name: "replace_matches",
    family: "text",
    signature: "replace_matches(text: text, pattern: text, new: text): text",
    summary: "Every match of a regular expression replaced; $1, $<name> and $& stand for groups and the match",
    example: ["replace_matches('2024-05-06', '(\\d+)-(\\d+)', '$2/$1')", "'05/2024-06'"],
    run: (call) => {
      call.charge(call.text(0).length >> 3)
      const replaced = Operators.regex(call.text(1)).replaceAll(call.text(0), call.text(2))
      return Result.isSuccess(replaced)
        ? bounded(replaced.success)
        : call.bad(replaced.failure.message, replaced.failure.hint)
    }
  },
  {
    name: "split",
    family: "text",
    signature: "split(text: text, separator: text, limit?: int): list",
    summary: "The parts between separators; with a limit the last part keeps the rest",
    example: ["split('a,b,c', ',', 2)", "['a', 'b,c']"],
    run: (call) => {
      const [text, separator] = [call.text(0), call.text(1)]
      const parts = pieces(call, text, separator)
      if (!call.has(2) || parts.length <= call.int(2)) return parts
      const limit = call.int(2)
      return limit < 1
        ? call.bad("the limit must be at least 1")
        : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]
    }
  },
  {
    name: "join",
    family: "text",
    signature: "join(list: list, separator?: text): text",
    summary: "The items written as text with a separator between them (default: a comma)",
    example: ["join([1, 'b', true], '-')", "'1-b-true'"],
    run: (call) => joined(call, call.list(0).map(Text.write), call.text(1, ","))
  },
  {
    name: "repeat",
    family: "text",
    signature: "repeat(text: text, times: int): text",
    summary: "The text several times over",
    example: ["repeat('ab', 3)", "'ababab'"],
    run: (call) => {
      const [text, times] = [call.text(0), call.int(1)]
      if (times < 0) return call.bad("the number of times is negative")
      call.reserve(text.length * times)
      return text.repeat(times)
    }
  },
  {
    name: "pad_start",
    family: "text",
    signature: "pad_start(text: text, length: int, fill?: text): text",
    summary: "Filled up on the left to a length (default: with spaces)",
    example: ["pad_start(text(7), 3, '0')", "'007'"],
    run: (call) => {
      call.reserve(call.int(1))
      return call.text(0).padStart(call.int(1), call.text(2, " "))
    }
  },
  {
    name: "base64",
    family: "text",
    signature: "base64(value: text | bytes): text",
    summary: "Base64 of a text (as UTF-8) or of bytes",
    example: ["base64('hi')", "'aGk='"],
    run: (call) => {
      const value = call.value(0)
      call.charge(typeof value === "string" || value instanceof Uint8Array ? value.length >> 8 : 0)
      return bounded(Base64.encode(value instanceof Uint8Array ? value : call.text(0)))
    }
  },
  {
    name: "base64_decode",
    family: "text",
    signature: "base64_decode(text: text): text",
    summary: "The text (UTF-8) that a base64 stands for",
    example: ["base64_decode('aGk=')", "'hi'"],
    run: (call) => {
      const decoded = Base64.decodeString(call.text(0))
      return Result.isSuccess(decoded) ? decoded.success : call.bad("the text is no base64")
    }
  },
  {
    name: "url_encode",
    family: "text",
    signature: "url_encode(text: text): text",
    summary: "The text as one part of a URL",
    example: ["url_encode('a b&c')", "'a%20b%26c'"],
    run: (call) => {
      call.charge(call.text(0).length >> 7)
      return bounded(encodeURIComponent(call.text(0).toWellFormed()))
    }
  },
  {
    name: "url_decode",
    family: "text",
    signature: "url_decode(text: text): text",
    summary: "The text that a part of a URL stands for",
    example: ["url_decode('a%20b')", "'a b'"],
    run: (call) => decodeUrl(call)
  }
]

/** Most parts that a text is cut into. */
const maxPieces = 1_000_000

const capture = (call: Call): Value => {
  const regex = Operators.regex(call.text(1))
  const match = regex.exec(call.text(0))
  const group = call.has(2) ? call.value(2) : undefined
  if (match === undefined) return null
  if (group === undefined) return match.groups[0] ?? match.text
  if (typeof group === "string") {
    return Object.hasOwn(match.named, group)
      ? match.named[group] ?? null
      : call.bad(`the pattern has no group named ${JSON.stringify(group)}`)
  }
  const at = call.int(2)
  if (at < 0 || at > match.groups.length) {
    return call.bad(`the pattern has ${match.groups.length} groups, no group ${at}`)
  }
  return at === 0 ? match.text : match.groups[at - 1] ?? null
}

/** Cuts a text, into its characters by an empty separator. */
const pieces = (call: Call, text: string, separator: string): ReadonlyArray<string> => {
  if (separator === "") call.charge(text.length >> 5)
  const parts = separator === "" ? Array.from(text) : text.split(separator, maxPieces + 1)
  call.charge(parts.length >> 5)
  return parts.length > maxPieces ? call.bad(`the text has more than ${maxPieces} parts`) : parts
}

const joined = (call: Call, parts: ReadonlyArray<string>, separator: string): string => {
  let length = separator.length * Math.max(0, parts.length - 1)
  for (const part of parts) length += part.length
  call.charge(parts.length >> 5)
  call.reserve(length)
  return parts.join(separator)
}

const decodeUrl = (call: Call): string => {
  const text = call.text(0)
  try {
    return decodeURIComponent(text)
  } catch {
    return call.bad("the text has a % that starts no UTF-8 character")
  }
}
