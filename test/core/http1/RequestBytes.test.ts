import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as RequestBytes from "../../../src/core/http1/RequestBytes.ts"

const request = { method: "GET", target: "/items?page=2", host: "shop.test:8080" }
const text = (request: RequestBytes.Request) => new TextDecoder().decode(Result.getOrThrow(RequestBytes.make(request)))

describe("RequestBytes", () => {
  const rows: ReadonlyArray<readonly [because: string, request: Partial<RequestBytes.Request>, bytes: string]> = [
    ["a request without a body has no length", {}, "GET /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\n\r\n"],
    [
      "headers keep their order and may come twice",
      { headers: [["X", "1"], ["x", "2"]] },
      "GET /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\nX: 1\r\nx: 2\r\n\r\n"
    ],
    [
      "another host stands in place of the address",
      { headers: [["Host", "a"]] },
      "GET /items?page=2 HTTP/1.1\r\nHost: a\r\n\r\n"
    ],
    [
      "the length is in bytes",
      { method: "POST", body: "é" },
      "POST /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\ncontent-length: 2\r\n\r\né"
    ],
    [
      "bytes are sent as they are",
      { method: "PUT", body: new Uint8Array([13, 10]) },
      "PUT /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\ncontent-length: 2\r\n\r\n\r\n"
    ],
    [
      "POST without a body says so",
      { method: "POST" },
      "POST /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\ncontent-length: 0\r\n\r\n"
    ],
    [
      "values are UTF-8",
      { headers: [["X", "é\t"]] },
      "GET /items?page=2 HTTP/1.1\r\nhost: shop.test:8080\r\nX: é\t\r\n\r\n"
    ]
  ]
  for (const [because, changes, bytes] of rows) {
    it(`makes the bytes of a request: ${because}`, () => assert.strictEqual(text({ ...request, ...changes }), bytes))
  }

  const wrong: ReadonlyArray<readonly [because: string, request: Partial<RequestBytes.Request>, problem: RegExp]> = [
    ["a line break in a value", { headers: [["X", "a\r\nY: b"]] }, /header X has a line break/],
    ["a bare line feed in a value", { headers: [["X", "a\nb"]] }, /header X has a line break/],
    ["a bare carriage return in a value", { headers: [["X", "a\rb"]] }, /header X has a line break/],
    ["NUL in a value", { headers: [["X", "a\0"]] }, /header X has a line break or a control/],
    ["a line break in a name", { headers: [["X\r\nY", "a"]] }, /"X\\r\\nY" is not one word/],
    ["a colon in a name", { headers: [["X:", "a"]] }, /"X:" is not one word/],
    ["an empty name", { headers: [["", "a"]] }, /"" is not one word/],
    ["a line break in the target", { target: "/\r\nX: a" }, /target .* percent-encoded/],
    ["a space in the target", { target: "/ HTTP/1.1" }, /target .* percent-encoded/],
    ["letters beyond ASCII in the target", { target: "/é" }, /target .* percent-encoded/],
    ["letters that would be cut to a line break", { target: "/\u010a" }, /target .* percent-encoded/],
    ["no target", { target: "" }, /target/],
    ["a line break in the host", { host: "a\r\nb" }, /host .* is none/],
    ["a space in the method", { method: "GET /" }, /method .* is not one word/],
    ["a length that may be another", { headers: [["Content-Length", "3"]] }, /Content-Length is written by/],
    ["chunks that are none", { headers: [["transfer-encoding", "chunked"]] }, /transfer-encoding is written by/]
  ]
  for (const [because, changes, problem] of wrong) {
    it(`R12 refuses ${because}`, () => {
      const made = RequestBytes.make({ ...request, ...changes })
      assert.match(Result.isFailure(made) ? made.failure.join() : "made", problem)
    })
  }

  it("tells everything that is wrong, and no value of a header", () => {
    const made = RequestBytes.make({ method: "", target: "", host: "a", headers: [["a b", ""], ["X", "secret\n"]] })
    assert.strictEqual(Result.isFailure(made) ? made.failure.length : 0, 4)
    assert.notInclude(Result.isFailure(made) ? made.failure.join() : "secret", "secret")
  })

  it("makes the same bytes for many requests as for each of them, and refuses the same targets", () => {
    for (const [because, changes] of rows) {
      const { body, target, ...common } = { ...request, ...changes }
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
      const many = Result.getOrThrow(RequestBytes.makeMany(common))

      assert.deepStrictEqual(
        many(target, bytes),
        RequestBytes.make({ ...common, target, ...(bytes === undefined ? {} : { body: bytes }) }),
        because
      )
      assert.deepStrictEqual(many("/\r\nX: a"), RequestBytes.make({ ...common, target: "/\r\nX: a" }), because)
    }
    assert.isTrue(Result.isFailure(RequestBytes.makeMany({ method: "", host: "a" })))
  })
})
