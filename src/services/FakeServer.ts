/**
 * Servers for tests of any program: an embedded store behind the protocol that its clients speak, and the fake of a remote API.
 *
 * Implementation: `layers/embedded/FakeServers`.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

export class FakeServer extends Context.Service<FakeServer, {
  /** Starts a server that MongoDB drivers take for a replica set of one. It ends with the scope, and its connections with it. */
  readonly mongo: (options?: MongoOptions) => Effect.Effect<Running, FakeServerError, Scope.Scope>
  /** Starts a server that speaks as Pantheon's API. It ends with the scope, and what it knows with it. */
  readonly pantheon: (options?: PantheonOptions) => Effect.Effect<PantheonRunning, FakeServerError, Scope.Scope>
}>()("skein/services/FakeServer") {}

export interface Options {
  /** Where it listens. @default a free port */
  readonly port?: number | undefined
  /** Anybody who reaches this address may do everything. @default "127.0.0.1" */
  readonly host?: string | undefined
}

export interface MongoOptions extends Options {
  /** Where its data is kept, absolute. @default in memory */
  readonly folder?: string | undefined
}

export interface PantheonOptions extends Options {
  /** @default 10 */
  readonly sites?: number | undefined
  /** @default 2 */
  readonly organizations?: number | undefined
  /** The same one makes the same sites. @default 1 */
  readonly seed?: number | undefined
  /** How it behaves; docs/testing.md lists the switches. */
  readonly switches?: Readonly<Record<string, string>> | undefined
}

export interface Running {
  /** What a client is given: `mongodb://127.0.0.1:27017`. */
  readonly url: string
  readonly port: number
}

export interface PantheonRunning extends Running {
  readonly host: string
  /** The machine token to log in with. */
  readonly token: string
}

/** A server that cannot be started. `reason` says what kind: the address is taken or cannot be had, the folder cannot be used, or an option is wrong. */
export class FakeServerError extends Schema.TaggedError<FakeServerError>()("FakeServerError", {
  reason: Schema.Literals(["Address", "Storage", "Options"]),
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String)
}) {}
