import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Redirects from "../../../src/services/http/Redirects.ts"

const sent = (method: string, url: string) => ({
  method,
  url: new URL(url),
  headers: { "content-type": "text/plain", host: "a.test", "x-token": "t", "x-other": "o" },
  body: method === "GET" || method === "HEAD" ? undefined : new Uint8Array(1)
})

describe("Redirects", () => {
  it("the method and body follow RFC 9110", () => {
    const rows = [
      { status: 301, method: "POST", becomes: "GET", because: "as all browsers do" },
      { status: 302, method: "POST", becomes: "GET", because: "as all browsers do" },
      { status: 301, method: "PUT", becomes: "PUT", because: "only POST changes" },
      { status: 303, method: "PUT", becomes: "GET", because: "see other is a look at another resource" },
      { status: 303, method: "HEAD", becomes: "HEAD", because: "it already is a look" },
      { status: 307, method: "POST", becomes: "POST", because: "temporary keeps everything" },
      { status: 308, method: "POST", becomes: "POST", because: "permanent keeps everything" }
    ]
    for (const { because, becomes, method, status } of rows) {
      const next = Result.getOrThrow(Redirects.next(sent(method, "http://a.test/"), status, "/x", () => false))!
      assert.strictEqual(next.method, becomes, because)
      assert.strictEqual(next.body === undefined, becomes !== method || method === "HEAD")
      assert.strictEqual("content-type" in next.headers, becomes === method)
      assert.strictEqual("host" in next.headers, false)
    }
  })

  it("only redirects with a place are followed", () => {
    for (const [status, location] of [[200, "/x"], [304, "/x"], [300, "/x"], [302, undefined], [302, ""]] as const) {
      const next = Redirects.next(sent("GET", "http://a.test/"), status, location, () => false)
      assert.isUndefined(Result.getOrThrow(next))
    }
    for (const location of ["file:///etc/passwd", "javascript:1", "http://"]) {
      assert.isTrue(Result.isFailure(Redirects.next(sent("GET", "http://a.test/"), 302, location, () => false)))
    }
  })

  it("R14 another host, another port and a fall to http cross hosts; the step up to https does not", () => {
    const rows = [
      ["http://a.test/", "http://a.test/x", false],
      ["http://a.test/", "https://a.test/", false],
      ["http://a.test:8080/", "https://a.test/", true],
      ["https://a.test/", "http://a.test/", true],
      ["http://a.test/", "http://b.test/", true],
      ["http://a.test/", "http://www.a.test/", true],
      ["http://a.test/", "http://a.test:81/", true],
      ["https://a.test/", "https://a.test:443/", false]
    ] as const
    for (const [from, to, crosses] of rows) {
      const next = Result.getOrThrow(Redirects.next(sent("GET", from), 302, to, () => false))!
      assert.strictEqual("x-token" in next.headers, !crosses, `${from} ${to}`)
      assert.strictEqual(next.headers["x-other"], "o")
    }
  })

  it("R14 a header whose value is a secret crosses no hosts, whatever its name", () => {
    const next = Redirects.next(sent("GET", "http://a.test/"), 302, "http://ada:pw@b.test/#x", (value) => value === "o")
    assert.deepStrictEqual(Result.getOrThrow(next)!.headers, { "content-type": "text/plain" })
    assert.strictEqual(Result.getOrThrow(next)!.url.href, "http://b.test/")
  })
})
