/** Why a step of the quick form did not pass, in few words until somebody wants more. */
import { CodeFailure } from "../../../scenario/compile/Code.ts"
import type { Failure } from "../../../scenario/Event.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import type { LoadFailure } from "../../../services/LoadTransport.ts"

export interface Misfit {
  readonly kind: Failure["kind"]
  /** What `retry.on` asks. */
  readonly reason: string
  readonly message: string
  readonly status?: number | undefined
}

/** Something that the file says has no value, or cannot be sent. */
export const invalid = (message: string): Misfit => ({ kind: "error", reason: "invalid", message })

/** There was no answer to the request. */
export const lost = ({ method, url }: Prepared, { detail, kind }: Pick<LoadFailure, "kind" | "detail">): Misfit => ({
  kind: "error",
  reason: reasons[kind],
  message: `${method} ${url.href}: ${detail}`
})

/** Runs code of the file; answers with why it has no value. What else it throws is a fault of ours, and goes on. */
export const attempt = <A>(run: () => A): A | Misfit => {
  try {
    return run()
  } catch (error) {
    if (error instanceof CodeFailure) return invalid(error.message)
    throw error
  }
}

/** How each kind of failure counts for `retry.on`, as for the client that `skein run` uses. */
const reasons: Readonly<Record<LoadFailure["kind"], string>> = {
  dns: "connection",
  "connect-refused": "connection",
  "connect-timeout": "timeout",
  unreachable: "connection",
  tls: "connection",
  proxy: "connection",
  reset: "connection",
  timeout: "timeout",
  protocol: "connection",
  "too-large": "refused",
  "ports-exhausted": "connection"
}
