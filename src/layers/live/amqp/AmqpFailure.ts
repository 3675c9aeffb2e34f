/** What the broker and the driver say when something fails, in our words. The one place that makes a `BrokerError` of it. */
import { Predicate } from "effect"
import { BrokerError } from "../../../services/MessageBroker.ts"

type Reason = BrokerError["reason"]

export interface Attempted {
  /** The broker, as it may be shown. */
  readonly shown: string
  /** `declare the queue "orders"`, `connect`, ... */
  readonly what: string
  readonly messageId?: string | undefined
}

/** By the number that AMQP gives to each kind of refusal; 403 and 406 also depend on what was tried. */
const byCode: Readonly<Record<number, Reason>> = {
  320: "Connection",
  403: "Authentication",
  404: "Missing",
  405: "Refused",
  406: "Refused",
  530: "Authentication"
}

/** Makes an error of what the driver threw or emitted. A lost connection is told by the absence of a number. */
export const fromDriver = (error: unknown, { messageId, shown, what }: Attempted): BrokerError => {
  const text = Predicate.hasProperty(error, "message") ? String(error.message) : String(error)
  const code = codeOf(error, text)
  const said = saidIn(text)
  const reason = reasonOf(error, code, said)
  const hint = hintOf(reason, code, said)
  return new BrokerError({
    reason,
    message: `${tried(what, shown)}: ${said}`,
    ...code === undefined ? {} : { code },
    ...hint === undefined ? {} : { hint },
    ...messageId === undefined ? {} : { messageId }
  })
}

/** An error that is ours alone. */
export const failure = (
  reason: Reason,
  { messageId, shown, what }: Attempted,
  problem: string,
  hint?: string
): BrokerError =>
  new BrokerError({
    reason,
    message: `${tried(what, shown)}: ${problem}`,
    ...hint === undefined ? {} : { hint },
    ...messageId === undefined ? {} : { messageId }
  })

const tried = (what: string, shown: string): string => `cannot ${what} ${what === "connect" ? "to" : "on"} ${shown}`

/** The driver throws these at what AMQP has no room or type for. */
export const isUnwritable = (error: unknown): boolean => error instanceof RangeError || error instanceof TypeError

/** The number of a refusal by the broker; during the login the driver has it only in its text. */
const codeOf = (error: unknown, text: string): number | undefined => {
  if (Predicate.hasProperty(error, "code") && typeof error.code === "number") return error.code
  const inText = /\b([3-5]\d\d) \([A-Z-]+\) with message/.exec(text)?.[1]
  return inText === undefined ? undefined : Number(inText)
}

/** The broker's own words, out of the driver's sentence about them. */
const saidIn = (text: string): string => {
  if (text.startsWith("Expected ConnectionOpenOk")) return "the virtual host was refused"
  return /with message "(.*)"$/s.exec(text)?.[1] ?? text
}

const reasonOf = (error: unknown, code: number | undefined, said: string): Reason => {
  if (code === undefined) {
    if (said === "the virtual host was refused") return "Authentication"
    if (said.includes("ETIMEDOUT")) return "Timeout"
    return isUnwritable(error) ? "Invalid" : "Connection"
  }
  if (code === 403 && !/refused for user|login was refused/i.test(said)) return "Refused"
  if (code === 406 && said.includes("inequivalent arg")) return "Mismatch"
  if (code === 406 && said.includes("invalid arg")) return "Invalid"
  return byCode[code] ?? "Refused"
}

const hintOf = (reason: Reason, code: number | undefined, said: string): string | undefined => {
  if (said.includes("ECONNREFUSED")) return "is the broker running, and is the port right?"
  if (said.includes("delivery acknowledgement")) return "acknowledge sooner, or raise consumer_timeout of the broker"
  if (reason === "Mismatch") return "declare it with the properties that it has, or delete it first"
  if (reason === "Authentication") return "check user, password, virtual host and permissions"
  if (code === 405) return "another connection has the queue for itself"
  return undefined
}
