/** The cookies of one case: kept from answers, sent where they belong, in memory only. */
import { Effect } from "effect"
import type { CookieJar as ToughJar } from "tough-cookie"

export interface CookieJar {
  /** The `cookie` header for a request to `url`; `undefined` when no cookie belongs there. */
  readonly header: (url: URL) => string | undefined
  /** Keeps what `set-cookie` headers of an answer from `url` say. What no browser would keep is dropped, and what is over the bounds. */
  readonly store: (setCookies: ReadonlyArray<string>, url: URL) => Effect.Effect<void>
}

/** Bounds of a jar; browsers have similar ones. @see https://www.rfc-editor.org/rfc/rfc6265#section-6.1 */
export const maxCookieLength = 4_096
export const maxCookies = 3_000

/** Makes an empty jar. The cookie rules are loaded with the first cookie. */
export const make: Effect.Effect<CookieJar> = Effect.sync(() => {
  let jar: ToughJar | undefined
  let kept = 0
  return {
    header: (url) => jar?.getCookieStringSync(url.href) || undefined,
    store: (setCookies, url) =>
      setCookies.length === 0 ? Effect.void : Effect.map(
        Effect.promise(() => import("tough-cookie")),
        ({ CookieJar }) => {
          jar ??= new CookieJar(undefined, { looseMode: true, rejectPublicSuffixes: true })
          for (const cookie of setCookies) {
            if (cookie.length > maxCookieLength || kept >= maxCookies) continue
            if (jar.setCookieSync(cookie, url.href, { ignoreError: true }) !== undefined) kept++
          }
        }
      )
  }
})

/** Parts what the headers of an answer joined: a comma that no `name=` follows belongs to a date. */
export const split = (joined: string | undefined): ReadonlyArray<string> =>
  joined === undefined || joined === "" ? [] : joined.split(/,\s*(?=[!#$%&'*+\-.^_`|~0-9A-Za-z]+=)/)
