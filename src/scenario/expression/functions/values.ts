/** Functions on objects and on values of any kind. */
import { Result } from "effect"
import * as Json from "../../../core/Json.ts"
import { emptyRecord, isArray, isRecord, kindOf, type Value } from "../../../core/Value.ts"
import { bounded } from "../Evaluation.ts"
import * as Operators from "../Operators.ts"
import * as Size from "../Size.ts"
import * as Text from "../Text.ts"
import type { Call, FunctionDefinition } from "./Call.ts"

export const values: ReadonlyArray<FunctionDefinition> = [
  {
    name: "size",
    aliases: ["len"],
    family: "any value",
    signature: "size(value: text | list | object | bytes): int",
    summary: "The number of characters, items, fields or bytes",
    example: ["size('añ😀')", "3"],
    run: (call) => size(call)
  },
  {
    name: "has",
    family: "any value",
    signature: "has(path: any): boolean",
    summary: "True when the path leads to a value, null included; unknown names and missing fields are no error in it",
    example: ["has(first([{ a: 1 }]).a) and not has(nothing.at.all)", "true"],
    acceptsMissing: true,
    run: (call) => call.optional(0) !== undefined
  },
  {
    name: "coalesce",
    family: "any value",
    signature: "coalesce(...values: any): any",
    summary: "The first value that is neither null nor a missing field; null when there is none",
    example: ["coalesce(null, 2, 3)", "2"],
    acceptsMissing: true,
    run: (call) => call.values().find((value) => value !== null) ?? null
  },
  {
    name: "is_empty",
    family: "any value",
    signature: "is_empty(value: any): boolean",
    summary: "True for null, a missing field, and an empty text, list or object",
    example: ["is_empty([]) and is_empty('') and not is_empty(0)", "true"],
    acceptsMissing: true,
    run: (call) => Operators.isEmpty(call.optional(0))
  },
  {
    name: "type",
    family: "any value",
    signature: "type(value: any): text",
    summary: "The kind of a value: text, number, boolean, list, object, bytes, null or missing",
    example: ["type([1])", "'list'"],
    acceptsMissing: true,
    run: (call) => kindOf(call.optional(0))
  },
  {
    name: "text",
    aliases: ["string"],
    family: "any value",
    signature: "text(value: any): text",
    summary: "The value written as in a template: lists and objects as JSON, bytes as UTF-8",
    example: ["text(1.50) + text(true)", "'1.5true'"],
    run: (call) => {
      const value = call.value(0)
      return bounded(value instanceof Uint8Array ? new TextDecoder().decode(value) : Text.write(value))
    }
  },
  {
    name: "boolean",
    family: "any value",
    signature: "boolean(value: text | boolean): boolean",
    summary: "True for the text true, false for the text false, in any case",
    example: ["boolean('True')", "true"],
    run: (call) => {
      const value = call.value(0)
      if (typeof value === "boolean") return value
      const text = call.text(0).trim().toLowerCase()
      return text === "true" || (text === "false" ? false : call.bad("the text is neither true nor false"))
    }
  },
  {
    name: "contains",
    family: "any value",
    signature: "contains(whole: text | list | object, part: any): boolean",
    summary: "True when a text has a part, a list an equal item, an object a key",
    example: ["contains('order-7', '-') and contains([1, 2], 2) and contains({ a: 1 }, 'a')", "true"],
    run: (call) => Operators.contains(call.value(0), call.value(1), (steps) => call.charge(steps))
  },
  {
    name: "json",
    family: "any value",
    signature: "json(text: text): any",
    summary: "The value that a JSON text stands for; big integers stay exact",
    example: ["json('{\"id\": 9007199254740993}').id", "9007199254740993"],
    run: (call) => {
      call.charge(call.text(0).length >> 7)
      const parsed = Json.parse(call.text(0))
      return Result.isSuccess(parsed) ? parsed.success : call.bad(parsed.failure.message)
    }
  },
  {
    name: "to_json",
    family: "any value",
    signature: "to_json(value: any, indent?: int): text",
    summary: "The value as JSON, on one line unless an indent is given",
    example: ["to_json({ a: [1, null] })", "'{\"a\":[1,null]}'"],
    run: (call) => {
      const indent = call.int(1, 0)
      if (indent < 0 || indent > 10) return call.bad("the indent must be from 0 to 10")
      const text = bounded(Json.stringify(Size.checked(call.value(0)), indent))
      call.charge(text.length >> 8)
      return text
    }
  },
  {
    name: "uuid",
    family: "any value",
    signature: "uuid(): text",
    summary: "A random UUID (version 4); it depends on the run's seed",
    example: ["matches(uuid(), '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')", "true"],
    impure: true,
    run: (call) => {
      call.charge(2)
      return uuid(call.machine.random)
    }
  },
  {
    name: "keys",
    family: "objects",
    signature: "keys(object: object): list",
    summary: "The names of the fields",
    example: ["keys({ a: 1, b: 2 })", "['a', 'b']"],
    run: (call) => charged(call, Object.keys(call.record(0)))
  },
  {
    name: "values",
    family: "objects",
    signature: "values(object: object): list",
    summary: "The values of the fields",
    example: ["values({ a: 1, b: 2 })", "[1, 2]"],
    run: (call) => charged(call, Object.values(call.record(0)))
  },
  {
    name: "entries",
    family: "objects",
    signature: "entries(object: object): list",
    summary: "The fields as objects with a key and a value",
    example: ["entries({ a: 1 })", "[{ key: 'a', value: 1 }]"],
    run: (call) => charged(call, Object.entries(call.record(0)).map(([key, value]): Value => ({ key, value })))
  },
  {
    name: "merge",
    family: "objects",
    signature: "merge(...objects: object): object",
    summary: "One object with the fields of all; later ones win",
    example: ["merge({ a: 1, b: 1 }, { b: 2 })", "{ a: 1, b: 2 }"],
    run: (call) => {
      const merged = emptyRecord()
      for (let at = 0; at < call.count; at++) {
        const entries = Object.entries(call.record(at))
        call.charge(entries.length >> 4)
        for (const [key, value] of entries) merged[key] = value
      }
      return merged
    }
  }
]

const size = (call: Call): number => {
  const value = call.value(0)
  if (typeof value === "string") {
    let count = 0
    call.charge(value.length >> 8)
    for (const _ of call.text(0)) count += 1
    return count
  }
  if (isArray(value) || value instanceof Uint8Array) return value.length
  return isRecord(value) ? charged(call, Object.keys(value)).length : call.wrong(0, "a text, list, object or bytes")
}

const charged = (call: Call, list: ReadonlyArray<Value>): ReadonlyArray<Value> => {
  call.charge(list.length >> 4)
  return list
}

const uuid = (random: () => number): string => {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16))
  digits[12] = 4
  digits[16] = 8 + digits[16]! % 4
  const hex = digits.map((digit) => digit.toString(16)).join("")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
