import { assert, describe, it } from "@effect/vitest"
import * as Failure from "../../../src/services/http/Failure.ts"

const coded = (code: string, message = code, more: object = {}) => Object.assign(new Error(message), { code, ...more })
const reason = (cause: unknown) => Failure.fromCause(cause, "a.test:443").reason

describe("Failure", () => {
  it("codes are found in the error, its causes and its attempts", () => {
    const rows: ReadonlyArray<readonly [unknown, Failure.Reason]> = [
      [coded("ENOTFOUND"), "Dns"],
      [new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "Refused"],
      [
        Object.assign(new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]), { code: "ECONNREFUSED" }),
        "Refused"
      ],
      [new AggregateError([coded("EHOSTUNREACH")]), "Unreachable"],
      [Object.assign(new AggregateError([coded("ENETUNREACH")]), { code: "ETIMEDOUT" }), "ConnectTimeout"],
      [coded("EPROTO", "write EPROTO ssl3_get_record:wrong version number"), "Tls"],
      [coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), "Tls"],
      [coded("ECONNRESET", "Client network socket disconnected before secure TLS connection was established"), "Tls"],
      [coded("ECONNRESET"), "Reset"],
      [coded("HPE_INVALID_CONSTANT"), "Protocol"],
      [coded("UND_ERR_HEADERS_OVERFLOW"), "HeadersTooLarge"],
      [coded("Z_DATA_ERROR"), "Decode"],
      [coded("UND_ERR_INFO", "HTTP/2: \"GOAWAY\" frame received with code 0"), "Reset"],
      [coded("UND_ERR_ABORTED", "Proxy response (403) !== 200 when HTTP Tunneling"), "Proxy"],
      [new Error("something else"), "Protocol"],
      ["a text", "Protocol"],
      [undefined, "Protocol"]
    ]
    for (const [cause, expected] of rows) assert.strictEqual(reason(cause), expected, String(cause))
  })

  it("causes that lead back to themselves end", () => {
    const first = new Error("first")
    const second = new Error("second", { cause: first })
    first.cause = second
    assert.strictEqual(reason(first), "Protocol")
  })

  it("R21 an error of the certificate tells for which names it would be right", () => {
    const cause = coded("ERR_TLS_CERT_ALTNAME_INVALID", "no", {
      cert: { subjectaltname: "DNS:b.test, IP Address:10.0.0.1" }
    })
    assert.strictEqual(
      Failure.fromCause(cause, "a.test:443").detail,
      "the certificate is not for a.test but for b.test, 10.0.0.1"
    )
  })
})
