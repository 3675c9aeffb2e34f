/** Weak `ETag`s, as the API gives some of its lists of memberships, and 304 for who has the list already. */
import { crc32c } from "../../../core/Crc32c.ts"
import { type Answer, type Received, withHeaders } from "./PantheonAnswer.ts"

const tagged: ReadonlySet<string> = new Set([
  "GET users/:user/memberships/sites",
  "GET users/:user/memberships/organizations",
  "GET organizations/:organization/memberships/sites"
])

/** The answer to a route with its tag; without its body for a client whose `If-None-Match` has that tag. */
export const answer = (route: string, { headers }: Received, right: Answer): Answer => {
  if (!tagged.has(route) || right.status !== 200) return right
  const tag = `W/"${right.body.length.toString(16)}-${(crc32c(right.body) >>> 0).toString(16)}"`
  const known = headers["if-none-match"]?.split(",").map((one) => one.trim()) ?? []
  return withHeaders(known.includes(tag) ? { ...right, status: 304, body: new Uint8Array() } : right, { etag: tag })
}
