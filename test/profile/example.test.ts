/** `profiles/example.yaml` does what its comments say. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as WorkflowWait from "../../src/programs/WorkflowWait.ts"
import { inTime } from "../support/virtualTime.ts"
import { asked, layer, open, rowsOf, shipped } from "./opened.ts"

const profile = shipped("example")
const shop = layer({
  "POST /v1/login": { json: { token: "token-1", expires_at: "2099-01-01T00:00:00Z" } },
  "GET /v1/shops": [
    { match: { query: { name: "north" } }, json: { shops: [{ id: 7 }] } },
    { match: { query: { name: "nowhere" } }, json: { shops: [] } },
    { json: { shops: [{ id: 7, closed: false }, { id: 8, closed: true }, { id: 9 }] } }
  ],
  "GET /v1/shops/7/orders": [
    { match: { query: { after: "1" } }, json: { orders: [{ id: 2, total: 5, customer: { name: "Ada" } }], links: {} } },
    { json: { orders: [{ id: 1, total: 3 }], links: { next: "/v1/shops/7/orders?after=1" } } }
  ],
  "GET /v1/shops/9/orders": { json: { orders: [{ id: 3, total: 1 }, { id: 2, total: 5 }], links: {} } },
  "POST /v1/shops/7/orders/:order/cancel": [
    { match: { json: { reason: "again" } }, status: 409, json: { message: "it is cancelled already" } },
    { status: 204 }
  ],
  "POST /v1/shops/7/exports": { status: 202, json: { id: "e-1" } },
  "GET /v1/shops/7/exports": {
    sequence: [
      { json: { exports: [{ id: "e-1", state: "running", percent: 50 }] } },
      {
        json: {
          exports: [{
            id: "e-1",
            state: "ready",
            percent: 100,
            file: "a.csv",
            bytes: 3,
            md5: "900150983cd24fb0d6963f7d28e17f72"
          }]
        }
      }
    ]
  },
  "POST /v1/shops/7/exports/e-1/url": { json: { url: "http://files.test/a.csv?sig=1" } }
})
const begin = Effect.map(
  open(profile, { environment: { EXAMPLE_URL: "http://shop.test", EXAMPLE_KEY: "key-of-shop" } }),
  ({ api }) => api
)

describe("example.yaml", () => {
  it.effect("reads orders by the URL of the next page, and shows what its fields say", () =>
    Effect.gen(function*() {
      const api = yield* begin
      assert.deepStrictEqual(yield* rowsOf(api, "orders", ["north"]), [
        { id: 1, total: 3, customer: null },
        { id: 2, total: 5, customer: "Ada" }
      ])
      assert.include(yield* asked, "GET /v1/shops/7/orders?state=open")
    }).pipe(Effect.provide(shop)))

  it.effect("reads the orders of all shops but closed ones, each once", () =>
    Effect.gen(function*() {
      const api = yield* begin
      const rows = yield* rowsOf(api, "every-order")
      assert.deepStrictEqual(rows.map(({ id }) => id), [1, 2, 3])
    }).pipe(Effect.provide(shop)))

  it.effect("leaves a parameter of the query out when it is null", () =>
    Effect.gen(function*() {
      const api = yield* begin
      yield* rowsOf(api, "orders", ["7"], { state: "all" })
      assert.include(yield* asked, "GET /v1/shops/7/orders")
    }).pipe(Effect.provide(shop)))

  it.effect("cancels an order, and says what the API says when it does not want to", () =>
    Effect.gen(function*() {
      const api = yield* begin
      const cancel = yield* api.operation("order:cancel")
      const call = yield* inTime(cancel.prepare("north/1001", { reason: "out of stock" }))
      assert.strictEqual(call.plan, "cancel order 1001 of shop north: out of stock")
      assert.deepStrictEqual(call.requests, ["POST http://shop.test/v1/shops/7/orders/1001/cancel"])
      assert.isTrue(call.destructive)
      assert.deepStrictEqual(yield* inTime(call.run), { result: null, handles: [], adopted: false })

      const again = yield* inTime(
        Effect.flatMap(cancel.prepare("7/1001", { reason: "again" }), ({ run }) => Effect.flip(run))
      )
      assert.strictEqual(again.reason, "Refused")
      assert.strictEqual(
        again.message,
        "POST http://shop.test/v1/shops/7/orders/1001/cancel was answered with status 409: it is cancelled already"
      )
    }).pipe(Effect.provide(shop)))

  it.effect("starts an export and waits for it with the profile's intervals", () =>
    Effect.gen(function*() {
      const api = yield* begin
      const start = yield* api.operation("shop:export")
      const { handles } = yield* inTime(Effect.flatMap(start.prepare("north"), ({ run }) => run))
      assert.deepStrictEqual(handles, [{ workflow: "export", parent: "7", id: "e-1", text: "7/e-1" }])

      const workflow = yield* api.workflow("export")
      const result = yield* inTime(WorkflowWait.all(handles, { poll: workflow.poll, intervals: workflow.intervals }))
      assert.strictEqual(result.verdict, "met")
      assert.strictEqual(result.polls, 2)
    }).pipe(Effect.provide(shop)))

  it.effect("says what it downloads, with size and checksum", () =>
    Effect.gen(function*() {
      const api = yield* begin
      const exports = yield* api.download("exports")
      assert.strictEqual((yield* inTime(Effect.flip(exports.files("7")))).message, "there are no exports of 7")
      const [file] = yield* inTime(exports.files("7"))
      assert.deepInclude(file, { name: "a.csv", size: 3, md5: "900150983cd24fb0d6963f7d28e17f72", element: undefined })
      assert.strictEqual((yield* inTime(file!.request)).url, "http://files.test/a.csv?sig=1")
    }).pipe(Effect.provide(shop)))

  it.effect.each(
    [
      [
        "a list that is not there",
        (api: Api) => api.list("order"),
        `example has no list "order"`,
        `did you mean "orders"?`
      ],
      [
        "too few arguments",
        (api: Api) => api.list("orders"),
        "the list orders takes shop",
        "write it as example:orders SHOP"
      ],
      [
        "a word that is no choice",
        (api: Api) => api.list("orders", ["7"], { state: "lost" }),
        `state must be one of open, shipped, all, found "lost"`,
        undefined
      ],
      [
        "an unknown parameter",
        (api: Api) => api.list("orders", ["7"], { stat: "open" }),
        `there is no parameter "stat"`,
        `did you mean "state"?`
      ],
      [
        "a missing parameter",
        (api: Api) => Effect.flatMap(api.operation("order:cancel"), (one) => one.prepare("7/1")),
        "reason is missing: Told to the customer",
        "give it with --with reason=..."
      ],
      [
        "a target of another shape",
        (api: Api) => Effect.flatMap(api.operation("order:cancel"), (one) => one.prepare("7")),
        `"7" is not written as {shop}/{order}`,
        undefined
      ],
      [
        "a name that nobody has",
        (api: Api) => api.list("orders", ["nowhere"]),
        `example has no shop "nowhere"`,
        undefined
      ]
    ] as const
  )("%s is refused before anything is changed", ([, use, message, hint]) =>
    Effect.gen(function*() {
      const api = yield* begin
      const error = yield* inTime(
        Effect.flip<unknown, { readonly message: string; readonly hint?: string }, never>(use(api) as never)
      )
      assert.strictEqual(error.message, message)
      if (hint !== undefined) assert.strictEqual(error.hint, hint)
      assert.deepStrictEqual((yield* asked).filter((call) => call.startsWith("POST") && !call.includes("login")), [])
    }).pipe(Effect.provide(shop)))
})
type Api = Effect.Success<typeof begin>
