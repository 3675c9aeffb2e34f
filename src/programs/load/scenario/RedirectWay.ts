/** Goes where the answer to a request redirects, with the user's cookies: each hop is a request of its own in the figures. */
import { Effect, Result } from "effect"
import type { ValueRecord } from "../../../core/Value.ts"
import type * as CookieJar from "../../../services/http/CookieJar.ts"
import * as Redirects from "../../../services/http/Redirects.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import type { LoadClock } from "../../../services/LoadClock.ts"
import { type LoadFailure, type LoadResponse, toFailure } from "../../../services/LoadTransport.ts"
import { headerOf, setCookiesOf } from "./HttpAnswer.ts"
import type { UserConnections } from "./UserConnections.ts"
import type { HttpUserStep } from "./UserStep.ts"

export interface Options {
  readonly connections: UserConnections
  readonly jar: CookieJar.CookieJar
  readonly clock: LoadClock["Service"]
  readonly isSecret: (value: string) => boolean
}

/** The end of the way: the answer, the request that it is to, and the hops before as `redirects` of the output has them. */
export interface Arrived {
  readonly response: LoadResponse
  readonly prepared: Prepared
  readonly redirects: ReadonlyArray<ValueRecord>
}

/** Why there is no end: a hop without an answer, sent at that tick, or one that is not made. */
export type Stuck =
  | { readonly _tag: "Lost"; readonly failure: LoadFailure; readonly sentAt: number }
  | { readonly _tag: "Refused"; readonly message: string; readonly ended: number }

export class RedirectWay {
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
  }

  /** Keeps the cookies of each answer, and follows as far as the step wants. `late` is how late the iteration began, in ticks. */
  follow(step: HttpUserStep, sent: Prepared, answer: LoadResponse, late: number): Effect.Effect<Arrived, Stuck> {
    const { isSecret, jar } = this.options
    const { cookies, maxRedirects } = step.requests
    return Effect.gen({ self: this }, function*() {
      const redirects: Array<ValueRecord> = []
      let prepared = sent
      let response = answer
      while (true) {
        const { ended, status } = response
        const location = headerOf(response, "location")
        const kept = cookies ? setCookiesOf(response) : []
        if (kept.length > 0) yield* jar.store(kept, prepared.url)
        if (maxRedirects === 0 || location === undefined || !Redirects.isRedirect(status)) {
          return { response, prepared, redirects }
        }
        const next = Redirects.next(prepared, status, location, isSecret)
        if (Result.isFailure(next)) return yield* refused(next.failure.detail, ended)
        if (next.success === undefined) return yield* refused("the redirect leads nowhere", ended)
        const { href } = next.success.url
        if (redirects.length >= maxRedirects) {
          return yield* refused(`it redirects for more than ${redirects.length} times, now to ${href}`, ended)
        }
        redirects.push({ status, url: prepared.url.href, location: href })
        prepared = next.success
        response = yield* this.hop(step, prepared, late)
      }
    })
  }

  private hop(step: HttpUserStep, prepared: Prepared, late: number): Effect.Effect<LoadResponse, Stuck> {
    const { clock, connections, jar } = this.options
    const started = clock.now()
    const made = step.requests.ready(prepared, step.requests.cookies ? jar.header(prepared.url) : undefined)
    if (Result.isFailure(made)) {
      return Effect.fail(lost({ kind: "protocol", detail: made.failure.message, ended: started, bytesIn: 0 }, started))
    }
    return Effect.mapError(connections.to(step, prepared.url), (error) => lost(toFailure(error), started)).pipe(
      Effect.flatMap((connection) =>
        Effect.callback<LoadResponse, Stuck>((resume) => {
          const sentAt = clock.now()
          connection.send(made.success.request, {
            onResponse: (response) => {
              const { bytesIn, bytesOut, ended, status } = response
              step.record.response(sentAt - late, sentAt, ended, status, bytesIn, bytesOut)
              resume(Effect.succeed(response))
            },
            onError: (failure) => resume(Effect.fail(lost(failure, sentAt)))
          })
          return Effect.sync(() => connection.abort())
        })
      )
    )
  }
}

const lost = (failure: LoadFailure, sentAt: number): Stuck => ({ _tag: "Lost", failure, sentAt })

const refused = (message: string, ended: number): Effect.Effect<never, Stuck> =>
  Effect.fail({ _tag: "Refused", message, ended })
