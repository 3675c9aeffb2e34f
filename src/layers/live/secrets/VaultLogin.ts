/**
 * The token for one way into one Vault: made by a login when it is asked for first, renewed while it is in use, made anew when
 * it has ended, revoked with the scope.
 *
 * States: none -> (login) good -> (two thirds of its lease, asked for since) renewed, good
 *                              -> (not asked for since, or not renewed) left to end -> none
 *                              -> (refused by the server) none
 * A token that was given instead of made has no other way than to be renewed, and is never revoked.
 */
import { Clock, Effect, Redacted, Schedule, type Scope, Semaphore } from "effect"
import type { HttpClient } from "effect/http"
import type { Masking } from "../../../core/Masking.ts"
import { isRecord, type Value } from "../../../core/Value.ts"
import type { Trouble } from "../../../services/Secrets.ts"
import type { Access, Credential } from "../../../services/Vault.ts"
import * as VaultRequest from "./VaultRequest.ts"

export interface Tokens {
  /** One that is good as far as is known. Those who ask while there is none share one login. */
  readonly get: Effect.Effect<Redacted.Redacted<string>, Trouble>
  /** Forgets a token that the server refused; answers whether asking again may help. */
  readonly refused: (token: Redacted.Redacted<string>) => boolean
}

/** A token and its lease. */
interface Held {
  readonly token: Redacted.Redacted<string>
  /** On the monotonic clock, in seconds; infinity without a lease. */
  endsAt: number
  /** Whether it was asked for since it was made or renewed. */
  inUse: boolean
}

interface Lease {
  readonly token: string
  /** 0 when it does not end. */
  readonly seconds: number
  readonly renewable: boolean
}

/** A given token is only looked up by runs that take longer than this: shorter ones are spared the request. */
const firstLook = "10 seconds"

/** A token this close to its end, in seconds, is not used any more; nor is a lease as short as that renewed. */
const margin = 1

export const make = Effect.fnUntraced(function*(
  access: Access,
  server: VaultRequest.Server,
  read: (credential: Credential) => Effect.Effect<Redacted.Redacted<string>, Trouble>,
  masking: Masking["Service"]
): Effect.fn.Return<Tokens, never, HttpClient.HttpClient | Scope.Scope> {
  const { login, namespace } = access
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<HttpClient.HttpClient | Scope.Scope>()
  const turn = yield* Semaphore.make(1)
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e9
  const send = (call: Omit<VaultRequest.Call, "namespace">) =>
    VaultRequest.send(server, { ...call, namespace }, masking)
  let held: Held | undefined

  const good = (): Held | undefined => held !== undefined && now() < held.endsAt - margin ? held : undefined

  const enter = Effect.gen(function*() {
    if (login._tag === "Token") return { token: yield* read(login.token), lease: undefined }
    const answer = yield* send({
      method: "POST",
      path: `auth/${segments(login.mount)}/login`,
      body: yield* proofOf(login, read)
    })
    const lease = leaseOf(answer.json)
    if (lease === undefined) return yield* refusedLogin(login._tag, answer)
    masking.add(lease.token, "vault token")
    return { token: Redacted.make(lease.token), lease }
  })

  const begin = Effect.gen(function*() {
    const before = good()
    if (before !== undefined) return before
    const { lease, token } = yield* enter
    const next: Held = { token, endsAt: lease === undefined ? Infinity : endOf(lease.seconds), inUse: true }
    held = next
    // Whatever fails there, the token ends at its time, and is made anew then.
    yield* Effect.forkScoped(Effect.ignore(lease === undefined ? keepGiven(next) : keep(next, lease)))
    return next
  })

  const endOf = (seconds: number): number => seconds === 0 ? Infinity : now() + seconds

  const keepGiven = Effect.fnUntraced(function*(mine: Held) {
    yield* Effect.sleep(firstLook)
    const { json } = yield* send({ method: "GET", path: "auth/token/lookup-self", token: mine.token })
    const data = fieldsOf(json, "data")
    const seconds = Number(data["ttl"] ?? 0)
    mine.endsAt = endOf(seconds)
    yield* keep(mine, { token: "", seconds, renewable: data["renewable"] === true })
  })

  /** Renews until the token is not used any more, replaced, or not to be renewed; then it ends by itself. */
  const keep = Effect.fnUntraced(function*(mine: Held, lease: Lease) {
    let { renewable, seconds } = lease
    while (renewable && seconds > margin) {
      yield* Effect.sleep(seconds * 1_000 * 2 / 3)
      if (held !== mine || !mine.inUse) return
      mine.inUse = false
      const { json } = yield* Effect.retry(
        send({ method: "POST", path: "auth/token/renew-self", token: mine.token, body: {} }),
        { while: ({ kind }) => kind === "Down" && good() === mine, schedule: Schedule.spaced("5 seconds") }
      )
      const renewed = leaseOf(json)
      if (renewed === undefined) return
      renewable = renewed.renewable
      seconds = renewed.seconds
      mine.endsAt = endOf(seconds)
    }
  })

  if (login._tag !== "Token") {
    yield* Effect.addFinalizer(() => {
      const last = good()
      return last === undefined ? Effect.void : Effect.ignore(Effect.timeout(
        send({ method: "POST", path: "auth/token/revoke-self", token: last.token }),
        "1 second"
      ))
    })
  }

  return {
    get: Effect.suspend(() => {
      const one = good()
      if (one === undefined) return Effect.map(turn.withPermit(begin), ({ token }) => token)
      one.inUse = true
      return Effect.succeed(one.token)
    }).pipe(Effect.provideContext(context)),
    refused: (token) => {
      if (held?.token === token) held = undefined
      return login._tag !== "Token" || "file" in login.token
    }
  }
})

const proofOf = Effect.fnUntraced(function*(
  login: Exclude<Access["login"], { readonly _tag: "Token" }>,
  read: (credential: Credential) => Effect.Effect<Redacted.Redacted<string>, Trouble>
): Effect.fn.Return<Value, Trouble> {
  if (login._tag === "Kubernetes") return { role: login.role, jwt: Redacted.value(yield* read(login.jwt)) }
  const secretId = login.secretId === undefined ? {} : { secret_id: Redacted.value(yield* read(login.secretId)) }
  return { role_id: login.roleId, ...secretId }
})

const refusedLogin = (method: string, { complaint, status }: VaultRequest.Answer): Effect.Effect<never, Trouble> =>
  Effect.fail({
    kind: "Failed",
    problem: `refuses the login (${method}): ${complaint === "" ? `status ${status}` : complaint}`,
    hint: "see whether role and credentials are right, and where the method is mounted (vault.login_mount)"
  })

const leaseOf = (json: Value): Lease | undefined => {
  const { client_token, lease_duration, renewable } = fieldsOf(json, "auth")
  return typeof client_token === "string"
    ? { token: client_token, seconds: Number(lease_duration ?? 0), renewable: renewable === true }
    : undefined
}

/** The fields of a field; empty when there is none. */
export const fieldsOf = (json: Value, name: string): { readonly [field: string]: Value | undefined } => {
  const field = isRecord(json) ? json[name] : undefined
  return field !== undefined && isRecord(field) ? field : {}
}

/** A path with each of its segments encoded. */
export const segments = (path: string): string => path.split("/").map(encodeURIComponent).join("/")
