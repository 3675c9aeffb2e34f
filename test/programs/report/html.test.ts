import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { createHash } from "node:crypto"
import * as Html from "../../../src/programs/report/Html.ts"
import type * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import { manyEvents, ordinary, run } from "./fixtures.ts"
import { hostile, hostileRun } from "./hostile.ts"

const fuzzRuns = process.env["SKEIN_SOAK"] === "1" ? 10_000 : 200

const html = (report: Report.Report) => [...Html.write(report)].join("")

const blocks = (text: string) =>
  [...text.matchAll(/<script type="application\/json" id="([\w-]+)">([^<]*)<\/script>/g)].map(([, id, json]) => ({
    id: id!,
    json: json!
  }))

const hashOf = (code: string) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`

/** Tags as a browser would see them: what stands in data blocks holds no `<` at all. */
const tags = (text: string) => [...text.matchAll(/<(?!\/)([a-z!][\w-]*)/gi)].map(([, name]) => name!.toLowerCase())

const ownTags = new Set(tags(html(ReportFold.fromEvents(run([], { warnings: ["x"] })))))

/** Style and script are ours and the same in every report; everything else came from outside. */
const withoutOwnCode = (text: string) =>
  text.replace(/<style>[^]*?<\/style>/, "").replace(/<script>[^]*?<\/script>/, "")

const check = (report: Report.Report) => {
  const text = html(report)
  const outside = withoutOwnCode(text)
  const scripts = outside.match(/<script/g) ?? []

  assert.isTrue(text.isWellFormed())
  assert.strictEqual(blocks(outside).length, scripts.length)
  assert.deepStrictEqual(tags(outside).filter((tag) => !ownTags.has(tag)), [])
  assert.notMatch(outside, /<!--|[\u2028\u2029]/)
  assert.deepStrictEqual(
    blocks(text).filter(({ id }) => id !== "index").flatMap(({ json }): unknown => JSON.parse(json)),
    JSON.parse(JSON.stringify(report.cases))
  )
}

describe("Html", () => {
  it("R17 lets no hostile text out of its data", () => {
    check(ordinary)
    check(hostile)
  })

  it(`R17 R42 lets no text of ${fuzzRuns} random hostile runs out of its data`, () => {
    fc.assert(fc.property(hostileRun, (events) => check(ReportFold.fromEvents(events))), { numRuns: fuzzRuns })
  })

  it("R17 allows its own script and style by hash, and nothing else", () => {
    const text = html(ordinary)
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!

    assert.match(policy, /^default-src 'none'; /)
    assert.notMatch(policy, /unsafe|http|\*/)
    assert.include(policy, `script-src ${hashOf(/<script>([^]*?)<\/script>/.exec(text)![1]!)};`)
    assert.include(policy, `style-src ${hashOf(/<style>([^]*?)<\/style>/.exec(text)![1]!)};`)
  })

  it("asks for nothing from the network", () => {
    const own = html(ReportFold.fromEvents(run([])))

    assert.deepStrictEqual(own.match(/(src|href|action)\s*=\s*"(?!data:)|@import|url\(/gi), null)
    assert.deepStrictEqual(own.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)[^\s"']*/g), null)
  })

  it("has scripts that are JavaScript, and touch no sink that makes markup of text", () => {
    const script = /<script>([^]*?)<\/script>/.exec(html(ordinary))![1]!

    // eslint-disable-next-line typescript/no-implied-eval -- parsed, never called
    assert.doesNotThrow(() => new Function(script))
    assert.notMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser/)
  })

  it("comes in pieces, the index first", () => {
    const pieces = [...Html.write(ReportFold.fromEvents(manyEvents(450)))]

    assert.include(pieces[2], `id="index"`)
    assert.deepStrictEqual(blocks(pieces.join("")).map(({ id }) => id), [
      "index",
      "details-0",
      "details-1",
      "details-2",
      "details-3",
      "details-4"
    ])
  })

  it("says without JavaScript how the run ended", () => {
    assert.match(html(ordinary), /<noscript>[^<]*6 cases: 1 failed, 1 error, 1 interrupted/)
  })
})
