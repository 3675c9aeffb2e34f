import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as Html from "../../../../src/programs/load/report/Html.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { bad, closed, good, invalid, make, searched, withTexts } from "../results.ts"

const write = (result: LoadResult) => Effect.runPromise(Html.write(result))
const hashOf = (code: string) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`

/** Tags as a browser would see them: what stands in data blocks holds no `<` at all. */
const tags = (text: string) =>
  new Set(
    [...text.replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, "").matchAll(/<(?!\/)([a-z!][\w-]*)/gi)].map(([, name]) =>
      name!
    )
  )

describe("the HTML of a load run", () => {
  it("R17 lets no hostile text out of its place", async () => {
    const own = new Set([...tags(await write(bad)), ...tags(await write(invalid))])
    const text = await write(withTexts({ ...bad, verdict: "invalid" }, hostileTexts))

    assert.isTrue(text.isWellFormed())
    assert.deepStrictEqual([...tags(text)].filter((tag) => !own.has(tag)), [])
    assert.notMatch(text.replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, ""), /<!--|[\u0000-\u0008\u202a-\u202e]/)
  })

  it("R17 allows its own script and style by hash, and nothing else", async () => {
    const text = await write(bad)
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!

    assert.include(policy, hashOf(/<script>([^]*?)<\/script>/.exec(text)![1]!))
    assert.include(policy, hashOf(/<style>([^]*?)<\/style>/.exec(text)![1]!))
    assert.match(policy, /^default-src 'none'; /)
    assert.notMatch(text, /(src|href)="(?!data:)/)
  })

  it("has the figures without its script: rate, thresholds by how much, errors, why it is not valid", async () => {
    const [failed, notValid] = [await write(bad), await write(invalid)]

    assert.include(failed, "305ms too high (4.05 times the limit)")
    assert.include(failed, "POST http://127.0.0.1:8080/orders answered 503: overloaded, try again")
    assert.include(failed, "60</div><div class=\"more\">of 6,030 due")
    assert.match(notValid, /97% of a core[^]*give it more threads \(--threads 2\)/)
    assert.include(await write(searched), "all thresholds hold at 480/s, not at 500/s")
    assert.notMatch(await write(closed), />(response|service|lateness)</)
  })

  it("stays small however long the run was: an hour of seconds is below 600 kB", async () => {
    const long = { ...good, seconds: Array.from({ length: 3_600 }, (_, at) => ({ ...good.seconds[at % 30]!, at })) }

    assert.isBelow((await write(long)).length, 600_000)
  })

  it("is written of a run that measured nothing, and of one whose histograms cannot be read", async () => {
    const nothing = await make({ seconds: 0 })
    const torn = {
      ...bad,
      histograms: { latency: "x", service: "" },
      seconds: bad.seconds.map((one) => ({ ...one, histogram: "%" }))
    }

    assert.include(await write(nothing), "0 of 0")
    assert.include(await write(torn), "Failed")
  })
})
