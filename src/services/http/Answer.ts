/** The answer to an exchange, with its body read. */
import { Cookies, type Headers, type HttpClientResponse } from "effect/http"
import * as HttpPolicy from "../HttpPolicy.ts"
import * as BodyText from "./BodyText.ts"
import * as CookieJar from "./CookieJar.ts"
import type { Prepared } from "./Request.ts"

/** One step on the way from the first URL to the last. */
export interface Redirect {
  readonly status: number
  /** Where the answer came from. */
  readonly url: string
  /** Where it led. */
  readonly location: string
}

export interface Exchange {
  readonly status: number
  /** Names in lower case; the values of a repeated header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly setCookies: ReadonlyArray<string>
  /** The body, decompressed. */
  readonly bytes: Uint8Array
  /** The body as text, by the encoding that its `content-type` names. */
  readonly text: string
  /** The URL that answered. */
  readonly url: string
  readonly redirects: ReadonlyArray<Redirect>
  /** From the sending of the first request to the end of the last body, in milliseconds. */
  readonly durationMs: number
  /** `1.1` or `2`, where the client tells. */
  readonly httpVersion: string | undefined
  /** The last request, as it was sent. */
  readonly sent: Prepared
}

/** The end of the way: the response that is no redirect. Headers are apart, since a client may make them anew each time. */
export interface Last {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly headers: Headers.Headers
  readonly bytes: Uint8Array
}

export class Answer implements Exchange {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly url: string
  readonly redirects: ReadonlyArray<Redirect>
  readonly durationMs: number
  readonly httpVersion: string | undefined
  readonly sent: Prepared
  readonly setCookies: ReadonlyArray<string>
  private decoded: string | undefined

  constructor(
    { bytes, headers, response }: Last,
    sent: Prepared,
    redirects: ReadonlyArray<Redirect>,
    durationMs: number
  ) {
    this.status = response.status
    this.bytes = bytes
    this.url = sent.url.href
    this.redirects = redirects
    this.durationMs = durationMs
    this.httpVersion = HttpPolicy.httpVersionOf(response)
    this.sent = sent
    this.setCookies = setCookiesOf(response, headers)
    this.headers = this.setCookies.length > 1
      ? { ...headers, "set-cookie": this.setCookies.join(", ") }
      : headers
  }

  /** Decoded when first asked for: many answers are only looked at by status. */
  get text(): string {
    return this.decoded ??= BodyText.decode(this.bytes, this.headers["content-type"])
  }
}

/** Returns the `set-cookie` headers of a response one by one. */
export const setCookiesOf = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers
): ReadonlyArray<string> => {
  const joined = headers["set-cookie"]
  if (joined === undefined) return []
  const listed = CookieJar.split(joined)
  // Effect's headers of a fetch response keep only the last one; its cookies have them all, written anew.
  return Object.keys(response.cookies.cookies).length > listed.length
    ? Cookies.toSetCookieHeaders(response.cookies)
    : listed
}
