import { assert, describe, it } from "@effect/vitest"
import * as LoadFailures from "../../../src/layers/live/http1/LoadFailures.ts"
import type { Kind } from "../../../src/services/LoadTransport.ts"

const failed = (code: string, message = code) => Object.assign(new Error(message), { code })

describe("LoadFailures", () => {
  const rows: ReadonlyArray<readonly [because: string, cause: unknown, kind: Kind, detail: RegExp]> = [
    ["all local ports are taken", failed("EADDRNOTAVAIL"), "ports-exhausted", /no free local port for shop\.test:443/],
    ["all descriptors are taken", failed("EMFILE"), "ports-exhausted", /no file descriptors left/],
    [
      "all local ports are taken, for all addresses of the name",
      new AggregateError([failed("EADDRNOTAVAIL"), failed("EADDRNOTAVAIL")]),
      "ports-exhausted",
      /no free local port/
    ],
    ["nobody listens", failed("ECONNREFUSED"), "connect-refused", /nothing accepts connections at shop\.test:443/],
    [
      "nobody listens at any address of the name",
      new AggregateError([failed("ECONNREFUSED"), failed("ECONNREFUSED")]),
      "connect-refused",
      /nothing accepts connections/
    ],
    ["the name is not known", failed("ENOTFOUND"), "dns", /no host named shop\.test/],
    ["the resolver does not answer", failed("EAI_AGAIN"), "dns", /could not be looked up/],
    ["the system gave up connecting", failed("ETIMEDOUT"), "connect-timeout", /did not accept a connection in time/],
    ["there is no route", failed("EHOSTUNREACH"), "unreachable", /no way leads to shop\.test:443/],
    ["the connection broke", failed("ECONNRESET"), "reset", /closed the connection before the answer was complete/],
    ["the connection broke while writing", failed("EPIPE"), "reset", /closed the connection/],
    ["the certificate is too old", failed("CERT_HAS_EXPIRED"), "tls", /certificate of shop\.test:443 has expired/],
    ["something nobody thought of", failed("EWHATEVER", "strange"), "protocol", /strange/]
  ]
  for (const [because, cause, kind, detail] of rows) {
    it(`R40 ${kind}: ${because}`, () => {
      const failure = LoadFailures.fromCause(cause, "shop.test:443")
      assert.strictEqual(failure.kind, kind)
      assert.match(failure.detail, detail)
    })
  }
})
