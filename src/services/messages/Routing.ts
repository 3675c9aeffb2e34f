/**
 * Where a message goes: which bindings take a key, and which queues it reaches through exchanges, as RabbitMQ does it. Pure;
 * the embedded broker routes by it and `Topology` checks by it.
 */
import { isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type { Binding, Exchange, Route } from "../MessageBroker.ts"

/** An exchange with the bindings that begin at it. */
export interface Source extends Pick<Exchange, "type" | "alternateExchange"> {
  readonly bindings: ReadonlyArray<Binding>
}

/** Exchanges that every broker has. */
export const predeclared: ReadonlyMap<string, Exchange["type"]> = new Map([
  ["amq.direct", "direct"],
  ["amq.topic", "topic"],
  ["amq.fanout", "fanout"],
  ["amq.headers", "headers"],
  ["amq.match", "headers"]
])

/**
 * Names the queues that a message reaches, each once. Follows bindings between exchanges, cycles too, and the alternate exchange
 * of each exchange where no binding takes it. An exchange that is not there leads nowhere; the queues may not be there either.
 */
export const queuesOf = (source: (exchange: string) => Source | undefined, route: Route): ReadonlySet<string> => {
  const queues = new Set<string>()
  const seen = new Set<string>()
  const open = [route.exchange]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    if (name === "") queues.add(route.routingKey)
    const exchange = source(name)
    if (exchange === undefined) continue
    const taken = exchange.bindings.filter((binding) => takes(exchange.type, binding, route))
    for (const { queue, toExchange } of taken) {
      if (queue !== undefined) queues.add(queue)
      if (toExchange !== undefined) open.push(toExchange)
    }
    if (taken.length === 0 && exchange.alternateExchange !== undefined) open.push(exchange.alternateExchange)
  }
  return queues
}

/** Whether a binding at an exchange of this type takes a message. */
export const takes = (
  type: Exchange["type"],
  { arguments: wanted = {}, routingKey = "" }: Pick<Binding, "routingKey" | "arguments">,
  route: Pick<Route, "routingKey" | "headers">
): boolean => {
  switch (type) {
    case "fanout":
      return true
    case "direct":
      return routingKey === route.routingKey
    case "topic":
      return topicTakes(routingKey, route.routingKey)
    case "headers":
      return headersTake(wanted, route.headers ?? {})
  }
}

/** Words between dots; the empty key has none. */
export const wordsOf = (key: string): ReadonlyArray<string> => key === "" ? [] : key.split(".")

/** `*` is any one word, also an empty one; `#` any number of words. */
export const topicTakes = (pattern: string, key: string): boolean => {
  const wanted = wordsOf(pattern)
  const words = wordsOf(key)
  // Where to go on when words do not fit: after the last "#", which then swallows one word more. Linear for one "#".
  let at = 0
  let word = 0
  let hash = -1
  let swallowed = 0
  while (word < words.length) {
    if (wanted[at] === "#") {
      hash = at++
      swallowed = word
    } else if (at < wanted.length && (wanted[at] === "*" || wanted[at] === words[word])) {
      at++
      word++
    } else if (hash >= 0) {
      at = hash + 1
      word = ++swallowed
    } else {
      return false
    }
  }
  while (wanted[at] === "#") at++
  return at === wanted.length
}

/** Words of `x-match`; the two `-with-x` ones also look at headers that begin with `x-`. */
export const matchWords: ReadonlyArray<string> = ["all", "any", "all-with-x", "any-with-x"]

/** A wanted header of null is there with any value. Nothing wanted: `all` takes every message, `any` none. */
const headersTake = (wanted: ValueRecord, headers: ValueRecord): boolean => {
  const match = wanted["x-match"] ?? "all"
  const withX = match === "all-with-x" || match === "any-with-x"
  const fits = ([name, value]: readonly [string, Value]): boolean =>
    Object.hasOwn(headers, name) && (value === null || same(value, headers[name]!))
  const fields = Object.entries(wanted).filter(([name]) => name !== "x-match" && (withX || !name.startsWith("x-")))
  return match === "any" || match === "any-with-x" ? fields.some(fits) : fields.every(fits)
}

/** Equal as AMQP data: numbers by their worth, whatever holds them. */
export const same = (one: Value, two: Value): boolean => {
  if (typeof one === "bigint" || typeof two === "bigint") return isNumber(one) && isNumber(two) && one == two
  if (one instanceof Uint8Array || two instanceof Uint8Array) {
    return one instanceof Uint8Array && two instanceof Uint8Array && one.length === two.length &&
      one.every((byte, index) => byte === two[index])
  }
  if (Array.isArray(one) || Array.isArray(two)) {
    return Array.isArray(one) && Array.isArray(two) && one.length === two.length &&
      one.every((item: Value, index) => same(item, two[index] as Value))
  }
  if (isRecord(one) && isRecord(two)) {
    const names = Object.keys(one)
    return names.length === Object.keys(two).length &&
      names.every((name) => Object.hasOwn(two, name) && same(one[name]!, two[name]!))
  }
  return one === two
}

const isNumber = (value: Value): boolean => typeof value === "number" || typeof value === "bigint"
