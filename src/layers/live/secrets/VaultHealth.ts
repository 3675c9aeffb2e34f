/** Asks a Vault whether it is ready, and whether our token is good there. */
import { Clock, Duration, Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { Masking } from "../../../core/Masking.ts"
import { isRecord } from "../../../core/Value.ts"
import type { Health } from "../../../services/Health.ts"
import type { Trouble } from "../../../services/Secrets.ts"
import type { Access } from "../../../services/Vault.ts"
import type { Tokens } from "./VaultLogin.ts"
import * as VaultRequest from "./VaultRequest.ts"

/** Asks for its state, which needs no token, then for that of the token, which is timed. */
export const ask = Effect.fnUntraced(function*(
  server: VaultRequest.Server,
  { namespace }: Access,
  tokens: Tokens,
  masking: Masking["Service"]
): Effect.fn.Return<Health, Trouble, HttpClient.HttpClient> {
  const state = yield* VaultRequest.send(server, {
    method: "GET",
    path: `sys/health?${anyState}`,
    namespace: undefined
  }, masking)
  const { initialized, sealed, version } = isRecord(state.json) ? state.json : {}
  const known = { version: typeof version === "string" ? version : undefined }
  if (sealed === true || initialized === false) {
    return initialized === false
      ? { ...known, status: "down", problem: "it is not initialized", hint: "run: vault operator init" }
      : { ...known, status: "down", problem: "it is sealed", hint: "run: vault operator unseal" }
  }
  const token = yield* tokens.get
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const self = yield* VaultRequest.send(
    server,
    { method: "GET", path: "auth/token/lookup-self", namespace, token },
    masking
  )
  const latency = Duration.nanos(clock.monotonicTimeNanosUnsafe() - started)
  return self.status === 200 ? { ...known, status: "up", latency } : {
    ...known,
    status: "degraded",
    latency,
    problem: "the token may not look itself up: it has ended, or lacks the default policy",
    hint: "log in again, or see the policies of the token"
  }
})

/** Any state is answered with success, so that the answer tells which. */
const anyState = "standbyok=true&perfstandbyok=true&sealedcode=299&uninitcode=299"
