/** URLs of MongoDB: what they mean, what of them may be shown. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as Address from "../../../src/layers/live/mongo/MongoAddress.ts"

describe("MongoAddress", () => {
  it.each<[url: string, shown: string, database: string]>([
    ["mongodb://localhost", "mongodb://localhost", "test"],
    ["mongodb://localhost:27018/shop", "mongodb://localhost:27018/shop", "shop"],
    ["mongodb://me:secret@localhost/shop?authSource=admin", "mongodb://me@localhost/shop", "shop"],
    ["mongodb://a:1,b:2,[::1]:3/?replicaSet=rs0", "mongodb://a:1,b:2,[::1]:3", "test"],
    ["mongodb+srv://me:p%40ss@cluster.example.net/my%2Ddb", "mongodb+srv://me@cluster.example.net/my%2Ddb", "my-db"],
    ["mongodb://%2Ftmp%2Fmongodb.sock/shop", "mongodb://%2Ftmp%2Fmongodb.sock/shop", "shop"]
  ])("reads %s", (url, shown, database) => {
    const address = Result.getOrThrow(Address.parse(url))
    assert.deepInclude(address, { shown, database })
    assert.strictEqual(Redacted.value(address.url), url)
  })

  it("names of parameters are in small letters, as drivers take them", () => {
    const { parameters } = Result.getOrThrow(Address.parse("mongodb://localhost/?maxPoolSize=5&w=1"))
    assert.deepStrictEqual(parameters, { maxpoolsize: "5", w: "1" })
  })

  const secret = "pa55"
  it.each([
    `mongodb://me:${secret}/x@localhost/shop`,
    `mongodb://me:${secret}?x@localhost/shop`,
    `mongodb://me:${secret}#x@localhost/shop`,
    `mongodb://me:${secret}@x@localhost/shop`,
    `mongodb://me:${secret}%x@localhost/shop`,
    `mongodb://me:${secret}@/shop`,
    `mongodb://me:${secret}@localhost/sh.op`,
    `mongodb://me:${secret}@localhost/%zz`,
    `http://me:${secret}@localhost`,
    secret
  ])("R15 refuses %s without repeating the password", (url) => {
    const error = Result.getOrThrow(Result.flip(Address.parse(url)))
    assert.strictEqual(error.reason, "Invalid")
    assert.notInclude(`${error.message} ${error.hint}`, secret)
  })
})
