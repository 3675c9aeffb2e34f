import { assert, describe, it } from "@effect/vitest"
import type { ValueRecord } from "../../../src/core/Value.ts"
import { made, requests } from "./checked.ts"

const file = `@host = https://shop.test
@path = {{host}}/v1

# the first
# @name login
// @no-redirect
POST {{path}}/login HTTP/1.1
Content-Type: application/json
# a comment among headers

{
  "user": "{{user}}",
  "n": {{$randomInt 5 10}},
  "cost": "\${5}"
}

> {%
  client.test("x", () => {})
%}

### Orders: "all" #1
GET {{host}}/orders
    ?page=1
    &size={{$processEnv SIZE}}
Authorization: Bearer {{login.response.body.$.token}}
X-From: {{login.response.headers.X-Id}}

###
DELETE {{host}}/orders/1
###

https://other.test/plain

### Form
POST https://shop.test/form
Content-Type: application/x-www-form-urlencoded

a=1
&b=x%20y
&c={{user}}

### File
PUT https://shop.test/file
Content-Type: text/plain

< ./body.txt
tail
`

describe("FromHttpFile", () => {
  it("takes over names, variables, headers, bodies and references to earlier answers", () => {
    const { notes, root, text } = made({ from: "http", name: "Shop.http", text: file.replaceAll("\n", "\r\n") })
    const steps = root["steps"] as ReadonlyArray<ValueRecord>
    const [login, orders, remove, plain, form, put] = requests(root)

    assert.deepStrictEqual(steps.map((step) => step["name"]), [
      "login",
      "Orders: \"all\" #1",
      "DELETE {{host}}/orders/1",
      "GET /plain",
      "Form",
      "File"
    ])
    assert.strictEqual(steps[0]!["id"], "login")
    assert.deepEqual(
      login,
      { method: "POST", url: "https://shop.test/v1/login", json: { user: "<env.USER>", n: 5, cost: "${5}" } } as never
    )
    assert.include(text, "url: ${host}/orders?page=1&size=${env.SIZE}")
    assert.include(text, "bearer: ${steps.login.output.body.token}")
    assert.include(text, "X-From: ${steps.login.output.headers['x-id']}")
    assert.isDefined(orders)
    assert.strictEqual(remove!["url"], "https://shop.test/orders/1")
    assert.strictEqual(plain!["url"], "https://other.test/plain")
    assert.deepEqual(form!["form"], { a: "1", b: "x y", c: "<env.USER>" })
    assert.strictEqual(put!["body"], "tail")
    for (
      const comment of ["not taken over: @no-redirect", "a script was left out", "the body is in the file ./body.txt"]
    ) {
      assert.include(text, `# ${comment}`)
    }
    assert.includeMembers([...notes], [
      "the source gives user no value: set the environment variable USER, or edit vars"
    ])
  })

  it("keeps a placeholder that it does not know, and says so", () => {
    const { notes, root } = made({ from: "http", text: "GET http://a.test/{{$geo}}\n" })

    assert.strictEqual(requests(root)[0]!["url"], "http://a.test/{{$geo}}")
    assert.deepStrictEqual(notes, ["{{$geo}} is not known here; it stays as it is"])
  })
})
