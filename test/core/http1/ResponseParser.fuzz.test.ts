/**
 * The parser against llhttp, the one of Node and undici, on random responses, sound and broken: cut at every place it finds the
 * same as in one piece; where both take an input they find the same; and where they differ, it is on purpose.
 */
import { assert, describe, it } from "@effect/vitest"
import { bytesOf, read, type ReadOptions, type Response } from "../../support/http1.ts"
import { broken, random, sound } from "../../support/http1Inputs.ts"
import * as Llhttp from "../../support/llhttp.ts"
import { hoursOfSoak, seeds } from "../../support/seeds.ts"

/** Inputs that one seed makes. */
const inputsOfSeed = 50

/** What llhttp takes and we refuse. */
const stricter: ReadonlyArray<readonly [because: string, refusal: RegExp]> = [
  ["an empty line before a response, another version, a status below 100", /does not begin with/],
  ["control characters in a reason", /stands in the status line|stands after a carriage return/],
  ["HTTP/1.0 has no chunks (RFC 9112, 6.1)", /HTTP\/1\.0 has no transfer-encoding/],
  ["an encoding that was not asked for", /is not chunked/],
  ["two encodings, which are a chain", /two transfer-encoding/],
  ["the protocol is never changed", /nobody asked for/],
  ["numbers are exact", /too large/],
  ["heads are bounded", /longer than/],
  ["a connection that is closed is no answer", /closed without an answer/]
]

/** Where llhttp departs from RFC 9112, so that the two are not compared. */
const departures: ReadonlyArray<readonly [because: string, text: RegExp, error?: string]> = [
  ["a tab after a value is part of the value", /:[^\r\n]*\t[ \t]*\r/],
  [
    "the connection ends with an interim response that says close",
    /HTTP\/1\.[01] 1[^\r\n]*\r\n([^\r\n]+\r\n)*?connection:/i
  ],
  ["the connection ends with an interim response of HTTP/1.0", /HTTP\/1\.0 1[^\r\n]*\r\n/],
  [
    "HTTP/1.0 with keep-alive and close is kept",
    /HTTP\/1\.0 [^\r\n]*\r\n(?=([^\r\n]+\r\n)*?connection:[^\r\n]*keep-alive)(?=([^\r\n]+\r\n)*?connection:[^\r\n]*close)/i
  ],
  ["trailers frame", /\r\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*?(connection|content-length|transfer-encoding):/i],
  ["quotes of extensions are counted", /\n[0-9a-f]+;/i, "HPE_STRICT"]
]

describe("ResponseParser against llhttp", () => {
  it("finds what llhttp finds, however the bytes are cut", { timeout: 4_000_000 }, () => {
    const until = performance.now() + hoursOfSoak(1)
    const counts = { inputs: 0, executions: 0, taken: 0, refused: 0, stricter: 0 }
    let seed = 1
    for (; seed <= seeds(1_000) || performance.now() < until; seed++) {
      const source = random(seed)
      for (let input = 0; input < inputsOfSeed; input++) {
        const options: ReadOptions = {
          headOnly: source.chance(0.1),
          untilClose: true,
          ...(input % 10 === 9 ? { maxHeadBytes: 50 } : {})
        }
        const text = sound(source, options.headOnly === true)
        compare(source.chance(0.3) ? text : broken(source, text), options, counts, `seed ${seed}, input ${input}`)
      }
    }
    console.log(`seeds 1 to ${seed - 1}: ${JSON.stringify(counts)}`)
    assert.isAbove(Math.min(counts.taken, counts.refused), counts.inputs / 5)
  })
})

const compare = (
  text: string,
  options: ReadOptions,
  counts: { inputs: number; executions: number; taken: number; refused: number; stricter: number },
  place: string
): void => {
  const at = `${place}: ${JSON.stringify(text)} ${JSON.stringify(options)}`
  const bytes = bytesOf(text)
  const whole = read(bytes, [], options)
  for (let cut = 1; cut < bytes.length; cut++) same(read(bytes, [cut], options), whole, `${at} cut at ${cut}`)
  same(read(bytes, Array.from(bytes, (_, cut) => cut), options), whole, `${at} byte by byte`)
  counts.inputs++
  counts.executions += bytes.length + 1

  const theirs = Llhttp.read(bytes, options)
  if (departures.some(([, found, error = theirs.error]) => found.test(text) && error === theirs.error)) return
  const refused = theirs.error !== undefined && theirs.error !== "HPE_CLOSED_CONNECTION"
  if (whole.refusal === undefined) {
    counts.taken++
    assert.isFalse(refused, `llhttp says ${theirs.error}: ${at}`)
    same(whole.responses, theirs.responses, at)
  } else {
    counts.refused++
    if (!refused) {
      counts.stricter++
      assert.isTrue(
        stricter.some(([, refusal]) => refusal.test(whole.refusal ?? "")),
        `llhttp takes what is refused: ${whole.refusal} ${at}`
      )
    }
    const ours = whole.responses.filter(isComplete)
    same(ours, theirs.responses.filter(isComplete).slice(0, ours.length), at)
  }
}

const isComplete = ({ complete }: Response): boolean => complete

/** Cheaper than an assertion that always builds its message. */
const same = (found: unknown, expected: unknown, at: string): void => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) assert.deepStrictEqual(found, expected, at)
}
