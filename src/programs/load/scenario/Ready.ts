/** A request of a step under load that can be sent. */
import { Result } from "effect"
import type * as Code from "../../../scenario/compile/Code.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import { type Keep, type LoadRequest, request as loadRequest } from "../../../services/LoadTransport.ts"

export interface Ready {
  readonly prepared: Prepared
  readonly request: LoadRequest
}

/** Why there is none: what a step fails with. */
export interface Unsendable {
  readonly message: string
}

/** Makes the request of an iteration. Throws `CodeFailure` when a name has no value. */
export type Make = (names: Code.Names, machine: Code.Machine) => Result.Result<Ready, Unsendable>

/** Makes the bytes of a prepared request. The cookies stand behind those that it has itself. */
export const of = (prepared: Prepared, keep: Keep, cookies?: string): Result.Result<Ready, Unsendable> => {
  const { body, method, url } = prepared
  const headers = Object.entries(prepared.headers)
  if (cookies !== undefined) {
    const own = headers.findIndex(([name]) => name === "cookie")
    if (own === -1) headers.push(["cookie", cookies])
    else headers[own] = ["cookie", `${headers[own]![1]}; ${cookies}`]
  }
  return Result.mapBoth(loadRequest({ method, url, headers, body, keep }), {
    onFailure: unsendable,
    onSuccess: (request) => ({ prepared, request })
  })
}

/** Says what is wrong with a request. */
export const unsendable = (problems: ReadonlyArray<string>): Unsendable => ({ message: problems.join("; ") })
