/** Functions on lists, most of them with a condition or a computation per item. */
import { isArray, type Value } from "../../../core/Value.ts"
import * as Operators from "../Operators.ts"
import type { Call, FunctionDefinition } from "./Call.ts"

/** Longest list that `range` makes. */
const maxRange = 100_000

export const lists: ReadonlyArray<FunctionDefinition> = [
  {
    name: "any",
    family: "lists",
    signature: "any(list: list, condition: item => boolean): boolean",
    summary: "True when the condition holds for at least one item; false for an empty list",
    example: ["any([1, 5], x => x > 3)", "true"],
    run: (call) => call.list(0).some(call.test(1))
  },
  {
    name: "all",
    family: "lists",
    signature: "all(list: list, condition: item => boolean): boolean",
    summary: "True when the condition holds for every item; true for an empty list",
    example: ["all([{ id: 1 }, { id: 2 }], x => x.id > 0)", "true"],
    run: (call) => call.list(0).every(call.test(1))
  },
  {
    name: "filter",
    family: "lists",
    signature: "filter(list: list, condition: item => boolean): list",
    summary: "The items for which the condition holds",
    example: ["filter([1, 2, 3], x => x != 2)", "[1, 3]"],
    run: (call) => call.list(0).filter(call.test(1))
  },
  {
    name: "map",
    family: "lists",
    signature: "map(list: list, change: item => any): list",
    summary: "What the computation makes of each item; `(item, index) => ...` also gets its place",
    example: ["map(['a', 'b'], (x, i) => x + text(i))", "['a0', 'b1']"],
    run: (call) => call.list(0).map(call.lambda(1))
  },
  {
    name: "find",
    family: "lists",
    signature: "find(list: list, condition: item => boolean): any",
    summary: "The first item for which the condition holds; null when there is none",
    example: ["find([{ id: 1, name: 'a' }, { id: 2, name: 'b' }], x => x.id == 2).name", "'b'"],
    run: (call) => call.list(0).find(call.test(1)) ?? null
  },
  {
    name: "count",
    family: "lists",
    signature: "count(list: list, condition: item => boolean): int",
    summary: "The number of items for which the condition holds",
    example: ["count([1, 2, 3], x => x >= 2)", "2"],
    run: (call) => call.list(0).filter(call.test(1)).length
  },
  {
    name: "first",
    family: "lists",
    signature: "first(list: list): any",
    summary: "The first item; null when the list is empty",
    example: ["first([7, 8])", "7"],
    run: (call) => call.list(0)[0] ?? null
  },
  {
    name: "last",
    family: "lists",
    signature: "last(list: list): any",
    summary: "The last item; null when the list is empty",
    example: ["last([7, 8])", "8"],
    run: (call) => call.list(0).at(-1) ?? null
  },
  {
    name: "slice",
    family: "lists",
    signature: "slice(value: list | text, start: int, end?: int): list | text",
    summary: "The part from a place up to, without, another; negative places count from the end",
    example: ["slice([1, 2, 3, 4], 1, -1)", "[2, 3]"],
    run: (call) => {
      const end = call.has(2) ? call.int(2) : undefined
      return typeof call.value(0) === "string"
        ? call.text(0).slice(call.int(1), end)
        : call.list(0).slice(call.int(1), end)
    }
  },
  {
    name: "reverse",
    family: "lists",
    signature: "reverse(value: list | text): list | text",
    summary: "The items, or the characters, from last to first",
    example: ["reverse([1, 2])", "[2, 1]"],
    run: (call) => {
      if (typeof call.value(0) !== "string") return call.list(0).toReversed()
      call.charge(call.text(0).length >> 5)
      return Array.from(call.text(0)).reverse().join("")
    }
  },
  {
    name: "sort",
    family: "lists",
    signature: "sort(list: list, by?: item => any): list",
    summary: "From least to greatest: all numbers or all texts, of the items or of what the computation makes of them",
    example: ["sort([{ n: 2 }, { n: 1 }], x => x.n)", "[{ n: 1 }, { n: 2 }]"],
    run: (call) => {
      const list = call.list(0)
      const by = call.has(1) ? call.lambda(1) : undefined
      call.charge(list.length >> 2)
      return list
        .map((item, at) => ({ item, key: by === undefined ? item : by(item, at) }))
        .sort((a, b) => Operators.compare(a.key, b.key))
        .map(({ item }) => item)
    }
  },
  {
    name: "unique",
    family: "lists",
    signature: "unique(list: list): list",
    summary: "Each item once, in the order of first appearance",
    example: ["unique([1, 2, 1])", "[1, 2]"],
    run: (call) => unique(call)
  },
  {
    name: "same_items",
    family: "lists",
    signature: "same_items(list: list, other: list): boolean",
    summary: "True when both lists have the same items the same number of times, in any order",
    example: ["same_items([1, 2, 2], [2, 1, 2])", "true"],
    run: (call) => sameItems(call)
  },
  {
    name: "flatten",
    family: "lists",
    signature: "flatten(list: list): list",
    summary: "Lists inside the list replaced by their items, one level deep",
    example: ["flatten([[1, 2], 3, [[4]]])", "[1, 2, 3, [4]]"],
    run: (call) => {
      const flat: Array<Value> = []
      for (const item of call.list(0)) {
        if (!isArray(item)) {
          flat.push(item)
          continue
        }
        call.charge(1 + (item.length >> 5))
        for (const inner of item) flat.push(inner)
      }
      return flat
    }
  },
  {
    name: "zip",
    family: "lists",
    signature: "zip(list: list, other: list): list",
    summary: "Pairs of the items at the same places, as many as the shorter list has",
    example: ["zip([1, 2], ['a', 'b'])", "[[1, 'a'], [2, 'b']]"],
    run: (call) => {
      const [list, other] = [call.list(0), call.list(1)]
      return list.slice(0, other.length).map((item, at): Value => [item, other[at]!])
    }
  },
  {
    name: "range",
    family: "lists",
    signature: "range(start: int, end?: int, step?: int): list",
    summary: "Whole numbers from start up to, without, end; with one number, from 0 up to it",
    example: ["range(1, 4)", "[1, 2, 3]"],
    run: (call) => range(call)
  }
]

const range = (call: Call): Value => {
  const [start, end] = call.has(1) ? [call.int(0), call.int(1)] : [0, call.int(0)]
  const step = call.int(2, 1)
  if (step === 0) return call.bad("the step is 0")
  const length = Math.max(0, Math.ceil((end - start) / step))
  if (length > maxRange) return call.bad(`the list would have more than ${maxRange} items`)
  call.charge(length >> 3)
  return Array.from({ length }, (_, at) => start + at * step)
}

/** Texts, numbers, booleans and null are found by a key; lists and objects by looking at each. */
const keyOf = (value: Value): string | undefined =>
  typeof value === "object" && value !== null
    ? undefined
    : typeof value === "string"
    ? `"${value}`
    : Operators.isNumber(value)
    ? `#${typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value}`
    : String(value)

const unique = (call: Call): Value => {
  const seen = new Set<string>()
  const composites: Array<Value> = []
  return call.list(0).filter((item) => {
    const key = keyOf(item)
    if (key === undefined) {
      call.charge(1 + (composites.length >> 2))
      if (composites.some((other) => Operators.equal(item, other, (steps) => call.charge(steps)))) return false
      composites.push(item)
      return true
    }
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const sameItems = (call: Call): boolean => {
  const [list, other] = [call.list(0), call.list(1)]
  if (list.length !== other.length) return false
  const counts = new Map<string, number>()
  const composites: Array<Value> = []
  for (const item of list) {
    const key = keyOf(item)
    if (key === undefined) composites.push(item)
    else counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return other.every((item) => {
    const key = keyOf(item)
    if (key !== undefined) {
      const left = (counts.get(key) ?? 0) - 1
      counts.set(key, left)
      return left >= 0
    }
    call.charge(1 + (composites.length >> 2))
    const at = composites.findIndex((other) => Operators.equal(item, other, (steps) => call.charge(steps)))
    if (at !== -1) composites.splice(at, 1)
    return at !== -1
  })
}
