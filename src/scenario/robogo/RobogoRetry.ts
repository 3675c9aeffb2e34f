/** Reads `retry` of Robogo's files, which speaks of kinds of error, of statuses and of conditions. */
import { Duration } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import { makeRetry } from "../read/NativeStep.ts"
import type * as Node from "../read/Node.ts"
import * as Reader from "../read/Reader.ts"
import type { Retry } from "../Scenario.ts"
import * as RobogoReader from "./RobogoReader.ts"

const { optional } = Reader
const { condition, duration, fields, flag, int, soft, words } = RobogoReader

const backoffs = ["fixed", "linear", "exponential"] as const

const retryFields = {
  attempts: optional(int(0), "Tries in all"),
  delay: optional(duration(Duration.seconds(1)), "Wait between tries"),
  backoff: optional(soft(Reader.oneOf(backoffs)), "How the wait grows"),
  max_delay: optional(duration(Duration.seconds(30)), "The longest wait"),
  jitter: optional(flag, "Vary the wait"),
  stop_on_success: optional(flag, "A step that passed is not tried again, even when retry_if holds"),
  retry_if: optional(condition, "Condition, asked after every try"),
  retry_on: optional(words, "Kinds of error"),
  conditions: optional(words, "Kinds of error, or of status")
}

/** That tool's words for `retry.on`. Its HTTP errors are requests without an answer: a status is none. */
const retryWords: Readonly<Record<string, ReadonlyArray<string>>> = {
  all: ["any", "failed"],
  http_error: ["connection", "timeout", "unavailable"],
  connection_error: ["connection", "unavailable"],
  assertion_failed: ["failed"],
  rate_limit: ["429"],
  "4xx": ["429"],
  "5xx": ["5xx"],
  timeout: ["timeout"]
}

const retryWord = (word: string, node: Node.Node, notes: Reader.Notes): ReadonlyArray<string> => {
  if (Object.hasOwn(retryWords, word)) return retryWords[word]!
  if (/^[1-5]\d\d$/.test(word)) return [word]
  const close = suggest(word, Object.keys(retryWords))
  const hint = close === undefined ? `known: ${Object.keys(retryWords).join(", ")}` : `did you mean ${close}?`
  Reader.warn(notes, "unknown-word", `retry does not know ${JSON.stringify(word)}: it is left out`, node.span, hint)
  return []
}

/** A number of attempts is taken too. */
export const retry: Reader.Reader<Retry> = Reader.byKind<Retry, Retry>({
  expected: "a map with attempts",
  scalar: Reader.map(int(1), (attempts) => makeRetry({ attempts, on: retryWords["all"] })),
  map: Reader.map(fields("retry", retryFields), (read, node, notes) => {
    if (read.attempts === 0) {
      const message = "attempts: 0 would leave the step out of every result; it is tried once"
      Reader.warn(notes, "zero-attempts", message, read.span, "use skip: true to leave a step out")
    }
    const given = [...read.retry_on ?? [], ...read.conditions ?? []]
    return {
      ...makeRetry({
        attempts: Math.max(1, read.attempts ?? 1),
        delay: read.delay,
        backoff: read.backoff,
        maxDelay: read.max_delay,
        jitter: read.jitter,
        on: given.length === 0 ? retryWords["all"] : given.flatMap((word) => retryWord(word, node, notes)),
        if: read.retry_if
      }),
      polls: read.stop_on_success !== true
    }
  })
})
