/**
 * Where the bytes of one file come from: a URL that is made late and made anew when it has expired, redirects without credentials for
 * others, tries again where that may help, each host asked no more than it may be.
 */
import { Clock, Duration, Effect, Option, Random, Result, Scope } from "effect"
import { Masking } from "../../core/Masking.ts"
import { type Answer, FileTransfer, FileTransferError } from "../../services/FileTransfer.ts"
import * as Redirects from "../../services/http/Redirects.ts"
import { prepare, type Prepared, type Request } from "../../services/http/Request.ts"
import * as HostGate from "../../services/polite/HostGate.ts"
import * as RateLimitHeaders from "../../services/polite/RateLimitHeaders.ts"
import * as Retry from "../../services/polite/Retry.ts"
import type * as PoliteHttp from "../../services/PoliteHttp.ts"
import { DownloadError, fromTransfer } from "./DownloadError.ts"

/** What the requests of all files share. */
export interface Sending {
  readonly limits: PoliteHttp.Settings
  readonly silence: Duration.Duration
  readonly maxRedirects: number
  readonly publicOnly: boolean
  readonly gateOf: (host: string) => Effect.Effect<HostGate.HostGate>
}

/** Makes the gates, one per host; they live as long as the scope. */
export const makeGates = Effect.fnUntraced(function*(limits: PoliteHttp.Settings) {
  const scope = yield* Effect.scope
  const gates = new Map<string, HostGate.HostGate>()
  return (host: string): Effect.Effect<HostGate.HostGate> =>
    Effect.suspend(() => {
      const gate = gates.get(host)
      if (gate !== undefined) return Effect.succeed(gate)
      return Effect.map(Scope.provide(HostGate.make(limits), scope), (made) => {
        gates.set(host, made)
        return made
      })
    })
})

/** An answer that has the content or a piece of it. */
export interface Head extends Answer {
  /** After redirects. */
  readonly url: URL
}

export interface Source<R> {
  /**
   * Asks, and uses the answer: 200, 206, 412 or 416. What fails for the network's sake is done again, from the asking on, as often as
   * the limits allow; `progressed` says whether the last try brought enough for the count to begin anew.
   */
  readonly use: <A>(
    headers: () => Readonly<Record<string, string>>,
    use: (head: Head) => Effect.Effect<A, FileTransferError | DownloadError, R | FileTransfer | Scope.Scope>,
    progressed: () => boolean
  ) => Effect.Effect<A, DownloadError, R | FileTransfer>
  /** Tells of a failure for the network's sake and waits, before what is missing is asked for in another way. */
  readonly pause: (error: FileTransferError) => Effect.Effect<void>
  /** The URL that is asked, as it was last made. */
  readonly url: Effect.Effect<URL, DownloadError, R>
  /** Tries after failures so far. */
  readonly retries: () => number
}

export interface Options<R> {
  /** Makes the request: anew each time when its URL expires. */
  readonly request: Effect.Effect<Request, { readonly message: string }, R>
  /** How long what it makes may be used. @default for as long as the server takes it */
  readonly lasts?: Duration.Duration | undefined
  readonly onRetry: (because: string, wait: Duration.Duration) => Effect.Effect<void>
}

/** What another try may mend. */
class Again {
  readonly error: DownloadError
  readonly wait: Duration.Duration | undefined
  readonly renew: boolean
  constructor(error: DownloadError, wait?: Duration.Duration, renew = false) {
    this.error = error
    this.wait = wait
    this.renew = renew
  }
}

interface Minted {
  readonly prepared: Prepared
  readonly at: number
}

/** Answers that a URL gives when its time is over; and when something else is wrong. */
const expired: ReadonlySet<number> = new Set([400, 401, 403, 404, 410])
/** Times that a URL is made anew without a byte in between. */
const maxRenewals = 2
const useful: ReadonlySet<number> = new Set([200, 206, 412, 416])
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

export const make = <R>(sending: Sending, options: Options<R>): Source<R> => {
  let minted: Minted | undefined
  let renewals = 0
  let retries = 0
  /** Whether the URL has ever been answered with content. */
  let worked = false

  const now = Effect.map(Clock.Clock, (clock) => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n))

  const request = Effect.fnUntraced(function*() {
    const time = yield* now
    const lasts = options.lasts === undefined ? Infinity : Duration.toMillis(options.lasts) * 0.9
    if (minted !== undefined && time - minted.at < lasts) return minted.prepared
    const made = yield* Effect.mapError(
      options.request,
      ({ message }) => new DownloadError({ reason: "Source", message })
    )
    const prepared = prepare({ ...made, method: "GET", body: undefined }, "")
    if (Result.isFailure(prepared)) {
      return yield* new DownloadError({ reason: "Unsendable", message: prepared.failure.detail })
    }
    minted = { prepared: prepared.success, at: time }
    return minted.prepared
  })

  const once = Effect.fnUntraced(function*(headers: Readonly<Record<string, string>>) {
    const first = yield* request()
    const head = yield* follow(sending, { ...first, headers: { ...first.headers, ...headers } })
    if (useful.has(head.status)) {
      worked = true
      return head
    }
    return yield* Effect.fail(yield* refused(head))
  })

  const refused = Effect.fnUntraced(function*(head: Head) {
    const { status } = head
    const error = new DownloadError({
      reason: "Status",
      status,
      message: `${head.url.host} answers with status ${status}`,
      ...(status === 401 || status === 403
        ? { hint: "Credentials go into --header, or the URL has expired: get a new one" }
        : {})
    })
    const clock = yield* Clock.Clock
    const asked = RateLimitHeaders.retryAfterMs(head.headers, clock.currentTimeMillisUnsafe())
    const wait = asked === undefined
      ? undefined
      : Duration.min(Duration.millis(asked), sending.limits.maxRetryAfter)
    if (passing.has(status)) {
      if (status === 429 || asked !== undefined) yield* slowDown(sending, head.url.host, wait)
      return new Again(error, wait)
    }
    const mayRenew = expired.has(status) && (worked || options.lasts !== undefined) && renewals < maxRenewals
    return mayRenew ? new Again(error, Duration.zero, true) : error
  })

  const tried = <A>(
    headers: Readonly<Record<string, string>>,
    use: (head: Head) => Effect.Effect<A, FileTransferError | DownloadError, R | FileTransfer | Scope.Scope>
  ) =>
    Effect.scoped(Effect.flatMap(once(headers), use)).pipe(
      Effect.mapError((error) =>
        error instanceof FileTransferError
          ? error.reason === "Network" ? new Again(fromTransfer(error)) : fromTransfer(error)
          : error
      ),
      Effect.result
    )

  const pause = Effect.fnUntraced(function*(failure: Again, failures: number) {
    retries++
    const wait = failure.wait ?? Retry.backoff(sending.limits, failures, yield* Random.next)
    yield* options.onRetry(failure.error.message, wait)
    yield* Effect.sleep(wait)
  })

  return {
    retries: () => retries,
    url: Effect.map(request(), ({ url }) => url),
    pause: (error) => pause(new Again(fromTransfer(error)), 1),
    use: Effect.fnUntraced(function*(headers, use, progressed) {
      for (let failures = 1;; failures++) {
        const result = yield* tried(headers(), use)
        if (Result.isSuccess(result)) return result.success
        const { failure } = result
        if (!(failure instanceof Again)) return yield* failure
        if (progressed()) {
          failures = 1
          renewals = 0
        }
        if (failures > sending.limits.retries) return yield* failure.error
        if (failure.renew) {
          renewals++
          minted = undefined
        }
        yield* pause(failure, failures)
      }
    })
  }
}

/** A host that wants silence has it from all files. */
const slowDown = Effect.fnUntraced(function*(
  sending: Sending,
  host: string,
  wait: Duration.Duration | undefined
) {
  const gate = yield* sending.gateOf(host)
  yield* gate.tell({ _tag: "Refused" })
  if (wait !== undefined) yield* gate.pause(wait)
})

/** Follows redirects; the answer's connection ends with the scope. */
const follow = Effect.fnUntraced(function*(sending: Sending, first: Prepared) {
  const { get } = yield* FileTransfer
  const masking = yield* Effect.serviceOption(Masking)
  const isSecret = (value: string) => Option.isSome(masking) && masking.value.find(value).length > 0
  let current = first
  let publicOnly = sending.publicOnly
  for (let redirects = 0;; redirects++) {
    const gate = yield* sending.gateOf(current.url.host)
    const { headers, url } = current
    // Decompressed bytes would be another file, with other lengths.
    const wanted = { ...headers, "accept-encoding": "identity" }
    const answer = yield* gate.run(get({ url, headers: wanted, silence: sending.silence, publicOnly })).pipe(
      Effect.tapError(() => gate.tell({ _tag: "Lost" }))
    )
    const next = Redirects.next(current, answer.status, answer.headers["location"], isSecret)
    if (Result.isFailure(next)) return yield* new DownloadError({ reason: "Unsendable", message: next.failure.detail })
    if (next.success === undefined) {
      yield* gate.tell({ _tag: "Answered" })
      return { ...answer, url } satisfies Head
    }
    if (redirects >= sending.maxRedirects) {
      const message = `${url.host} redirects more than ${sending.maxRedirects} times`
      return yield* new DownloadError({ reason: "Unsendable", message })
    }
    // A server out there has no business in here.
    publicOnly = sending.publicOnly || !answer.isPrivate
    current = next.success
  }
})
