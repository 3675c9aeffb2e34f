import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { emptyRecord } from "../../../src/core/Value.ts"
import { processorMillis } from "../../support/processorTime.ts"
import { made, requests } from "./checked.ts"

const secret = "S3cr3t-v4lue"
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

const har = (request: object, response: object = { status: 200 }) =>
  JSON.stringify({
    log: { entries: [{ request: { method: "POST", url: "https://a.test/x", headers: [], ...request }, response }] }
  })
const json = (value: unknown) => ({ postData: { mimeType: "application/json", text: JSON.stringify(value) } })

const rows = [
  ["a bearer token", "curl", `curl a.test -H 'Authorization: Bearer ${secret}'`],
  ["another scheme", "curl", `curl a.test -H 'authorization: Digest ${secret}'`],
  ["a user and password", "curl", `curl a.test -u ada:${secret}`],
  ["a login in the URL", "curl", `curl https://ada:${secret}@a.test/x`],
  ["basic in a header", "curl", `curl a.test -H 'Authorization: Basic ${btoa(`ada:${secret}`)}'`],
  ["basic that is no basic", "curl", `curl a.test -H 'Authorization: Basic ${secret}'`],
  ["an API key header", "curl", `curl a.test -H 'X-API-Key: ${secret}'`],
  ["cookies", "curl", `curl a.test -b 'session=${secret}'`],
  ["cookies in a header", "har", har({ headers: [{ name: "Cookie", value: `a=1; sid=${secret}` }] })],
  ["a query parameter", "curl", `curl 'https://a.test/x?a=1&api_key=${secret}&b=2'`],
  ["a query parameter in camel case", "curl", `curl 'https://a.test/x?accessToken=${secret}'`],
  ["a query parameter of -G", "curl", `curl -G https://a.test/x -d token=${secret}`],
  ["a field of a form", "curl", `curl a.test -d 'user=ada&password=${secret}'`],
  ["a field of a multipart body", "curl", `curl a.test -F 'client_secret=${secret}'`],
  ["a field of JSON", "har", har(json({ login: { user: "ada", passWord: secret, list: [{ pin: secret }] } }))],
  ["JSON as text", "curl", `curl a.test -d '{"password": "${secret}"}'`],
  [
    "a field of XML",
    "curl",
    `curl a.test -H 'Content-Type: text/xml' -d '<login><password>${secret}</password></login>'`
  ],
  ["a JWT anywhere", "har", har({ ...json({ note: `see ${jwt}` }), url: `https://a.test/confirm/${jwt}?x=${jwt}` })],
  ["a GitHub token in a text", "curl", `curl a.test -H 'X-Note: ghp_${"a".repeat(36)}'`],
  [
    "a private key",
    "curl",
    `curl a.test -d '-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----'`
  ],
  ["a variable of an .http file", "http", `@authToken = ${secret}\nGET https://a.test\nX-T: {{authToken}}\n`],
  ["a login of an .http file", "http", `GET https://a.test\nAuthorization: Basic ada ${secret}\n`],
  [
    "a variable of a collection",
    "postman",
    JSON.stringify({
      item: [{ name: "a", request: { url: "https://a.test/{{token}}" } }],
      variable: [{ key: "token", value: secret }]
    })
  ],
  [
    "the login of a collection",
    "postman",
    JSON.stringify({
      auth: { type: "bearer", bearer: [{ key: "token", value: secret }] },
      item: [{ name: "a", request: { url: "https://a.test" } }]
    })
  ],
  [
    "a check of a token's value",
    "postman",
    JSON.stringify({
      item: [{
        name: `token ${jwt}`,
        request: { url: "https://a.test", description: jwt },
        event: [{
          listen: "test",
          script: { exec: ["const j = pm.response.json()", `pm.expect(j.t).to.eql("${jwt}")`] }
        }]
      }]
    })
  ]
] as const

describe("Guard", () => {
  for (const [because, from, text] of rows) {
    it(`R15 writes no secret: ${because}`, () => {
      const answer = made({ from, text })
      for (const value of [secret, jwt, btoa(`ada:${secret}`), "ghp_aaaa"]) {
        assert.notInclude(JSON.stringify([answer.text, answer.notes]), value)
      }
      if (!because.startsWith("a check")) assert.match(answer.text, /\$\{secrets\.\w+\}/)
    })
  }

  it("gives equal values one name and others names of their own", () => {
    const { notes, root } = made({
      from: "curl",
      text:
        `curl a.test -H 'Authorization: Bearer one-1'\ncurl a.test -H 'Authorization: Bearer two-2'\ncurl a.test -H 'X-Token: one-1'`
    })

    assert.deepEqual(root["secrets"], { token: { env: "API_TOKEN" }, token_2: { env: "API_TOKEN_2" } })
    assert.deepStrictEqual(requests(root).map(({ bearer, headers }) => bearer ?? headers), [
      "<secrets.token>",
      "<secrets.token_2>",
      { "X-Token": "<secrets.token>" }
    ] as never)
    assert.strictEqual(notes.length, 2)
  })

  it("takes the name of the variable when the source has the secret from the environment", () => {
    const { notes, root } = made({ from: "curl", text: "curl a.test -H \"Authorization: Bearer $SHOP_TOKEN\"" })

    assert.deepEqual(root["secrets"], { token: { env: "SHOP_TOKEN" } })
    assert.deepStrictEqual(notes, [])
  })

  it("leaves alone what only sounds like a secret", () => {
    const { text } = made({
      from: "har",
      text: har(json({ token_type: "bearer", max_tokens: 5, author: "Ada", keyboard: "x", tokenize: "y" }))
    })

    assert.notInclude(text, "secrets")
  })

  it("keeps the parameters around one that is moved out of the URL", () => {
    const { root } = made({ from: "curl", text: `curl -L 'https://a.test/x?a=1&token=${secret}&b=2#f' 'ignored'` })

    assert.deepEqual(requests(root)[0], {
      method: "GET",
      url: "https://a.test/x?a=1&b=2#f",
      query: { token: "<secrets.token>" }
    } as never)
  })

  it("R09 takes linear time on long texts", () => {
    const hostile = [
      "a".repeat(200_000),
      "a=".repeat(100_000),
      "<a".repeat(100_000),
      "eyJ".repeat(70_000),
      "}}{{".repeat(50_000),
      "\"".repeat(100_000),
      " ".repeat(200_000)
    ]
    for (const text of hostile) {
      const started = processorMillis()
      made({ from: "har", text: har({ postData: { mimeType: "text/plain", text } }) })
      made({
        from: "postman",
        text: JSON.stringify({ item: [{ request: { url: "http://a.test", body: { mode: "raw", raw: text } } }] })
      })
      assert.isBelow(processorMillis() - started, 2_000, text.slice(0, 10))
    }
  })
})

it.prop(
  "whatever stands in names, values and bodies comes through as it was",
  { name: Schema.String, header: Schema.String, body: Schema.Json, text: Schema.String },
  ({ body, header, name, text }) => {
    const safe = JSON.parse(
      clean(
        JSON.stringify(
          { body },
          (key, value: unknown) =>
            /pass|pwd|sec|tok|jwt|key|auth|cred|sig|sess|otp|pin|cv|ssn/i.test(key) ? undefined : value
        )
      )
    ) as { body?: never }
    const parts = { url: "https://a.test/p", headers: [{ name: "X-Value", value: clean(header) }] }
    const archive = (request: object, title = clean(name)) => ({
      name: title,
      text: JSON.stringify({
        log: { entries: [{ request: { method: "POST", ...parts, ...request }, response: { status: 200 } }] }
      })
    })

    const asText = requests(
      made({ from: "har", ...archive({ postData: { mimeType: "text/plain", text: clean(text) } }) }).root
    )[0]!
    const asJson = requests(
      made({
        from: "har",
        ...archive({ postData: { mimeType: "application/json", text: JSON.stringify(safe.body ?? null) } })
      }).root
    )[0]!

    assert.deepEqual(asText["headers"], clean(header) === "" ? { "X-Value": "" } : { "X-Value": clean(header) })
    assert.strictEqual(asText["body"] ?? "", clean(text))
    assert.deepEqual(plain(asJson["json"] ?? null), JSON.parse(JSON.stringify(safe.body ?? null)))
    assert.isEmpty(Object.keys(emptyRecord()))
  },
  { arbitrary: { runs: 200 } }
)

const clean = (value: string) => value.toWellFormed()

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)))
