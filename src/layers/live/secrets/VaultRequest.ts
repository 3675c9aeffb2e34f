/** One request to a Vault: what it answers, or why it did not, in words that hold no secret. */
import { Effect, Redacted, Result, Schedule } from "effect"
import type { HttpClient } from "effect/http"
import * as Json from "../../../core/Json.ts"
import type { Masking } from "../../../core/Masking.ts"
import * as Preview from "../../../core/Preview.ts"
import { isArray, isRecord, type Value } from "../../../core/Value.ts"
import * as HttpExchange from "../../../services/HttpExchange.ts"
import type * as HttpPolicy from "../../../services/HttpPolicy.ts"
import type { Trouble } from "../../../services/Secrets.ts"

/** A server as requests see it. */
export interface Server {
  readonly address: string
  readonly connection: HttpPolicy.ConnectionOptions
}

export interface Call {
  readonly method: "GET" | "POST"
  /** Behind `/v1/`, each segment encoded. */
  readonly path: string
  readonly namespace: string | undefined
  readonly token?: Redacted.Redacted<string> | undefined
  readonly body?: Value | undefined
}

export interface Answer {
  readonly status: number
  /** What the body holds, `null` when it is no JSON. */
  readonly json: Value
  /** What the server says is wrong, for a message; empty when it says nothing. */
  readonly complaint: string
}

/** Largest answer that is read. */
const maxBodyBytes = 4_194_304

/** Sends it; again, twice at most, while the server is not reached, overloaded, sealed or broken. Those are `Down` in the end. */
export const send = (
  server: Server,
  call: Call,
  masking: Masking["Service"]
): Effect.Effect<Answer, Trouble, HttpClient.HttpClient> =>
  Effect.retry(once(server, call, masking), { while: ({ kind }) => kind === "Down", times: 2, schedule: again })

const again = Schedule.jittered(Schedule.exponential("100 millis"))

const once = Effect.fnUntraced(function*(
  { address, connection }: Server,
  { body, method, namespace, path, token }: Call,
  masking: Masking["Service"]
): Effect.fn.Return<Answer, Trouble, HttpClient.HttpClient> {
  const exchange = yield* HttpExchange.execute({
    method,
    url: `${address}/v1/${path}`,
    headers: {
      "x-vault-request": "true",
      ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      ...(token === undefined ? {} : { "x-vault-token": Redacted.value(token) })
    },
    ...(body === undefined ? {} : { body: { _tag: "Json", value: body } }),
    connection,
    maxBodyBytes
  }).pipe(Effect.mapError((error): Trouble => ({
    kind: error.reason === "Tls" || error.reason === "BodyTooLarge" ? "Failed" : "Down",
    problem: `cannot be asked at ${address}: ${masking.text(error.detail)}`,
    hint: error.reason === "Tls"
      ? "name the certificates that are to be trusted with vault.ca in skein.yaml, or VAULT_CACERT"
      : "see whether it is running, and whether its address is right"
  })))
  const { status } = exchange
  const json = decode(exchange.bytes)
  const complaint = masking.text(Preview.cut(complaints(json).replaceAll(/\s+/g, " ").trim(), 200))
  if (status === 429 || status >= 500) {
    return yield* Effect.fail<Trouble>({
      kind: "Down",
      problem: `answers ${status} at ${address}${complaint === "" ? "" : `: ${complaint}`}`,
      hint: status === 503 ? "unseal it, or wait until it is ready" : "try again later"
    })
  }
  return { status, json, complaint }
})

const decode = (bytes: Uint8Array): Value => Result.getOrElse(Json.parse(new TextDecoder().decode(bytes)), () => null)

const complaints = (json: Value): string =>
  isRecord(json) && isArray(json["errors"]) ? json["errors"].filter((one) => typeof one === "string").join("; ") : ""
