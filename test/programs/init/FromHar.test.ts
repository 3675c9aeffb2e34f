import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as Init from "../../../src/programs/Init.ts"
import { made, requests } from "./checked.ts"

const entry = (
  request: object,
  response: object = { status: 200, content: { mimeType: "application/json" } },
  more: object = {}
) => ({
  request: { method: "GET", url: "https://shop.test/api/x", headers: [], ...request },
  response,
  ...more
})
const archive = (...entries: ReadonlyArray<object>) => JSON.stringify({ log: { version: "1.2", entries } })

describe("FromHar", () => {
  it("makes steps of API calls with their status, without the browser's noise", () => {
    const { notes, root } = made({
      from: "har",
      text: archive(
        entry({
          method: "POST",
          url: "https://shop.test/api/orders?x=%20#part",
          headers: [
            { name: ":authority", value: "shop.test" },
            { name: "sec-ch-ua", value: "x" },
            { name: "User-Agent", value: "x" },
            { name: "content-type", value: "application/json; charset=utf-8" },
            { name: "Content-Length", value: "9" },
            { name: "x-trace", value: "a\"b: ${c} #d" }
          ],
          postData: { mimeType: "application/json", text: "{\"a\": [null, 1e2, \"yes\"]}" }
        }, { status: 201 }),
        entry({}, { status: 302 }),
        entry({}, { status: 304 }),
        entry({}, { status: 0 }),
        entry({ url: "https://shop.test/logo.png" }, { status: 200, content: { mimeType: "image/png" } }),
        entry({ url: "https://shop.test/app.js" }, { status: 200 }, { _resourceType: "script" }),
        entry({ url: "data:text/plain,x" }),
        entry({
          method: "POST",
          postData: {
            mimeType: "multipart/form-data; boundary=x",
            params: [{ name: "f", fileName: "a.txt" }, { name: "t", value: "v" }]
          }
        }),
        entry({ method: "POST", postData: { mimeType: "application/x-www-form-urlencoded", text: "a=1&a=2&b=%C3%A9" } })
      )
    })
    const steps = root["steps"] as ReadonlyArray<ValueRecord>
    const [order, redirect, , , multipart, form] = requests(root)

    assert.deepStrictEqual(notes, ["2 requests for images, styles, scripts and fonts were left out"])
    assert.deepEqual(order, {
      method: "POST",
      url: "https://shop.test/api/orders?x=%20",
      headers: { "x-trace": "a\"b: ${c} #d" },
      json: { a: [null, 100, "yes"] }
    })
    assert.deepStrictEqual(steps.map((step) => (step["expect"] as ReadonlyArray<string>)[0]), [
      "status == 201",
      "status == 302",
      "status < 400",
      "status < 400",
      "status == 200",
      "status == 200"
    ])
    assert.strictEqual(redirect!["redirects"], false)
    assert.deepEqual(multipart!["multipart"], { f: { file: "a.txt" }, t: "v" })
    assert.deepEqual(form!["form"], { a: ["1", "2"], b: "é" })
  })

  it("stops at 500 steps and says so", () => {
    const { notes, root } = made({ from: "har", text: archive(...Array.from({ length: 501 }, () => entry({}))) })

    assert.strictEqual((root["steps"] as ReadonlyArray<unknown>).length, 500)
    assert.deepStrictEqual(notes, ["1 requests after the first 500 were left out"])
  })

  it("says what is no archive", () => {
    for (
      const [text, message] of [["", "not JSON"], ["[]", "no list log.entries"], [
        archive(),
        "no request was found"
      ]] as const
    ) {
      const answer = Init.convert({ from: "har", text })
      assert.include(Result.isFailure(answer) ? answer.failure.message : "", message)
    }
  })
})
