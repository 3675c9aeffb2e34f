/** Runs calls of the driver: cancelled with their fiber, in the transaction that the fiber is in, failing in our words. */
import { Context, Duration, Effect, type Semaphore } from "effect"
import * as DurationText from "../../../core/DurationText.ts"
import type { ConnectOptions, DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { Address } from "./MongoAddress.ts"
import type { ClientSession, MongoClient } from "./MongoDriver.ts"
import { fromDriver } from "./MongoFailure.ts"

/** What every call of the driver is given. */
export interface CallOptions {
  readonly signal: AbortSignal
  readonly session?: ClientSession
  readonly maxTimeMS?: number
}

/** A transaction that is under way. */
export interface Running {
  readonly client: MongoClient
  readonly session: ClientSession
  /** A session does one thing at a time. */
  readonly turn: Semaphore.Semaphore
  /** A transaction inside of it had failed. */
  failed: boolean
}

/** The transactions that a fiber and its children are in, one of a client. */
export const Transactions = Context.Reference<ReadonlyArray<Running>>(
  "skein/layers/live/mongo/MongoOperation/Transactions",
  {
    defaultValue: () => []
  }
)

export interface Operations {
  readonly client: MongoClient
  /** Runs one call. `what` names it in errors: `find in orders`. */
  readonly perform: <A>(
    what: string,
    call: (options: CallOptions) => Promise<A>
  ) => Effect.Effect<A, DocumentStoreError>
  /** The transaction of this client that the fiber is in. */
  readonly running: Effect.Effect<Running | undefined>
  readonly failure: (what: string) => (error: unknown) => DocumentStoreError
}

export const make = (client: MongoClient, { shown }: Address, options: ConnectOptions): Operations => {
  const limit = options.operationTimeout === undefined ? undefined : Duration.fromInputUnsafe(options.operationTimeout)
  const bound = limit === undefined ? {} : { maxTimeMS: Math.max(1, Math.ceil(Duration.toMillis(limit))) }
  const failure = (what: string) => (error: unknown) => fromDriver(error, { shown, what })
  const running = Effect.map(Transactions, (all) => all.find((one) => one.client === client))

  const perform: Operations["perform"] = (what, call) =>
    Effect.flatMap(running, (running) => {
      const session = running === undefined ? {} : { session: running.session }
      const called = Effect.tryPromise({
        try: (signal) => call({ signal, ...session, ...bound }),
        catch: failure(what)
      })
      const bounded = limit === undefined
        ? called
        : Effect.timeoutOrElse(called, { duration: limit, orElse: () => Effect.fail(tooLong(failure(what), limit)) })
      return running === undefined ? bounded : running.turn.withPermit(bounded)
    })

  return { client, perform, running, failure }
}

const tooLong = (failure: (error: unknown) => DocumentStoreError, limit: Duration.Duration) =>
  failure({ name: "MongoOperationTimeoutError", message: `no answer in ${DurationText.format(limit)}` })
