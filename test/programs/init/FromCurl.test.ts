import { assert, describe, it } from "@effect/vitest"
import type { Value } from "../../../src/core/Value.ts"
import { made, requests } from "./checked.ts"

const only = (command: string) => requests(made({ from: "curl", text: command }).root)[0]!
const noFollow = { redirects: false }

const rows: ReadonlyArray<readonly [command: string, request: { readonly [key: string]: Value }]> = [
  ["curl http://a.test/x", { method: "GET", url: "http://a.test/x", ...noFollow }],
  ["curl -L a.test", { method: "GET", url: "http://a.test" }],
  ["$ curl -sSL 'http://a.test/?q=a b' # a comment", { method: "GET", url: "http://a.test/?q=a b" }],
  ["curl -LXPUT http://a.test -H 'X-A: 1' -H'X-B: 2' -H 'X-A: 3'", {
    method: "PUT",
    url: "http://a.test",
    headers: { "X-A": "1, 3", "X-B": "2" }
  }],
  ["curl -L http://a.test \\\n  -d a=1 \\\n  -d 'b=x%20y+z'", {
    method: "POST",
    url: "http://a.test",
    form: { a: "1", b: "x y z" }
  }],
  ["curl -L http://a.test -d '{\"a\": 1}'", {
    method: "POST",
    url: "http://a.test",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "{\"a\": 1}"
  }],
  ["curl -L http://a.test -H 'content-type: application/json' --data-raw '{\"a\": [1, \"${x}\", \"{{ y }}\"]}'", {
    method: "POST",
    url: "http://a.test",
    json: { a: [1, "${x}", "{{ y }}"] }
  }],
  ["curl -L http://a.test --json '{\"n\": 9007199254740993}'", {
    method: "POST",
    url: "http://a.test",
    headers: { Accept: "application/json" },
    json: { n: 9007199254740993n }
  }],
  ["curl -L http://a.test -H 'Content-Type: text/plain' --data-binary 'a=1&b'", {
    method: "POST",
    url: "http://a.test",
    headers: { "Content-Type": "text/plain" },
    body: "a=1&b"
  }],
  ["curl -LG http://a.test/s?x=1 -d q=1 --data-urlencode 'r=a b&c'", {
    method: "GET",
    url: "http://a.test/s?x=1&q=1&r=a%20b%26c"
  }],
  ["curl -L http://a.test --data-urlencode 'a=1&2' --data-urlencode '=x y'", {
    method: "POST",
    url: "http://a.test",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "a=1%262&x%20y"
  }],
  ["curl -L http://a.test -F title=Hi -F 'scan=@dir/a b.pdf;type=application/pdf' -F tag=1 -F tag=2", {
    method: "POST",
    url: "http://a.test",
    multipart: { title: "Hi", scan: { file: "dir/a b.pdf", type: "application/pdf" }, tag: ["1", "2"] }
  }],
  ["curl -L -k -m 2.5 --max-redirs 3 -A me -e http://b.test http://a.test -I", {
    method: "HEAD",
    url: "http://a.test",
    headers: { "User-Agent": "me", Referer: "http://b.test" },
    insecure: true,
    timeout: "2.5s",
    redirects: 3
  }],
  ["curl -L 'http://a.test' -H $'X-Q: it\\'s \\u00e9\\n\\x41'", {
    method: "GET",
    url: "http://a.test",
    headers: { "X-Q": "it's é\nA" }
  }],
  ["curl -L \"http://$HOST/${THING}/x\" -d \"$BODY\"", {
    method: "POST",
    url: "http://<env.HOST>/<env.THING>/x",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "<env.BODY>"
  }],
  ["curl -L http://a.test -H 'X-Empty;' -H 'Accept:' -H 'Accept-Encoding: gzip' --compressed", {
    method: "GET",
    url: "http://a.test",
    headers: { "X-Empty": "" }
  }]
]

describe("FromCurl", () => {
  for (const [command, request] of rows) {
    it(`reads ${command}`, () => {
      assert.deepEqual(only(command), request)
    })
  }

  it("makes a step of each command and tells of what it cannot take over", () => {
    const { notes, root, text } = made({
      from: "curl",
      name: "two calls",
      text:
        "TOKEN=$(login) ; curl http://a.test/1 --retry 3 --frobnicate && echo done\ncurl -T file http://a.test/2 http://a.test/3"
    })

    assert.strictEqual((root["steps"] as ReadonlyArray<unknown>).length, 2)
    assert.include(text, "# not taken over: --retry and its value\n")
    assert.include(text, "# not taken over: --frobnicate\n")
    assert.include(text, "# 1 more URLs of the same command were left out\n")
    assert.includeMembers([...notes], ["a command that is not curl was passed over"])
  })

  it("writes a scenario that reads well", () => {
    const { path, text } = made({
      from: "curl",
      name: "Orders API",
      text:
        "curl -L -X POST 'https://shop.test/orders?dry=1' -H 'Authorization: Bearer abc123' -H 'Content-Type: application/json' -d '{\"sku\": \"A1\", \"note\": \"costs ${5}\"}'"
    })

    assert.strictEqual(path, "orders-api.yaml")
    assert.strictEqual(
      text,
      `# Made by skein init --from curl.
# a secret was left out: set the environment variable API_TOKEN (secrets.token)

name: Orders API
vars:
  base: https://shop.test
secrets:
  token: { env: API_TOKEN }
steps:
  - name: POST /orders
    http:
      method: POST
      url: \${base}/orders?dry=1
      bearer: \${secrets.token}
      json:
        sku: A1
        note: costs $\${5}
    expect:
      - status < 400
`
    )
  })
})
