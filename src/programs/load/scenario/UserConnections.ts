/** The connections of one virtual user: one for each origin and way to connect, made when they are needed. */
import { Effect, Exit, Scope } from "effect"
import type { LoadConnection, LoadTransport, LoadTransportError } from "../../../services/LoadTransport.ts"
import type { HttpUserStep, UserStep } from "./UserStep.ts"

/** Of one user, to different hosts: the oldest is closed before another one is opened. */
const maxConnections = 32

interface Open {
  readonly connection: LoadConnection
  readonly scope: Scope.Closeable
}

/** A step whose requests could not be sent, and why. */
export interface NoWay {
  readonly step: HttpUserStep
  readonly error: LoadTransportError
}

export class UserConnections {
  /** By origin and way to connect, the oldest first. */
  private readonly all = new Map<string, Open>()
  /** By the place of a step: the connection that it used last, and to which origin. */
  private readonly used: Array<{ readonly origin: string; readonly connection: LoadConnection } | undefined> = []
  private readonly transport: LoadTransport["Service"]
  private readonly scope: Scope.Scope

  /** All of them end with `scope`. */
  constructor(transport: LoadTransport["Service"], scope: Scope.Scope) {
    this.transport = transport
    this.scope = scope
  }

  /** Opens those that are known before the load, so that no iteration waits for a fiber; sockets are made with the first request. */
  prepare(steps: ReadonlyArray<UserStep>): Effect.Effect<void> {
    // What cannot be opened, the request will tell.
    return Effect.forEach(knownBefore(steps), ({ step, url }) => Effect.ignore(this.open(step, url)), {
      discard: true
    })
  }

  /**
   * Tries whether there is a way to all that is reached through a proxy or with HTTP/2, as far as it is known before and asked for in any
   * case. Fails with why there is none, and the step that wants it.
   */
  tryOut(steps: ReadonlyArray<UserStep>): Effect.Effect<void, NoWay> {
    const doubtful = knownBefore(steps).filter(({ step: { requests, step }, url }) =>
      step.if === undefined && step.step.skip === undefined && requests.wayTo(url).because !== undefined
    )
    return Effect.forEach(
      doubtful,
      ({ step, url }) =>
        Effect.flatMap(this.open(step, url), ({ connect }) => connect).pipe(
          Effect.mapError((error) => ({ step, error }))
        ),
      { discard: true }
    )
  }

  /** The connection of a step where it is known, without an effect: that of its request before, if it led to the same origin. */
  known({ index, requests }: HttpUserStep, url: URL): LoadConnection | undefined {
    const used = this.used[index]
    // A request that is always the same has always the same origin.
    return used !== undefined && (requests.same !== undefined || used.origin === url.origin)
      ? used.connection
      : undefined
  }

  /** Opens the connection of a step, unless it is open; sockets are made with the first request. Known from then on. */
  open(step: HttpUserStep, url: URL): Effect.Effect<LoadConnection, LoadTransportError> {
    return Effect.map(this.to(step, url), (connection) => {
      this.used[step.index] = { origin: url.origin, connection }
      return connection
    })
  }

  /** As `open`, for a request that is not the step's own: a redirect. */
  to(step: HttpUserStep, url: URL): Effect.Effect<LoadConnection, LoadTransportError> {
    const { key: way, options } = step.requests.wayTo(url)
    const key = `${url.origin} ${way}`
    const open = this.all.get(key)
    if (open !== undefined) return Effect.succeed(open.connection)
    return Effect.gen({ self: this }, function*() {
      if (this.all.size >= maxConnections) yield* this.closeOldest
      const scope = yield* Scope.fork(this.scope)
      const connection = yield* Scope.provide(this.transport.open(url, options), scope).pipe(
        Effect.onError(() => Scope.close(scope, Exit.void))
      )
      this.all.set(key, { connection, scope })
      return connection
    })
  }

  private get closeOldest(): Effect.Effect<void> {
    for (const [key, { connection, scope }] of this.all) {
      this.all.delete(key)
      for (const [index, one] of this.used.entries()) if (one?.connection === connection) this.used[index] = undefined
      return Scope.close(scope, Exit.void)
    }
    return Effect.void
  }
}

/** Steps whose URL is the same in all iterations. */
const knownBefore = (steps: ReadonlyArray<UserStep>) =>
  steps.flatMap((step) =>
    step.type === "http" && step.requests.same !== undefined ? [{ step, url: step.requests.same.prepared.url }] : []
  )
