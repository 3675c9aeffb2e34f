import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
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

const faultOf = (proxy: string) => HttpPolicy.proxyFault(Redacted.make(proxy))

describe("proxies", () => {
  it("are shown without user and password", () => {
    for (
      const [proxy, name] of [
        ["http://ada:s3cret@p.test:3128", "http://p.test:3128"],
        ["https://ada@p.test", "https://p.test"],
        ["http://[::1]:1/path", "http://[::1]:1"],
        ["p:x:y", "p://"],
        ["no url", "(no URL)"]
      ] as const
    ) {
      assert.strictEqual(HttpPolicy.proxyName(Redacted.make(proxy)), name)
    }
  })

  it("are refused when nobody could use them, without their password", () => {
    assert.isUndefined(faultOf("http://ada:s%40fe@p.test:3128"))
    assert.isUndefined(faultOf("https://p.test"))
    assert.include(faultOf("socks5://ada:s3cret@p.test:1"), "the proxy is socks5:")
    assert.include(faultOf("//p.test"), "the proxy is no URL")
    const bare = faultOf("http://ada:50%s3cret@p.test")
    assert.strictEqual(bare, "the user or password of the proxy http://p.test holds a bare %: write it as %25")
  })

  it("are those of the request, then those of the environment", () => {
    const url = new URL("http://a.test/")
    const around = HttpPolicy.proxiesIn({ http_proxy: "p:1" })
    const own = Redacted.make("http://own:2")
    const found = (proxy: Redacted.Redacted<string> | false | undefined) => {
      const one = HttpPolicy.proxyOf({ proxy }, url, around)
      return one === undefined ? undefined : Redacted.value(one)
    }

    assert.strictEqual(found(undefined), "http://p:1")
    assert.strictEqual(found(own), "http://own:2")
    assert.isUndefined(found(false))
    assert.strictEqual(HttpPolicy.proxiesIn({ PATH: "/bin" }), HttpPolicy.noProxies)
  })

  it("and keys tell connections apart; the order of fields and those left out do not", () => {
    const { identityOf } = HttpPolicy
    const [one, two] = [Redacted.make("http://ada:one@p"), Redacted.make("http://ada:two@p")]

    assert.notStrictEqual(identityOf({ proxy: one }), identityOf({ proxy: two }))
    assert.notStrictEqual(identityOf({ proxy: false }), identityOf({}))
    assert.notStrictEqual(identityOf({ key: one }), identityOf({ key: two }))
    assert.strictEqual(
      identityOf({ insecure: true, http2: false, ca: undefined }),
      identityOf({ http2: false, insecure: true })
    )
  })
})
