import { assert, describe, it } from "@effect/vitest"
import * as HttpPolicy from "../../src/services/HttpPolicy.ts"

describe("HttpPolicy.proxyFor", () => {
  const environment = {
    http_proxy: "http://p:1",
    HTTPS_PROXY: "p:2",
    NO_PROXY: "corp.test, .sub.test,10.0.0.1,x.test:81,fe80::1"
  }

  it("the environment names the proxy of a URL", () => {
    const rows = [
      { url: "http://a.test/", proxy: "http://p:1", because: "http_proxy is for http:" },
      { url: "https://a.test/", proxy: "http://p:2", because: "capitals count, and http:// is added" },
      { url: "http://corp.test/", proxy: undefined, because: "it is excepted" },
      { url: "http://CORP.test./", proxy: undefined, because: "capitals and the root dot mean nothing" },
      { url: "http://www.corp.test/", proxy: undefined, because: "subdomains are excepted too" },
      { url: "http://notcorp.test/", proxy: "http://p:1", because: "it is another domain" },
      { url: "http://a.sub.test/", proxy: undefined, because: "a leading dot means subdomains" },
      { url: "http://10.0.0.1/", proxy: undefined, because: "addresses can be excepted" },
      { url: "http://x.test:81/", proxy: undefined, because: "the port is the excepted one" },
      { url: "http://x.test/", proxy: "http://p:1", because: "the port is another one" },
      { url: "http://[fe80::1]/", proxy: undefined, because: "IPv6 addresses need no brackets" },
      { url: "http://localhost:8080/", proxy: undefined, because: "loopback is never proxied" },
      { url: "http://127.1.2.3/", proxy: undefined, because: "loopback is never proxied" },
      { url: "http://[::1]:80/", proxy: undefined, because: "loopback is never proxied" }
    ]
    for (const { because, proxy, url } of rows) {
      assert.strictEqual(HttpPolicy.proxyFor(new URL(url), environment), proxy, `${url}: ${because}`)
    }
  })

  it("all_proxy is for what has none of its own; * and an empty value mean no proxy", () => {
    const url = new URL("https://a.test/")
    assert.strictEqual(HttpPolicy.proxyFor(url, { ALL_PROXY: "http://p:3" }), "http://p:3")
    assert.isUndefined(HttpPolicy.proxyFor(url, { ALL_PROXY: "http://p:3", no_proxy: "a, *" }))
    assert.isUndefined(HttpPolicy.proxyFor(url, { https_proxy: "" }))
    assert.isUndefined(HttpPolicy.proxyFor(url, {}))
  })
})
