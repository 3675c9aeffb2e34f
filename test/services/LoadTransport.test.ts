import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import * as LoadTransport from "../../src/services/LoadTransport.ts"

const made = (options: Partial<LoadTransport.RequestOptions> & { readonly url: URL }) =>
  Result.getOrThrow(LoadTransport.request({ method: "GET", ...options }))
const text = ({ bytes }: LoadTransport.LoadRequest) => new TextDecoder().decode(bytes)

describe("LoadTransport", () => {
  it("makes a request of a URL: path and query, the host with its port, no fragment, no credentials", () => {
    assert.strictEqual(
      text(made({ url: new URL("http://me:secret@shop.test:8080/a%20b?c=d#e") })),
      "GET /a%20b?c=d HTTP/1.1\r\nhost: shop.test:8080\r\n\r\n"
    )
    assert.include(
      text(made({ url: new URL("http://shop.test"), close: true })),
      "GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n"
    )
  })

  it("knows which requests have a head only for an answer, and which may be sent twice", () => {
    const of = (method: string) => {
      const { headOnly, idempotent } = made({ method, url: new URL("http://shop.test") })
      return { headOnly, idempotent }
    }
    assert.deepStrictEqual(of("HEAD"), { headOnly: true, idempotent: true })
    assert.deepStrictEqual(of("DELETE"), { headOnly: false, idempotent: true })
    assert.deepStrictEqual(of("PATCH"), { headOnly: false, idempotent: false })
  })

  it("docs/load.md has every kind of failure", () => {
    const page = readFileSync(new URL("../../docs/load.md", import.meta.url), "utf8")
    for (const kind of LoadTransport.Kind.literals) assert.include(page, `| \`${kind}\` |`)
  })
})
