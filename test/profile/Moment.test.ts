/** Moments of an API, by its clock and ours. */
import { assert, describe, it } from "@effect/vitest"
import * as Moment from "../../src/profile/Moment.ts"

const noon = Date.parse("2026-11-21T12:00:00Z")
const date = (at: number) => new Date(at).toUTCString()

describe("Moment", () => {
  it.each([
    { value: 1_700_000_000, millis: 1_700_000_000_000, because: "small numbers are seconds" },
    { value: 1_700_000_000.5, millis: 1_700_000_000_500, because: "seconds have parts" },
    { value: 1_700_000_000_000, millis: 1_700_000_000_000, because: "large numbers are milliseconds" },
    { value: "1700000000", millis: 1_700_000_000_000, because: "numbers come as text" },
    { value: "2026-11-21T12:00:00Z", millis: noon, because: "dates are dates" },
    { value: "soon", millis: undefined, because: "words are none" },
    { value: null, millis: undefined, because: "nothing is none" }
  ])("$value is $millis: $because", ({ millis, value }) => assert.strictEqual(Moment.millisOf(value), millis))

  it.each([
    { there: date(noon), asked: noon + 100, came: noon + 200, offset: 0, because: "the clocks may be the same" },
    { there: date(noon), asked: noon - 500, came: noon, offset: 0, because: "the clocks may be the same" },
    { there: undefined, asked: noon, came: noon, offset: 0, because: "it does not say" },
    { there: "noon", asked: noon, came: noon, offset: 0, because: "it says nothing that can be read" },
    { there: date(noon - 5_000), asked: noon, came: noon + 100, offset: -5_100, because: "it is five seconds late" },
    { there: date(noon + 5_000), asked: noon, came: noon + 100, offset: 4_900, because: "it is five seconds ahead" },
    { there: date(noon - 7_200_000), asked: noon, came: noon, offset: -60_000, because: "two hours are not believed" }
  ])("a clock that says $there differs by $offset: $because", ({ asked, came, offset, there }) => {
    assert.strictEqual(Moment.clockOffset(there, asked, came), offset)
  })

  it("is since a moment when it is not before it, as exactly as it is told", () => {
    assert.isTrue(Moment.isSince(noon + 500, noon + 500))
    assert.isFalse(Moment.isSince(noon + 499, noon + 500))
    assert.isTrue(Moment.isSince(noon, noon + 999))
    assert.isFalse(Moment.isSince(noon, noon + 1_000))
  })
})
