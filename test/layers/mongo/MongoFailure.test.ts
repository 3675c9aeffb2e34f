/** What the driver and the server say, in our words. */
import { assert, describe, it } from "@effect/vitest"
import { fromDriver } from "../../../src/layers/live/mongo/MongoFailure.ts"
import type { DocumentStoreError } from "../../../src/services/DocumentStore.ts"

const attempted = { shown: "mongodb://localhost/shop", what: "insertOne in orders" }

describe("MongoFailure", () => {
  it.each<[because: string, error: object, reason: DocumentStoreError["reason"]]>([
    ["nobody listens", { name: "MongoServerSelectionError", message: "connect ECONNREFUSED" }, "Connection"],
    ["the connection was lost", { name: "MongoNetworkError", message: "connection 1 closed" }, "Connection"],
    ["the pool was emptied after another loss", { name: "MongoPoolClearedError", message: "cleared" }, "Connection"],
    ["the primary went down", { name: "MongoServerError", message: "shutting down", code: 91 }, "Connection"],
    ["the socket stayed silent", { name: "MongoNetworkTimeoutError", message: "timed out" }, "Timeout"],
    ["the server took too long", { name: "MongoServerError", message: "time limit", code: 50 }, "Timeout"],
    ["no connection became free", { name: "MongoWaitQueueTimeoutError", message: "timed out" }, "Busy"],
    ["a wrong password", { name: "MongoServerError", message: "Authentication failed.", code: 18 }, "Authentication"],
    ["no right to", { name: "MongoServerError", message: "not authorized", code: 13 }, "Authentication"],
    ["an unknown operator", { name: "MongoServerError", message: "unknown operator: $x", code: 2 }, "Invalid"],
    ["an unknown stage", { name: "MongoServerError", message: "unrecognized stage", code: 40324 }, "Invalid"],
    ["an option of the URL", { name: "MongoParseError", message: "option x is not supported" }, "Invalid"],
    ["a write that came second", { name: "MongoServerError", message: "WriteConflict", code: 112 }, "Conflict"],
    [
      "a transaction that may be tried again",
      { name: "MongoServerError", message: "aborted", code: 999, errorLabels: ["TransientTransactionError"] },
      "Conflict"
    ],
    [
      "a connection that was lost in a transaction",
      { name: "MongoNetworkError", message: "closed", errorLabels: ["TransientTransactionError"] },
      "Connection"
    ],
    ["no change streams", { name: "MongoServerError", message: "only on replica sets", code: 40573 }, "Unsupported"],
    ["no transactions", { name: "MongoServerError", message: "Transaction numbers", code: 20 }, "Unsupported"],
    ["an unknown command", { name: "MongoServerError", message: "no such command", code: 59 }, "Unsupported"],
    ["anything else", { name: "MongoServerError", message: "no such index", code: 27 }, "Refused"]
  ])("%s", (_, error, reason) => {
    assert.strictEqual(fromDriver(error, attempted).reason, reason)
  })

  it("a duplicate key names its index, and the message says what was tried on what", () => {
    const message = "E11000 duplicate key error collection: shop.orders index: number_1 dup key: { number: 7 }"

    const error = fromDriver({ name: "MongoServerError", message, code: 11000 }, attempted)

    assert.deepInclude(error, { reason: "DuplicateKey", index: "number_1", code: 11000 })
    assert.strictEqual(error.message, `on mongodb://localhost/shop, insertOne in orders: ${message} (code 11000)`)
  })

  it("a bulk write that lost its connection fails as the connection did", () => {
    const cause = Object.assign(new Error("connection 4 closed"), { name: "MongoNetworkError" })
    const wrapped = { name: "MongoBulkWriteError", message: cause.message, errorResponse: cause }

    assert.strictEqual(fromDriver(wrapped, attempted).reason, "Connection")
  })

  it("no server: the hint says how to have one", () => {
    const error = fromDriver(
      { name: "MongoServerSelectionError", message: "connect ECONNREFUSED 127.0.0.1:27017" },
      attempted
    )
    assert.include(error.hint, "skein fake mongo")
    assert.include(error.hint, "embedded:")
  })
})
