import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as MessageBody from "../../../src/scenario/steps/MessageBody.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const notText = new Uint8Array([0xff, 0xfe])

describe("bodies of messages", () => {
  it.each<readonly [what: string, Value, body: string | Uint8Array, contentType: string]>([
    ["text", "hello", "hello", "text/plain"],
    ["a map", { id: 7 }, "{\"id\":7}", "application/json"],
    ["a big integer", [9007199254740993n], "[9007199254740993]", "application/json"],
    ["null", null, "null", "application/json"],
    ["bytes", notText, notText, "application/octet-stream"]
  ])("%s is sent with the content type that fits", (_, value, body, contentType) => {
    assert.deepEqual(MessageBody.write(value), { body, contentType })
    assert.strictEqual(MessageBody.write(value, "application/x-own").contentType, "application/x-own")
  })

  it.each<readonly [because: string, Uint8Array, string | undefined, MessageBody.As | undefined, Value]>([
    ["its content type says JSON", bytes("[9007199254740993]"), "application/json; charset=utf-8", undefined, [
      9007199254740993n
    ]],
    ["so does one with +json", bytes("{}"), "application/problem+json", undefined, {}],
    ["it is said to be JSON and is none", bytes("{"), "application/json", undefined, "{"],
    ["nothing says JSON", bytes("[1]"), undefined, undefined, "[1]"],
    ["it is no text", notText, "text/plain", undefined, notText],
    ["JSON is wanted", bytes("[1]"), "text/plain", "json", [1]],
    ["text is wanted", bytes("[1]"), "application/json", "text", "[1]"],
    ["bytes are wanted", bytes("[1]"), "application/json", "bytes", bytes("[1]")]
  ])("is read so because %s", (_, body, contentType, as, expected) => {
    const read = Result.getOrThrow(MessageBody.read(body, contentType, as))

    assert.strictEqual(JSON.stringify(read, withDigits), JSON.stringify(expected, withDigits))
  })

  it("what is wanted and is not so fails", () => {
    assert.isTrue(Result.isFailure(MessageBody.read(bytes("{"), undefined, "json")))
    assert.isTrue(Result.isFailure(MessageBody.read(notText, undefined, "text")))
  })
})

const withDigits = (_key: string, value: unknown) => typeof value === "bigint" ? String(value) : value
