/**
 * Sessions of the wire server: which transaction a command is part of, and which write was done already.
 *
 * A transaction is open until it is committed, aborted, or a command of it fails. The answer to the last retryable write of a
 * session is kept, for the driver that asks again because it never saw it.
 */
import type { Binary } from "bson"
import { Clock, Deferred, Effect, Exit } from "effect"
import type { Document, DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { DocumentEngine, EngineTransaction, Within } from "../documents/DocumentEngine.ts"
import { failure, isDocument } from "./MongoWireReply.ts"

export type Reply = Document | Uint8Array

/** A session that nobody uses for so long is forgotten, as MongoDB tells its drivers. */
export const timeoutMinutes = 30
const maxSessions = 100_000

interface Session {
  number: bigint
  transaction: { readonly handle: EngineTransaction; state: "open" | "committed" | "aborted" } | undefined
  /** The answer to the retryable write of this number. */
  written: Deferred.Deferred<Reply, DocumentStoreError> | undefined
  usedAt: number
}

/** What identifies the session of a command; `undefined` without one. */
export const idOf = (lsid: unknown): string | undefined => {
  const id = isDocument(lsid) ? lsid["id"] as Binary | undefined : undefined
  return id === undefined ? undefined : Buffer.from(id.buffer).toString("hex")
}

export class Sessions {
  private readonly sessions = new Map<string, Session>()
  private readonly engine: DocumentEngine

  constructor(engine: DocumentEngine) {
    this.engine = engine
  }

  /** Runs a command as a part of its transaction, or once if it is a write that may be asked for twice. */
  readonly run = Effect.fnUntraced(function*(
    this: Sessions,
    command: Document,
    body: (within: Within) => Effect.Effect<Reply, DocumentStoreError>
  ): Effect.fn.Return<Reply, DocumentStoreError> {
    const id = idOf(command["lsid"])
    if (id === undefined) return yield* body({})
    const session = yield* this.session(id)
    if (command["txnNumber"] === undefined) return yield* body({})
    const number = BigInt(command["txnNumber"] as bigint)
    if (number < session.number) {
      return yield* failure("TransactionTooOld", `transaction ${number} is older than ${session.number}`, "Conflict")
    }
    return yield* command["autocommit"] === false
      ? this.within(session, number, command, body)
      : once(session, number, body({}))
  })

  /** Commits or aborts the transaction that the command names. */
  readonly end = Effect.fnUntraced(function*(
    this: Sessions,
    command: Document,
    how: "commit" | "abort"
  ): Effect.fn.Return<Document, DocumentStoreError> {
    const session = this.sessions.get(idOf(command["lsid"]) ?? "")
    const { transaction } = session ?? {}
    if (transaction === undefined || session?.number !== BigInt(command["txnNumber"] as bigint ?? -1)) {
      return yield* noTransaction(command)
    }
    // Asked for again by a driver that never saw the answer.
    if (how === "commit" && transaction.state === "committed") return { ok: 1 }
    yield* stillOpen(transaction.state, command)
    if (how === "abort") yield* abort(session)
    else {
      yield* Effect.onExit(
        transaction.handle.commit,
        (exit) => Effect.sync(() => transaction.state = Exit.isSuccess(exit) ? "committed" : "aborted")
      )
    }
    return { ok: 1 }
  })

  /** Forgets sessions and aborts their transactions. */
  readonly forget = Effect.fnUntraced(function*(this: Sessions, ids: Iterable<string>) {
    for (const id of ids) {
      const session = this.sessions.get(id)
      this.sessions.delete(id)
      if (session !== undefined) yield* abort(session)
    }
  })

  /** Forgets the sessions that were not used for long. */
  readonly sweep = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const old = [...this.sessions].filter(([, { usedAt }]) => usedAt < now - timeoutMinutes * 60_000)
    return this.forget(old.map(([id]) => id))
  })

  private readonly session = Effect.fnUntraced(function*(
    this: Sessions,
    id: string
  ): Effect.fn.Return<Session, DocumentStoreError> {
    const usedAt = yield* Clock.currentTimeMillis
    const known = this.sessions.get(id)
    if (known !== undefined) {
      known.usedAt = usedAt
      return known
    }
    if (this.sessions.size >= maxSessions) {
      return yield* failure("TooManyLogicalSessions", `${maxSessions} sessions are in use`, "Busy")
    }
    const session: Session = { number: -1n, transaction: undefined, written: undefined, usedAt }
    this.sessions.set(id, session)
    return session
  })

  private readonly within = Effect.fnUntraced(function*(
    this: Sessions,
    session: Session,
    number: bigint,
    command: Document,
    body: (within: Within) => Effect.Effect<Reply, DocumentStoreError>
  ): Effect.fn.Return<Reply, DocumentStoreError> {
    if (command["startTransaction"] === true) {
      if (number === session.number) return yield* failure("BadValue", `transaction ${number} has begun already`)
      yield* abort(session)
      session.number = number
      session.written = undefined
      session.transaction = { handle: yield* this.engine.begin, state: "open" }
    }
    const { transaction } = session
    if (transaction === undefined || number !== session.number) return yield* noTransaction(command)
    yield* stillOpen(transaction.state, command)
    const reply = yield* Effect.tapError(body({ transaction: transaction.handle }), () => abort(session))
    if (isDocument(reply) && reply["writeErrors"] !== undefined) yield* abort(session)
    return reply
  })
}

const abort = (session: Session): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { transaction } = session
    if (transaction?.state !== "open") return Effect.void
    transaction.state = "aborted"
    return transaction.handle.abort
  })

/** The same write again gets the answer of the first time; one that failed is done anew. */
const once = (session: Session, number: bigint, write: Effect.Effect<Reply, DocumentStoreError>) =>
  Effect.suspend(() => {
    if (number === session.number && session.written !== undefined) return Deferred.await(session.written)
    const written = Deferred.makeUnsafe<Reply, DocumentStoreError>()
    session.number = number
    session.transaction = undefined
    session.written = written
    return Effect.onExit(write, (exit) => {
      if (Exit.isFailure(exit) && session.written === written) session.written = undefined
      return Deferred.done(written, exit)
    })
  })

const noTransaction = (command: Document) =>
  failure("NoSuchTransaction", `transaction ${String(command["txnNumber"])} is not in progress`, "Conflict")

const stillOpen = (state: "open" | "committed" | "aborted", command: Document) =>
  state === "open"
    ? Effect.void
    : Effect.fail(
      state === "aborted"
        ? failure("NoSuchTransaction", `transaction ${String(command["txnNumber"])} has been aborted`, "Conflict")
        : failure("TransactionCommitted", `transaction ${String(command["txnNumber"])} has been committed`, "Refused")
    )
