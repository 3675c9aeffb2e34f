/**
 * Access to AMQP 0-9-1 message brokers, named by URL.
 *
 * Implementations: `layers/live/AmqpMessageBroker` (RabbitMQ), `layers/embedded/MemoryMessageBroker` (no server needed),
 * `layers/fake/FakeMessageBroker`; `layers/Connections` picks by URL. All pass `test/services/MessageBrokerSuite`.
 * `services/messages/Topology` checks that every published key has a route, `services/messages/Typed` has bodies by Schema.
 */
import {
  Context,
  type Duration,
  type Effect,
  type Option,
  type Redacted,
  Schema,
  type Scope,
  type Stream
} from "effect"
import type { Value, ValueRecord } from "../core/Value.ts"
import type { Health } from "./Health.ts"

export class MessageBroker extends Context.Service<MessageBroker, {
  /**
   * Hands out a client for the broker and virtual host of `url`, good until the scope closes.
   *
   * `amqp://` and `amqps://` reach a server; `embedded:` is a broker of its own, `embedded:NAME` one that all of this name share,
   * `embedded:./folder` one whose durable queues are kept. Clients of one URL with the same options share their connections:
   * one for publishing, one for consuming.
   */
  readonly connect: (
    url: string | Redacted.Redacted<string>,
    options?: ConnectOptions
  ) => Effect.Effect<BrokerClient, BrokerError, Scope.Scope>
}>()("skein/services/MessageBroker") {}

/** Bounds of the connections of one URL. The pool is one of channels: AMQP wants few connections and many channels. */
export interface ConnectOptions {
  /** Bound on making a connection, TLS and login included. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** A connection that is silent for two of these is lost. @default "10 seconds" */
  readonly heartbeat?: Duration.Input | undefined
  /** A publish whose confirm does not come in this time fails with `Timeout`. @default "10 seconds" */
  readonly confirmTimeout?: Duration.Input | undefined
  /** Most publishes that wait for their confirm at a time, all of a client together; further ones wait. @default 1024 */
  readonly maxUnconfirmed?: number | undefined
  /** Most channels open for publishing, and as many for asking. @default 10 */
  readonly maxChannels?: number | undefined
  /** Channels kept open when nobody uses them. @default 2 */
  readonly minChannels?: number | undefined
  /** A channel not used for this long is closed. @default "1 hour" */
  readonly idleTimeout?: Duration.Input | undefined
  /** A channel older than this is replaced before its next use. @default "2 hours" */
  readonly maxLifetime?: Duration.Input | undefined
  /** Longest wait for a channel while all are in use; then `Busy`. @default "15 seconds" */
  readonly acquireTimeout?: Duration.Input | undefined
  /** How often unused channels are asked whether they are there. @default "30 minutes" */
  readonly healthInterval?: Duration.Input | undefined
  /** How long a lost connection is tried again, with back-off and jitter; then what waits fails. @default for ever */
  readonly reconnectTimeout?: Duration.Input | undefined
  /** First delay before a lost connection is tried again; it grows by half with each attempt, with jitter. @default "100 millis" */
  readonly reconnectDelay?: Duration.Input | undefined
  /** The delay grows no further than this. @default "10 seconds" */
  readonly maxReconnectDelay?: Duration.Input | undefined
  /** What the server shows of us. @default "skein" */
  readonly applicationName?: string | undefined
}

export interface BrokerClient {
  /**
   * Declares exchanges, queues and bindings; those that are there with the same properties stay as they are, with others it
   * fails with `Mismatch`. First checks `publishes`: a key that no binding takes fails with `Unroutable`. Declared again
   * after each reconnect.
   */
  readonly declare: (topology: Topology) => Effect.Effect<void, BrokerError>
  /**
   * Publishes one message and waits for the broker to confirm that it is routed and kept. Fails with `Unroutable` when no queue
   * takes it, `Missing` when there is no such exchange, `Timeout` when no confirm comes. After a lost connection it is
   * sent again under the same message id. While the broker blocks publishers, it waits.
   */
  readonly publish: (message: Outgoing) => Effect.Effect<Confirm, BrokerError>
  /**
   * Publishes with at most `window` unconfirmed messages [default: 256] and emits the confirms in the order of the messages.
   * A message that cannot be published fails the stream; those before it have been emitted.
   */
  readonly publishMany: <E, R>(
    messages: Stream.Stream<Outgoing, E, R>,
    options?: { readonly window?: number | undefined }
  ) => Stream.Stream<Confirm, E | BrokerError, R>
  /**
   * Emits deliveries from now on, each to be acknowledged by its own methods. What is not acknowledged when the stream ends
   * goes back to the queue. Goes on after a lost connection, with `redelivered` messages. Fails with `Missing` when there is no
   * such queue, or it was deleted; `Refused` when another consumer has it for itself.
   */
  readonly consume: (queue: string, options?: ConsumeOptions) => Stream.Stream<Delivery, BrokerError>
  /** Takes one message, when one is there. */
  readonly get: (queue: string) => Effect.Effect<Option.Option<Delivery>, BrokerError>
  /** Publishes with a reply queue and a correlation id, and answers with the reply. `Timeout` when none comes within `timeout` [default: 10 seconds]. */
  readonly request: (
    message: Outgoing,
    options?: { readonly timeout?: Duration.Input | undefined }
  ) => Effect.Effect<Message, BrokerError>
  /** What is in a queue. `Missing` when there is no such queue. */
  readonly queue: (name: string) => Effect.Effect<QueueState, BrokerError>
  /** Removes the messages that wait; answers with how many. */
  readonly purge: (queue: string) => Effect.Effect<number, BrokerError>
  /** Removes a queue with its messages and bindings; answers with how many messages. Not there is no error. */
  readonly deleteQueue: (name: string) => Effect.Effect<number, BrokerError>
  /** Removes an exchange with its bindings. Not there is no error. */
  readonly deleteExchange: (name: string) => Effect.Effect<void, BrokerError>
  readonly health: Effect.Effect<Health>
  readonly statistics: Effect.Effect<Statistics>
}

export interface Topology {
  readonly exchanges?: ReadonlyArray<Exchange> | undefined
  readonly queues?: ReadonlyArray<Queue> | undefined
  readonly bindings?: ReadonlyArray<Binding> | undefined
  /** What will be published, to be checked against the bindings. */
  readonly publishes?: ReadonlyArray<Route> | undefined
}

export interface Exchange {
  readonly name: string
  readonly type: "direct" | "topic" | "fanout" | "headers"
  /** Outlives a restart of the broker. @default true */
  readonly durable?: boolean | undefined
  /** Goes with its last binding. @default false */
  readonly autoDelete?: boolean | undefined
  /** Takes from other exchanges only. @default false */
  readonly internal?: boolean | undefined
  /** Takes what no binding takes. */
  readonly alternateExchange?: string | undefined
  readonly arguments?: ValueRecord | undefined
}

export interface Queue {
  readonly name: string
  /** Outlives a restart of the broker. @default true */
  readonly durable?: boolean | undefined
  /** For this connection only, and gone with it. @default false */
  readonly exclusive?: boolean | undefined
  /** Goes with its last consumer. @default false */
  readonly autoDelete?: boolean | undefined
  /** Messages that wait longer go to the dead letters. */
  readonly messageTtl?: Duration.Input | undefined
  /** The queue goes when nobody used it for so long. */
  readonly expires?: Duration.Input | undefined
  /** Most messages that wait. */
  readonly maxLength?: number | undefined
  /** Most bytes of bodies that wait. */
  readonly maxBytes?: number | undefined
  /** What happens to one too many: the oldest goes, the new one is refused, or refused and dead-lettered. @default "drop-head" */
  readonly overflow?: "drop-head" | "reject-publish" | "reject-publish-dlx" | undefined
  readonly deadLetterExchange?: string | undefined
  /** @default the message's own */
  readonly deadLetterRoutingKey?: string | undefined
  /** Priorities from 0 to this; the highest comes first. */
  readonly maxPriority?: number | undefined
  /** Of many consumers one is served, and another one when that goes. @default false */
  readonly singleActiveConsumer?: boolean | undefined
  /** Others that the broker knows, such as `x-queue-type`. */
  readonly arguments?: ValueRecord | undefined
}

/** From an exchange to a queue or to another exchange. */
export interface Binding {
  readonly exchange: string
  readonly queue?: string | undefined
  readonly toExchange?: string | undefined
  /** With topic: words and `*` (one word) and `#` (any) between dots. @default "" */
  readonly routingKey?: string | undefined
  /** With headers: the headers that must be there, and `x-match`: `all` or `any`. */
  readonly arguments?: ValueRecord | undefined
}

/** Where messages are sent. The exchange `""` leads to the queue that is named like the key. */
export interface Route {
  readonly exchange: string
  readonly routingKey: string
  /** For an exchange of kind headers. */
  readonly headers?: ValueRecord | undefined
}

/** A message to be published. */
export interface Outgoing extends Partial<Properties> {
  /** @default "" */
  readonly exchange?: string | undefined
  readonly routingKey: string
  /** Text is sent as UTF-8. */
  readonly body: Uint8Array | string
  /** Fails with `Unroutable` when no queue takes it; else it may vanish. @default true */
  readonly mandatory?: boolean | undefined
}

export interface Properties {
  /** Made when there is none: it stays the same when the message is sent again. */
  readonly messageId: string | undefined
  readonly correlationId: string | undefined
  readonly replyTo: string | undefined
  readonly type: string | undefined
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly appId: string | undefined
  readonly headers: ValueRecord
  readonly priority: number | undefined
  /** A message that waits longer goes to the dead letters. */
  readonly expiration: Duration.Input | undefined
  /** Milliseconds since 1970; AMQP keeps seconds. */
  readonly timestamp: number | undefined
  /** Kept on the disk by durable queues. @default true */
  readonly persistent: boolean
}

/** What the broker said of one message. */
export interface Confirm {
  readonly messageId: string
  /**
   * `kept`: routed, and on the disk when it is persistent and the queue durable. `refused`: the broker said no (a nack); with
   * `reject-publish` it means that the queue is full, often "already queued".
   */
  readonly outcome: "kept" | "refused"
  /** How often it was sent: more than once after a lost connection, and then it may be there twice. */
  readonly attempts: number
}

/** A message as it came. */
export interface Message extends Properties {
  readonly exchange: string
  readonly routingKey: string
  readonly body: Uint8Array
  /** It was delivered before, and not acknowledged. */
  readonly redelivered: boolean
}

/**
 * A message that is ours until one of these is run; the second one does nothing. They go to the channel on which it came, and
 * fail with `Connection` when that is gone: the broker has then taken the message back.
 */
export interface Delivery extends Message {
  readonly ack: Effect.Effect<void, BrokerError>
  /** Back to the queue, or, without `requeue`, to the dead letters. */
  readonly nack: (options: { readonly requeue: boolean }) => Effect.Effect<void, BrokerError>
}

export interface ConsumeOptions {
  /** Most deliveries that are not acknowledged at a time. @default 100 */
  readonly prefetch?: number | undefined
  /** Nobody else may consume from the queue. @default false */
  readonly exclusive?: boolean | undefined
  /** Deliveries count as acknowledged when they are taken from the stream: lost when we are. @default false */
  readonly autoAck?: boolean | undefined
  /** A consumer with a higher one is served first. */
  readonly priority?: number | undefined
  /** What the broker calls this consumer. @default one that is made */
  readonly tag?: string | undefined
  readonly arguments?: { readonly [key: string]: Value } | undefined
}

export interface QueueState {
  /** Messages that wait, those that are delivered and not acknowledged apart. */
  readonly depth: number
  readonly consumers: number
}

/** Counts since the client was made. */
export interface Statistics {
  readonly published: number
  readonly confirmed: number
  readonly refused: number
  readonly returned: number
  /** Sent once more after a lost connection. */
  readonly resent: number
  readonly delivered: number
  readonly acknowledged: number
  readonly reconnects: number
  /** Publishes that wait for their confirm now. */
  readonly unconfirmed: number
  /** The broker blocks publishers now. */
  readonly blocked: boolean
  readonly channels: {
    readonly open: number
    readonly busy: number
    readonly waiting: number
    readonly opened: number
    readonly closed: number
  }
}

/**
 * Failure of one operation. `reason` says what kind:
 *
 * - `Connection` the broker was not reached, or was lost for longer than is waited
 * - `Authentication` the broker refused the user, the password, the virtual host or the right to do this
 * - `Timeout` no confirm, reply or answer came in time; whether a message was kept is unknown
 * - `Busy` no channel became free in time
 * - `Unroutable` no queue takes a message of this key
 * - `Missing` there is no such exchange or queue
 * - `Mismatch` it is there with other properties
 * - `Invalid` the message or the topology is wrong
 * - `Storage` the folder of an embedded broker cannot be used
 * - `Refused` anything else that the broker refused
 *
 * No message holds a password or a body.
 */
export class BrokerError extends Schema.TaggedError<BrokerError>()("BrokerError", {
  reason: Schema.Literals([
    "Connection",
    "Authentication",
    "Timeout",
    "Busy",
    "Unroutable",
    "Missing",
    "Mismatch",
    "Invalid",
    "Storage",
    "Refused"
  ]),
  /** What was tried, on what, and what went wrong. */
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String),
  /** AMQP's number, such as 404. */
  code: Schema.optionalKey(Schema.Int),
  /** The message that it is about. */
  messageId: Schema.optionalKey(Schema.String)
}) {}
