/**
 * Where a redirect leads, and with what: the method and body that RFC 9110 asks for, and no secret to another host.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 */
import { Result } from "effect"
import * as Preview from "../../core/Preview.ts"
import type { Failure } from "./Failure.ts"
import type { Prepared } from "./Request.ts"

/** Whether a status asks to go elsewhere; with `location` it is followed. */
export const isRedirect = (status: number): boolean =>
  status >= 301 && status <= 308 && (status <= 303 || status >= 307)

/**
 * Returns the request that follows an answer, or `undefined` when the answer is no redirect (no `location`, another status).
 *
 * Fails with `InvalidUrl` when `location` cannot be followed. `isSecret` is asked about the values of headers that cross
 * hosts; their names are looked at here.
 */
export const next = (
  sent: Prepared,
  status: number,
  location: string | undefined,
  isSecret: (value: string) => boolean
): Result.Result<Prepared | undefined, Failure> => {
  if (!isRedirect(status) || location === undefined || location === "") return Result.succeed(undefined)
  const url = URL.parse(location, sent.url.href)
  if (url === null || url.protocol !== "http:" && url.protocol !== "https:") {
    return Result.fail({
      reason: "InvalidUrl",
      detail: `it redirects to ${JSON.stringify(Preview.cut(location, 200))}, which is no http: or https: URL`
    })
  }
  // Credentials that a server puts into a URL are not ours to send.
  url.username = ""
  url.password = ""
  url.hash = ""

  const toGet = status === 303
    ? sent.method !== "HEAD" && sent.method !== "GET"
    : status < 303 && sent.method === "POST"
  const crossing = crossesHosts(sent.url, url)
  const headers = Object.fromEntries(
    Object.entries(sent.headers).filter(([name, value]) =>
      name !== "host" && !(toGet && name.startsWith("content-")) &&
      !(crossing && (isSecretName(name) || isSecret(value)))
    )
  )
  return Result.succeed({ method: toGet ? "GET" : sent.method, url, headers, body: toGet ? undefined : sent.body })
}

/** Another host or port, or a fall from `https:` to `http:`. The step up from port 80 to `https:` of the same host is none. */
export const crossesHosts = (from: URL, to: URL): boolean => {
  if (from.hostname !== to.hostname) return true
  if (from.protocol === to.protocol) return from.port !== to.port
  return from.protocol === "https:" || from.port !== "" || to.port !== ""
}

/** True for header names that carry secrets by custom: whoever uses one does not want it at another host. */
export const isSecretName = (name: string): boolean => secretName.test(name)

const secretName = /auth|cookie|token|secret|key|passw|credential|session|signature/i
