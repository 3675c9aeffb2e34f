import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as Init from "../../../src/programs/Init.ts"
import * as PostmanScript from "../../../src/programs/init/PostmanScript.ts"
import { processorMillis } from "../../support/processorTime.ts"
import { made, requests } from "./checked.ts"

const collection = {
  info: { name: "Shop ${x}: \"all\"", description: { content: "line one\nline two" } },
  auth: { type: "basic", basic: [{ key: "username", value: "ada" }, { key: "password", value: "{{pass-word}}" }] },
  variable: [{ key: "base-url", value: "https://shop.test/api" }, { key: "pass-word", value: "" }],
  item: [
    {
      name: "Orders",
      item: [{
        name: "Create # 1",
        event: [
          {
            listen: "test",
            script: {
              exec: [
                "const json = pm.response.json();",
                "pm.test(\"created\", function () {",
                "  pm.response.to.have.status(201);",
                "});",
                "pm.test('id', () => { pm.expect(json.order[\"id\"]).to.be.above(0); });",
                "pm.collectionVariables.set('order id', json.order.id);",
                "console.log(json)"
              ]
            }
          },
          { listen: "prerequest", script: { exec: "doSomething()" } }
        ],
        request: {
          method: "POST",
          header: [{ key: "X-Trace", value: "{{$guid}}" }, { key: "X-Off", value: "1", disabled: true }],
          url: { raw: "{{base-url}}/orders/:kind?x={{missing}}", variable: [{ key: "kind", value: "retail" }] },
          body: {
            mode: "raw",
            raw: "{\"count\": {{n}}, \"who\": \"{{who}}\", \"cost\": \"${5}\"}",
            options: { raw: { language: "json" } }
          }
        }
      }]
    },
    {
      name: "Get",
      request: {
        method: "GET",
        auth: { type: "noauth" },
        url: { protocol: "http", host: ["a", "test"], path: ["x", "{{order id}}"] }
      }
    },
    {
      name: "Form",
      request: {
        method: "POST",
        url: "http://a.test",
        body: { mode: "urlencoded", urlencoded: [{ key: "a", value: "1" }] }
      }
    },
    {
      name: "Parts",
      request: {
        method: "POST",
        url: "http://a.test",
        auth: { type: "hawk" },
        body: { mode: "formdata", formdata: [{ key: "f", type: "file", src: "/tmp/x.png" }, { key: "t", value: "v" }] }
      }
    },
    {
      name: "Graph",
      request: {
        method: "POST",
        url: "http://a.test",
        body: { mode: "graphql", graphql: { query: "{ a }", variables: "{\"x\": 1}" } }
      }
    }
  ]
}

describe("FromPostman", () => {
  it("takes over folders, variables, logins, bodies and the usual checks", () => {
    const { notes, root, text } = made({ from: "postman", text: JSON.stringify(collection) })
    const steps = root["steps"] as ReadonlyArray<ValueRecord>
    const [create, get, form, parts, graph] = requests(root)

    assert.strictEqual(root["name"], "Shop ${x}: \"all\"")
    assert.strictEqual(root["description"], "line one\nline two")
    assert.strictEqual(steps[0]!["name"], "Orders / Create # 1")
    assert.deepEqual(create, {
      method: "POST",
      url: "https://shop.test/api/orders/retail?x=<env.MISSING>",
      headers: { "X-Trace": create!["headers"] === undefined ? "" : (create!["headers"] as ValueRecord)["X-Trace"]! },
      basic: { user: "ada", password: "" },
      json: { count: (create!["json"] as ValueRecord)["count"]!, who: "<env.WHO>", cost: "${5}" }
    })
    assert.deepStrictEqual(steps[0]!["expect"], ["status == 201", "body.order.id > 0"])
    assert.deepEqual(steps[0]!["save"], { order_id: "body.order.id" })
    assert.include(text, "# a script before the request was left out\n")
    assert.include(text, "# 1 lines of its test script were left out\n")
    assert.deepEqual(get, { method: "GET", url: "http://a.test/x/<order_id>" })
    assert.deepEqual(form!["form"], { a: "1" })
    assert.deepEqual(parts!["multipart"], { f: { file: "/tmp/x.png" }, t: "v" })
    assert.include(text, "# the login by hawk was left out\n")
    assert.deepEqual(graph!["json"], { query: "{ a }", variables: { x: 1 } })
    assert.includeMembers([...notes], ["the source gives who no value: set the environment variable WHO, or edit vars"])
  })

  it("says what is no collection", () => {
    for (
      const [text, message] of [["[", "not JSON"], ["{}", "no list \"item\""], [
        "{\"item\": []}",
        "no request was found"
      ]] as const
    ) {
      const answer = Init.convert({ from: "postman", text })
      assert.include(Result.isFailure(answer) ? answer.failure.message : "", message)
    }
  })

  it("reads the usual lines of scripts and counts the rest", () => {
    const lines: ReadonlyArray<readonly [line: string, expectation: string | number]> = [
      ["pm.response.to.have.status(204);", "status == 204"],
      ["pm.expect(pm.response.code).to.equal(200)", "status == 200"],
      ["pm.expect(pm.response.code).to.be.oneOf([200, 201])", "status in [200, 201]"],
      ["pm.response.to.be.ok", "status == 200"],
      ["pm.test(\"t\", () => pm.response.to.have.status(200))", "status == 200"],
      ["pm.expect(pm.response.responseTime).to.be.below(300);", "duration_ms < 300"],
      ["pm.response.to.have.header(\"Content-Type\")", "has(headers['content-type'])"],
      ["pm.expect(pm.response.json().a['b c'][0]).to.eql('it')", "body.a['b c'][0] == 'it'"],
      ["pm.expect(pm.response.json().ok).to.be.true", "body.ok == true"],
      ["pm.expect(pm.response.json().n).to.be.at.least(3)", 1],
      ["pm.expect(pm.response.json().n).to.eql(Math.random())", 1],
      ["pm.expect(other.n).to.eql(1)", 1],
      ["require('fs')", 1],
      ["// a comment", 0],
      ["});", 0]
    ]
    for (const [line, expected] of lines) {
      const checks = PostmanScript.read(line, (name) => name)
      if (typeof expected === "number") assert.deepStrictEqual([checks.expect.length, checks.left], [0, expected], line)
      else assert.deepStrictEqual([checks.expect, checks.left], [[expected], 0], line)
    }
  })

  it("R09 a script line that goes on and on is passed over", () => {
    const started = processorMillis()
    for (const line of ["pm.test(".repeat(20_000), `pm.expect(${"(".repeat(50_000)}`, "pm.test(x => pm.".repeat(120)]) {
      assert.strictEqual(PostmanScript.read(line, (name) => name).left, 1)
    }
    assert.isBelow(processorMillis() - started, 500)
  })
})
