/**
 * Servers for tests of any program: an embedded store behind the protocol that its clients speak.
 *
 * Implementation: `layers/embedded/MongoWireServer`.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

export class FakeServer extends Context.Service<FakeServer, {
  /** Starts a server that MongoDB drivers take for a replica set of one. It ends with the scope, and its connections with it. */
  readonly mongo: (options?: Options) => Effect.Effect<Running, FakeServerError, Scope.Scope>
}>()("skein/services/FakeServer") {}

export interface Options {
  /** Where it listens. @default a free port */
  readonly port?: number | undefined
  /** Anybody who reaches this address may read and write: there are no users. @default "127.0.0.1" */
  readonly host?: string | undefined
  /** Where its data is kept, absolute. @default in memory */
  readonly folder?: string | undefined
}

export interface Running {
  /** What a client is given: `mongodb://127.0.0.1:27017`. */
  readonly url: string
  readonly port: number
}

/** A server that cannot be started. `reason` says what kind: the address is taken or cannot be had, or the folder cannot be used. */
export class FakeServerError extends Schema.TaggedError<FakeServerError>()("FakeServerError", {
  reason: Schema.Literals(["Address", "Storage"]),
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String)
}) {}
