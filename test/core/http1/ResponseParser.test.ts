import { assert, describe, it } from "@effect/vitest"
import { ResponseParser } from "../../../src/core/http1/ResponseParser.ts"
import { bytesOf, read, type ReadOptions } from "../../support/http1.ts"

const head = (...lines: ReadonlyArray<string>) =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`

/** In one piece, cut in two at every place, and byte by byte; all must say the same. */
const everyWay = (text: string, options: ReadOptions = {}) => {
  const bytes = bytesOf(text)
  const whole = read(bytes, [], options)
  for (let at = 1; at < bytes.length; at++) assert.deepStrictEqual(read(bytes, [at], options), whole, `cut at ${at}`)
  assert.deepStrictEqual(read(bytes, Array.from(bytes, (_, at) => at), options), whole, "byte by byte")
  return whole
}

describe("ResponseParser", () => {
  const bodies: ReadonlyArray<
    readonly [because: string, text: string, body: string, keepAlive: boolean, options?: ReadOptions]
  > = [
    ["a body has the length that is announced", `${head("Content-Length: 5")}hello`, "hello", true],
    ["spaces around a value do not count", `${head("content-length: \t 5 \t")}hello`, "hello", true],
    ["a length of zero is a body of its own", head("Content-Length: 0"), "", true],
    ["chunks are put together", `${head("Transfer-Encoding: chunked")}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, "hello", true],
    ["CHUNKED is chunked", `${head("TRANSFER-ENCODING: CHUNKED")}A\r\n0123456789\r\n0\r\n\r\n`, "0123456789", true],
    ["sizes may begin with zeros", `${head("Transfer-Encoding: chunked")}0005\r\nhello\r\n00\r\n\r\n`, "hello", true],
    [
      "extensions and trailers mean nothing here",
      `${head("Transfer-Encoding: chunked")}5;a;b="1 2"\r\nhello\r\n0;c\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n`,
      "hello",
      true
    ],
    ["without a length the body ends with the connection", `${head()}hello`, "hello", false],
    ["204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", true],
    ["304 has no body, whatever its length says", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", true],
    ["HEAD has no body, whatever its length says", head("Content-Length: 5"), "", true, { headOnly: true }],
    ["HEAD has no chunks either", head("Transfer-Encoding: chunked"), "", true, { headOnly: true }],
    [
      "interim responses are passed over",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n${head("Content-Length: 2")}ok`,
      "ok",
      true
    ],
    [
      "the lengths of an interim response are not those of the final one",
      `HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n${head("Content-Length: 2")}ok`,
      "ok",
      true
    ],
    ["a reason is not needed", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok", true],
    ["a reason may be empty, or in any letters", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok", true],
    ["the server wants to close", `${head("Connection: close", "Content-Length: 2")}ok`, "ok", false],
    ["the wish stands in a list", `${head("Connection: foo ,\tClose", "Content-Length: 2")}ok`, "ok", false],
    ["closer is another word", `${head("Connection: closer", "Content-Length: 2")}ok`, "ok", true],
    ["HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", false],
    [
      "HTTP/1.0 stays when it says so",
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
      "ok",
      true
    ]
  ]
  for (const [because, text, body, keepAlive, options] of bodies) {
    it(`reads a response, however it is cut: ${because}`, () => {
      const { refusal, responses } = everyWay(text, options)

      assert.isUndefined(refusal)
      assert.deepInclude(responses[0], { body, keepAlive, complete: true })
    })
  }

  const refused: ReadonlyArray<readonly [because: string, text: string, refusal: RegExp, options?: ReadOptions]> = [
    ["two lengths", head("Content-Length: 5", "Content-Length: 6"), /two content-length/],
    ["two lengths, though equal", head("Content-Length: 5", "Content-Length: 5"), /two content-length/],
    ["a list of lengths", head("Content-Length: 5, 5"), /content-length is no number/],
    ["a negative length", head("Content-Length: -5"), /content-length is no number/],
    ["no length", head("Content-Length: "), /content-length is empty/],
    ["a length beyond exact numbers", head("Content-Length: 9007199254740993"), /content-length is too large/],
    [
      "chunks with a length",
      head("Content-Length: 5", "Transfer-Encoding: chunked"),
      /content-length and transfer-encoding/
    ],
    [
      "a length with chunks",
      head("Transfer-Encoding: chunked", "Content-Length: 5"),
      /content-length and transfer-encoding/
    ],
    ["an encoding that was not asked for", head("Transfer-Encoding: gzip, chunked"), /"gzip, chunked" is not chunked/],
    ["two encodings", head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), /two transfer-encoding/],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", /HTTP\/1.0 has no/],
    [
      "a bare line feed after the status",
      "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
      /line feed .*in the status line/
    ],
    ["a bare line feed after a header", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", /line feed .*in a header/],
    ["a bare line feed at the end", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", /line feed .*where a header begins/],
    ["a bare carriage return", head("X: a\rb"), /0x62 stands after a carriage return/],
    ["a folded header", head("X: a", " b"), /folded over two lines/],
    ["NUL in a value", head("X: a\0b"), /0x00 stands in a header/],
    ["DEL in a value", head("X: a\x7fb"), /0x7f stands in a header/],
    ["NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", /0x00 stands in the status line/],
    ["a space before the colon", head("X : a"), /0x20 stands in the name of a header/],
    ["a name that is empty", head(": a"), /0x3a stands where a header begins/],
    ["a line without a colon", head("X"), /0x0d stands in the name of a header/],
    ["another version", "HTTP/2.0 200 OK\r\n\r\n", /does not begin with "HTTP\/2"/],
    ["another version of HTTP/1", "HTTP/1.2 200 OK\r\n\r\n", /does not begin with/],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", /does not begin with "S"/],
    ["a line break before the response", `\r\n${head("Content-Length: 0")}`, /does not begin with "\\r"/],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", /does not begin with/],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", /does not begin with/],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n", /does not begin with/],
    ["a change of protocol", "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", /nobody asked for/],
    ["a chunk without a size", `${head("Transfer-Encoding: chunked")}\r\n`, /0x0d stands where the size/],
    ["a size that is no number", `${head("Transfer-Encoding: chunked")}5x\r\n`, /0x78 stands in the size/],
    ["a size with a sign", `${head("Transfer-Encoding: chunked")}-5\r\n`, /0x2d stands where the size/],
    ["a size with 0x", `${head("Transfer-Encoding: chunked")}0x5\r\n`, /0x78 stands in the size/],
    ["a space after a size", `${head("Transfer-Encoding: chunked")}5 \r\n`, /0x20 stands in the size/],
    ["a size beyond exact numbers", `${head("Transfer-Encoding: chunked")}20000000000001\r\n`, /a chunk is too large/],
    ["a bare line feed after a size", `${head("Transfer-Encoding: chunked")}5\nhello`, /line feed/],
    ["a bare line feed in an extension", `${head("Transfer-Encoding: chunked")}5;a\nhello`, /line feed/],
    [
      "a chunk that is longer than its size",
      `${head("Transfer-Encoding: chunked")}2\r\nhello\r\n`,
      /0x6c stands after a chunk/
    ],
    ["a bare line feed after a chunk", `${head("Transfer-Encoding: chunked")}2\r\nhe\n`, /line feed .*after a chunk/],
    ["a folded trailer", `${head("Transfer-Encoding: chunked")}0\r\nX: a\r\n b\r\n\r\n`, /folded/],
    ["NUL in a trailer", `${head("Transfer-Encoding: chunked")}0\r\nX: \0\r\n\r\n`, /0x00 stands in a header/],
    ["an end before the answer", "", /closed without an answer/],
    ["an end inside of the head", "HTTP/1.1 200 OK\r\nX", /closed inside of the head/],
    ["an end after an interim response", "HTTP/1.1 100 Continue\r\n\r\n", /closed without an answer/],
    ["an end inside of the body", `${head("Content-Length: 5")}he`, /closed 3 bytes before the end of the body/],
    ["an end inside of a chunk", `${head("Transfer-Encoding: chunked")}5\r\nhe`, /closed inside of the body/],
    ["an end before the last chunk", `${head("Transfer-Encoding: chunked")}2\r\nhe\r\n`, /closed inside of the body/],
    ["an end inside of the trailers", `${head("Transfer-Encoding: chunked")}0\r\nX`, /closed inside of the body/],
    ["a head above the bound", head("X: 0123456789"), /head is longer than 33 bytes/, { maxHeadBytes: 33 }],
    ["a head without end", `HTTP/1.1 200 ${"x".repeat(40)}`, /head is longer than 33 bytes/, { maxHeadBytes: 33 }],
    [
      "trailers above the bound",
      `${head("Transfer-Encoding: chunked")}0\r\n${"x".repeat(48)}`,
      /trailers are longer than 47/,
      { maxHeadBytes: 47 }
    ],
    ["extensions without end", `${head("Transfer-Encoding: chunked")}5;${"x".repeat(4_096)}`, /longer than 4096 bytes/]
  ]
  for (const [because, text, refusal, options] of refused) {
    it(`refuses, however it is cut: ${because}`, () => {
      assert.match(everyWay(text, options).refusal ?? "none", refusal)
    })
  }

  it("takes a head that is as long as the bound", () => {
    assert.isUndefined(everyWay(head("X: 0123456789", "Content-Length: 0"), { maxHeadBytes: 53 }).refusal)
  })

  it("reads one response at a time, and says where the next one begins", () => {
    const first = `${head("Content-Length: 2")}ok`
    const second = `${head("Transfer-Encoding: chunked")}3\r\nyes\r\n0\r\n\r\n`
    const seen: Array<string> = []
    const parser = new ResponseParser({
      onHead: (status) => seen.push(`${status}`),
      onBody: (buffer, start, end) => seen.push(String.fromCharCode(...buffer.subarray(start, end))),
      onEnd: () => seen.push("end")
    })
    const bytes = bytesOf(first + second)

    assert.strictEqual(parser.execute(bytes, 0, bytes.length), first.length)
    assert.deepStrictEqual(seen, ["200", "ok", "end"])
    assert.isTrue(parser.isIdle)
    assert.strictEqual(parser.execute(bytes, first.length, bytes.length), bytes.length)
    assert.deepStrictEqual(seen.slice(3), ["200", "yes", "end"])
    assert.deepStrictEqual(everyWay(first + second).responses.map(({ body }) => body), ["ok", "yes"])
  })

  it("gives headers by name and all of them, only while the head is told", () => {
    const text = head("ETag: \"1\"", "Set-Cookie: a=1", "set-cookie:  b=\xe9  ", "Empty:", "Content-Length: 2")
    let one: string | undefined
    let both: string | undefined
    let absent: string | undefined
    let bytes = 0
    const parser = new ResponseParser({
      onHead: (_status, parser) => {
        one = parser.header("etag")
        both = parser.header("set-cookie")
        absent = parser.header("etags")
        bytes = parser.headBytes
      },
      onBody: () => {},
      onEnd: () => {}
    })
    parser.execute(bytesOf(text), 0, text.length)

    assert.deepStrictEqual([one, both, absent, bytes], ["\"1\"", "a=1, b=\xe9", undefined, text.length])
    assert.isUndefined(parser.header("etag"))
    assert.deepStrictEqual(everyWay(`${text}ok`).responses[0]?.headers, [
      ["etag", "\"1\""],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=\xe9"],
      ["empty", ""],
      ["content-length", "2"]
    ])
  })
})
