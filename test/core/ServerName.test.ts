import { assert, describe, it } from "@effect/vitest"
import * as ServerName from "../../src/core/ServerName.ts"

describe("ServerName", () => {
  const rows: ReadonlyArray<readonly [url: string, name: string, because: string]> = [
    ["postgres://db.example:5433/orders", "db.example:5433", "the port as it is written"],
    ["postgres://db.example/orders", "db.example:5432", "or the usual one"],
    ["redis://user:pa55word@cache", "cache:6379", "R15 neither user nor password"],
    ["rediss://:pa55@word@cache:1", "cache:1", "R15 an @ in the password"],
    ["mongodb://a:pa55@one:1,two,three:3/db?replicaSet=x", "one:1,two:27017,three:3", "several hosts"],
    ["amqp://guest:guest@[::1]/vhost", "[::1]:5672", "an address of IPv6"],
    ["unheard://host", "host", "a scheme without a usual port"],
    ["mongodb+srv://u:p@cluster.example/db", "cluster.example", "a name that DNS turns into hosts and ports"],
    ["embedded:orders", "embedded:orders", "no server at all"],
    ["postgres://u:pa55/word@host/db", "unknown", "R15 a slash in the password ends the host"],
    ["postgres://u:pa55?x@host/db", "unknown", "R15 so does a question mark"],
    ["postgres:///db", "unknown", "no host"],
    ["pa55word", "unknown", "R15 no URL"]
  ]
  for (const [url, name, because] of rows) {
    it(`${because}: ${name}`, () => assert.strictEqual(ServerName.of(url), name))
  }
})
