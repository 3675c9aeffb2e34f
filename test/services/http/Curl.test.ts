import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as fc from "fast-check"
import { parse } from "shell-quote"
import * as Curl from "../../../src/services/http/Curl.ts"
import { prepare, type Request } from "../../../src/services/http/Request.ts"

const line = (request: Request, connection = {}, maxRedirects = 0, cookies?: string) =>
  Curl.line(request, Result.getOrThrow(prepare(request, "b")), { maxRedirects, connection, cookies })
const url = "http://a.test/"

describe("Curl", () => {
  it("a quoted text is one word of the shell, unchanged", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }).filter((text) => !text.includes("\0")), (text) => {
      assert.deepEqual(parse(`echo ${Curl.shellQuote(text)}`), ["echo", text])
    }))
  })

  it("each request has its own options", () => {
    const file = {
      _tag: "File",
      name: "f",
      filename: "a\"b.txt",
      type: "text/plain",
      bytes: new Uint8Array(1)
    } as const
    const rows: ReadonlyArray<readonly [string, string]> = [
      [line({ url }), "curl --compressed http://a.test/"],
      [line({ url }, {}, 5), "curl --location --max-redirs 5 --compressed http://a.test/"],
      [line({ url, method: "head" }), "curl --head --compressed http://a.test/"],
      [line({ url, method: "POST" }), "curl --request POST --compressed http://a.test/"],
      [
        line({ url, method: "POST", body: { _tag: "Text", text: "@x" }, headers: { "content-type": "a/b" } }),
        "curl --compressed --header 'content-type: a/b' --data-raw @x http://a.test/"
      ],
      [
        line({ url, method: "PUT", body: { _tag: "Bytes", bytes: new Uint8Array([255]) } }),
        "printf %s /w== | base64 -d | curl --request PUT --compressed --header 'content-type: application/octet-stream' --data-binary @- http://a.test/"
      ],
      [
        line({
          url,
          method: "POST",
          body: { _tag: "Multipart", parts: [{ _tag: "Field", name: "a", value: "@b" }, file] }
        }),
        "curl --compressed --form-string a=@b -F 'f=@\"a\\\"b.txt\";type=text/plain' http://a.test/"
      ],
      [
        line({ url, auth: { _tag: "Bearer", token: Redacted.make("t") } }),
        "curl --compressed --header 'authorization: Bearer t' http://a.test/"
      ],
      [
        line({ url, cookies: { a: "1" } }, {}, 0, "b=2"),
        "curl --compressed --header 'cookie: a=1; b=2' http://a.test/"
      ],
      [
        line({ url }, { insecure: true, ca: "PEM", certificate: "PEM", key: Redacted.make("PEM"), proxy: false }),
        "curl --insecure --cacert ca.pem --cert cert.pem --key key.pem --noproxy '*' --compressed http://a.test/"
      ],
      [line({ url }, { proxy: Redacted.make("http://p:1") }), "curl --proxy http://p:1 --compressed http://a.test/"]
    ]
    for (const [actual, expected] of rows) assert.strictEqual(actual, expected)
  })

  it("a body too long for a line is left to a file", () => {
    assert.include(
      line({ url, method: "POST", body: { _tag: "Text", text: "x".repeat(70_000) } }),
      "--data-binary @body"
    )
  })
})
