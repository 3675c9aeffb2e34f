/** Checks a topology before a broker sees it: names, settings, references, and that every key that will be published is taken. */
import { hint as didYouMean, suggest } from "../../core/DidYouMean.ts"
import type { Value } from "../../core/Value.ts"
import { type Binding, BrokerError, type Queue, type Route, type Topology } from "../MessageBroker.ts"
import * as Arguments from "./QueueArguments.ts"
import * as Routing from "./Routing.ts"

/** One thing that is wrong with a topology. */
export interface Problem {
  /** Where, such as `bindings[2]`. */
  readonly place: string
  /**
   * - `Invalid` no broker takes it
   * - `Unknown` it names an exchange or a queue that the topology does not declare; a broker may have it
   * - `Unroutable` no binding takes a key that will be published
   */
  readonly kind: "Invalid" | "Unknown" | "Unroutable"
  readonly message: string
  readonly hint?: string | undefined
}

/** Finds every problem, in the order exchanges, queues, bindings, publishes. */
export const check = (topology: Topology): ReadonlyArray<Problem> => [
  ...(topology.exchanges ?? []).flatMap((exchange, index) =>
    at(`exchanges[${index}]`, [
      ...nameProblems("exchange", exchange.name),
      ...twice("exchange", topology.exchanges ?? [], index),
      ...unknownExchange(topology, exchange.alternateExchange)
    ])
  ),
  ...(topology.queues ?? []).flatMap((queue, index) =>
    at(`queues[${index}]`, [
      ...nameProblems("queue", queue.name),
      ...twice("queue", topology.queues ?? [], index),
      ...settingProblems(queue),
      ...unknownExchange(topology, queue.deadLetterExchange)
    ])
  ),
  ...(topology.bindings ?? []).flatMap((binding, index) =>
    at(`bindings[${index}]`, bindingProblems(topology, binding))
  ),
  ...(topology.publishes ?? []).flatMap((route, index) => at(`publishes[${index}]`, routeProblems(topology, route)))
]

/**
 * What `declare` fails with before it asks a broker: `Invalid`, or `Unroutable` when keys without a route are all that is wrong,
 * with every problem in it. References to what the broker may have are not judged here.
 */
export const refusal = (topology: Topology): BrokerError | undefined => {
  const problems = check(topology).filter(({ kind }) => kind !== "Unknown")
  if (problems.length === 0) return undefined
  const hint = problems.length === 1 ? problems[0]!.hint : undefined
  return new BrokerError({
    reason: problems.some(({ kind }) => kind === "Invalid") ? "Invalid" : "Unroutable",
    message: problems.length === 1
      ? `the topology is wrong: ${shown(problems[0]!, false)}`
      : `the topology has ${problems.length} problems:${
        problems.map((problem) => `\n- ${shown(problem, true)}`).join("")
      }`,
    ...hint === undefined ? {} : { hint }
  })
}

const shown = ({ hint, message, place }: Problem, withHint: boolean): string =>
  `${place}: ${message}${withHint && hint !== undefined ? ` (${hint})` : ""}`

type Found = Omit<Problem, "place">

const at = (place: string, found: ReadonlyArray<Found>): ReadonlyArray<Problem> =>
  found.map((problem) => ({ place, ...problem }))

const invalid = (message: string, hint?: string): Found => ({ kind: "Invalid", message, hint })

const nameProblems = (what: string, name: string): ReadonlyArray<Found> => {
  if (name === "") return [invalid(`the ${what} has no name`)]
  if (name.startsWith("amq.")) return [invalid(`the ${what} "${name}" begins with "amq.", which is the broker's own`)]
  const bytes = new TextEncoder().encode(name).length
  return bytes > 255
    ? [invalid(`the name of the ${what} "${name.slice(0, 40)}..." has ${bytes} bytes, at most 255 go`)]
    : []
}

const twice = (what: string, all: ReadonlyArray<{ readonly name: string }>, index: number): ReadonlyArray<Found> => {
  const { name } = all[index]!
  return all.findIndex((other) => other.name === name) < index
    ? [invalid(`the ${what} "${name}" is declared twice`)]
    : []
}

const unknownExchange = (topology: Topology, name: string | undefined): ReadonlyArray<Found> => {
  const known = (topology.exchanges ?? []).map((exchange) => exchange.name)
  return name === undefined || name === "" || Routing.predeclared.has(name) || known.includes(name)
    ? []
    : [{ kind: "Unknown", message: `no exchange "${name}" is declared`, hint: didYouMean(name, known) }]
}

const unknownQueue = (topology: Topology, name: string | undefined): ReadonlyArray<Found> => {
  const known = (topology.queues ?? []).map((queue) => queue.name)
  return name === undefined || known.includes(name)
    ? []
    : [{ kind: "Unknown", message: `no queue "${name}" is declared`, hint: didYouMean(name, known) }]
}

/** Least and most of the arguments that are whole numbers. */
const limits: ReadonlyArray<readonly [argument: string, setting: string, least: number, most: number]> = [
  ["x-message-ttl", "messageTtl", 0, 4294967295],
  ["x-expires", "expires", 1, 4294967295],
  ["x-max-length", "maxLength", 0, Number.MAX_SAFE_INTEGER],
  ["x-max-length-bytes", "maxBytes", 0, Number.MAX_SAFE_INTEGER],
  ["x-max-priority", "maxPriority", 0, 255]
]

const overflows: ReadonlyArray<Value> = ["drop-head", "reject-publish", "reject-publish-dlx"]

const settingProblems = (queue: Queue): ReadonlyArray<Found> => {
  const settings = Arguments.ofQueue(queue)
  const overflow = settings["x-overflow"]
  return [
    ...limits.flatMap(([argument, setting, least, most]) => {
      const value = settings[argument]
      if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most)) {
        return []
      }
      return [
        invalid(
          `${setting} (${argument}) of the queue "${queue.name}" is ${String(value)}, not from ${least} to ${most}`
        )
      ]
    }),
    ...overflow === undefined || overflows.includes(overflow)
      ? []
      : [invalid(`overflow of the queue "${queue.name}" is none of ${overflows.join(", ")}`)],
    ...settings["x-dead-letter-routing-key"] !== undefined && settings["x-dead-letter-exchange"] === undefined
      ? [invalid(`the queue "${queue.name}" has a deadLetterRoutingKey and no deadLetterExchange`)]
      : []
  ]
}

const bindingProblems = (topology: Topology, binding: Binding): ReadonlyArray<Found> => {
  const match = binding.arguments?.["x-match"]
  return [
    ...(binding.queue === undefined) === (binding.toExchange === undefined)
      ? [
        invalid(
          `a binding leads to a queue or to an exchange; this one has ${binding.queue === undefined ? "none" : "both"}`
        )
      ]
      : [],
    ...binding.exchange === "" || binding.toExchange === ""
      ? [invalid("the default exchange takes no bindings: a key that is a queue's name leads there")]
      : [],
    ...match === undefined || (typeof match === "string" && Routing.matchWords.includes(match))
      ? []
      : [invalid(`x-match is none of ${Routing.matchWords.join(", ")}`)],
    ...unknownExchange(topology, binding.exchange),
    ...unknownExchange(topology, binding.toExchange),
    ...unknownQueue(topology, binding.queue)
  ]
}

const routeProblems = (topology: Topology, route: Route): ReadonlyArray<Found> => {
  const { exchange, routingKey } = route
  if (exchange === "") {
    const names = (topology.queues ?? []).map(({ name }) => name)
    return names.includes(routingKey) ? [] : [{
      kind: "Unroutable",
      message: `the default exchange leads to no queue "${routingKey}"`,
      hint: didYouMean(routingKey, names)
    }]
  }
  const unknown = unknownExchange(topology, exchange)
  if (unknown.length > 0) return unknown.map((found) => ({ ...found, kind: "Unroutable" }))
  const declared = (topology.exchanges ?? []).find(({ name }) => name === exchange)
  if (declared?.internal === true) return [invalid(`the exchange "${exchange}" is internal: nobody may publish to it`)]
  if (reaches(topology, route)) return []
  return [{
    kind: "Unroutable",
    message: `no binding of the exchange "${exchange}" takes the key "${routingKey}"`,
    hint: closeBinding(topology, route)
  }]
}

const reaches = (topology: Topology, route: Route): boolean => {
  const bindings = Map.groupBy(topology.bindings ?? [], ({ exchange }) => exchange)
  const exchanges = new Map((topology.exchanges ?? []).map((exchange) => [exchange.name, exchange]))
  const source = (name: string): Routing.Source | undefined => {
    const type = exchanges.get(name)?.type ?? Routing.predeclared.get(name)
    return type &&
      { type, alternateExchange: exchanges.get(name)?.alternateExchange, bindings: bindings.get(name) ?? [] }
  }
  return Routing.queuesOf(source, route).size > 0
}

/** The binding that would take the key if one of its words were spelled otherwise. */
const closeBinding = (topology: Topology, { exchange, routingKey }: Route): string | undefined => {
  const words = Routing.wordsOf(routingKey)
  for (const binding of (topology.bindings ?? []).filter((one) => one.exchange === exchange)) {
    const pattern = Routing.wordsOf(binding.routingKey ?? "")
    for (const [index, word] of pattern.entries()) {
      const instead = words[index]
      if (instead === undefined || word === "#") break
      if (word === "*" || suggest(word, [instead]) === undefined) continue
      const mended = pattern.with(index, instead).join(".")
      if (Routing.topicTakes(mended, routingKey)) {
        const to = binding.queue === undefined ? `exchange "${binding.toExchange}"` : `queue "${binding.queue}"`
        return `did you mean the binding "${binding.routingKey}" of ${to} to be "${mended}"?`
      }
    }
  }
  return undefined
}
