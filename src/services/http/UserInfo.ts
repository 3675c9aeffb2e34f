/** Credentials that stand in a URL, `http://user:password@host/`: they are sent as basic auth, and the URL is used without them. */
import { Result } from "effect"
import { Base64 } from "effect/encoding"

export interface UserInfo {
  readonly user: string
  readonly password: string
}

/** Removes the credentials of `url` from it and returns them; `undefined` when it has none. */
export const take = (url: URL): UserInfo | undefined => {
  if (url.username === "" && url.password === "") return undefined
  const found = { user: decode(url.username), password: decode(url.password) }
  url.username = ""
  url.password = ""
  return found
}

/** The value of the `authorization` header. */
export const header = ({ password, user }: UserInfo): string =>
  `Basic ${Base64.encode(encoder.encode(`${user}:${password}`))}`

/** The URL's parser encodes all but a stray percent sign, which is then meant. */
const decode = (text: string): string => Result.getOrElse(Result.try(() => decodeURIComponent(text)), () => text)

const encoder = new TextEncoder()
