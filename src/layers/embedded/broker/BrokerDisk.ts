/**
 * The journal of an embedded broker: durable exchanges, queues and bindings, and the persistent messages in them. Written behind
 * the broker's back in the order in which things happened; who has to be sure waits for `flushed`.
 *
 * A message that was kept over a restart is marked as redelivered, since it may have been.
 */
import { Clock, Effect, Exit, Latch, type Scope, Stream } from "effect"
import { deserialize, serialize } from "node:v8"
import { Journal, type JournalError, type JournalHandle, type OpenOptions } from "../../../services/Journal.ts"
import { BrokerError } from "../../../services/MessageBroker.ts"
import type { BrokerHost, Deleted, Durable, Memory, Placed } from "./BrokerHost.ts"
import type { Entry, Stored } from "./BrokerMessage.ts"

export interface Disk {
  /** Waits until all that happened so far is as safe as `sync` says. */
  readonly flushed: Effect.Effect<void, BrokerError>
}

/** Where a message is; `expires` in milliseconds since 1970. */
type Spot = readonly [queue: string, number: number, level: number, expires: number | undefined]

type Fact =
  | readonly ["declared", Durable]
  | readonly ["deleted", Deleted]
  | readonly ["arrived", Stored, ReadonlyArray<Spot>]
  | readonly ["gone", number]

/** Below this size a journal is not made shorter. */
const minCompactBytes = 4 * 1024 * 1024

/** Opens the journal in `folder`, and puts what is there into `host`, which is empty. */
export const open = Effect.fnUntraced(function*(
  folder: string,
  host: BrokerHost,
  sync: OpenOptions["sync"]
): Effect.fn.Return<Disk, BrokerError, Journal | Scope.Scope> {
  const journal = yield* Journal
  const clock = yield* Clock.Clock
  const handle = yield* Effect.mapError(
    journal.open(folder, { format: { name: "skein messages", version: 1 }, sync }),
    storageError
  )
  /** Milliseconds between the broker's clock and 1970. */
  const offset = clock.currentTimeMillisUnsafe() - Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  yield* restore(handle, host, offset)

  const live = new Map<Entry, { readonly message: Stored; readonly queue: string }>()
  for (const queue of host.queues) {
    for (const entry of queue.waiting) live.set(entry, { message: entry.message, queue: queue.name })
  }
  const writer = new Writer(handle, () => snapshot(host, live, offset))
  host.remember(memory(writer, live, offset))
  // Times to live go on.
  for (const queue of host.queues) queue.run()
  yield* Effect.addFinalizer(() => Effect.ignore(writer.write))
  yield* Effect.forkScoped(writer.run)
  return { flushed: writer.flushed }
})

const memory = (
  writer: Writer,
  live: Map<Entry, { readonly message: Stored; readonly queue: string }>,
  offset: number
): Memory => ({
  declared: (what) => writer.add(["declared", what]),
  deleted: (what) => writer.add(["deleted", what]),
  arrived: (message, entries) => {
    for (const { entry, queue } of entries) live.set(entry, { message, queue })
    writer.add(["arrived", message, entries.map((placed) => spot(placed, offset))])
  },
  gone: (entry) => {
    live.delete(entry)
    writer.add(["gone", entry.number])
  }
})

/** Everything that is there now; turned into bytes only as it is written. */
const snapshot = (
  host: BrokerHost,
  live: ReadonlyMap<Entry, { readonly message: Stored; readonly queue: string }>,
  offset: number
): ReadonlyArray<Fact> => [
  ...Array.from(host.durables(), (what): Fact => ["declared", what]),
  ...Array.from(
    Map.groupBy(live, ([, { message }]) => message),
    ([message, all]): Fact => ["arrived", message, all.map(([entry, { queue }]) => spot({ entry, queue }, offset))]
  )
]

const spot = ({ entry, queue }: Placed, offset: number): Spot => [
  queue,
  entry.number,
  entry.level,
  entry.expiresAt === undefined ? undefined : entry.expiresAt + offset
]

/** Writes facts one batch after the other. */
class Writer {
  #pending: Array<Fact> = []
  #waiting: Array<(exit: Exit.Exit<void, BrokerError>) => void> = []
  #broken: BrokerError | undefined
  #compactAt = minCompactBytes
  readonly #work = Latch.makeUnsafe(false)
  readonly #handle: JournalHandle
  readonly #all: () => ReadonlyArray<Fact>

  constructor(handle: JournalHandle, all: () => ReadonlyArray<Fact>) {
    this.#handle = handle
    this.#all = all
  }

  add(fact: Fact): void {
    if (this.#broken !== undefined) return
    this.#pending.push(fact)
    this.#work.openUnsafe()
  }

  readonly flushed: Effect.Effect<void, BrokerError> = Effect.callback((resume) => {
    if (this.#broken !== undefined) return resume(Effect.fail(this.#broken))
    this.#waiting.push(resume)
    this.#work.openUnsafe()
  })

  readonly write: Effect.Effect<void, BrokerError> = Effect.suspend(() => {
    const facts = this.#pending
    const waiting = this.#waiting
    this.#pending = []
    this.#waiting = []
    this.#work.closeUnsafe()
    return Effect.onExit(Effect.mapError(this.#store(facts), storageError), (exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit)) this.#break(exit)
        for (const resume of waiting) resume(exit)
      }))
  })

  readonly run: Effect.Effect<void> = this.#work.await.pipe(
    Effect.andThen(Effect.uninterruptible(this.write)),
    Effect.forever,
    // Who waits for it, or publishes next, fails with it.
    Effect.ignore
  )

  readonly #store = Effect.fnUntraced({ self: this }, function*(facts: ReadonlyArray<Fact>) {
    if (facts.length === 0) return
    if ((yield* this.#handle.size) < this.#compactAt) return yield* this.#handle.append(facts.map(bytesOf))
    // What is pending is in the whole already.
    yield* this.#handle.rewrite(map(this.#all(), bytesOf))
    this.#compactAt = Math.max(minCompactBytes, 2 * (yield* this.#handle.size))
  })

  #break(exit: Exit.Exit<void, BrokerError>): void {
    const error = Exit.findErrorOption(exit)
    this.#broken = error._tag === "Some"
      ? error.value
      : new BrokerError({ reason: "Storage", message: "the journal broke" })
    this.#pending = []
    for (const resume of this.#waiting.splice(0)) resume(exit)
  }
}

const bytesOf = (fact: Fact): Uint8Array => serialize(fact)

function* map<A, B>(items: Iterable<A>, f: (item: A) => B): Iterable<B> {
  for (const item of items) yield f(item)
}

/** Applies facts in order; messages go in at the end, when it is known which are left. */
const restore = Effect.fnUntraced(function*(handle: JournalHandle, host: BrokerHost, offset: number) {
  const live = new Map<number, { readonly message: Stored; readonly spot: Spot }>()
  const apply = (fact: Fact): void => {
    switch (fact[0]) {
      case "declared":
        return declare(host, fact[1])
      case "deleted": {
        const what = fact[1]
        if ("exchange" in what) return void host.deleteExchange(what.exchange)
        for (const [number, { spot: [queue] }] of live) if (queue === what.queue) live.delete(number)
        return void host.deleteQueue(what.queue, host)
      }
      case "arrived":
        for (const spot of fact[2]) live.set(spot[1], { message: fact[1], spot })
        return
      case "gone":
        return void live.delete(fact[1])
    }
  }
  yield* handle.records.pipe(
    Stream.mapError(storageError),
    Stream.runForEach((record) => Effect.try({ try: () => apply(deserialize(record) as Fact), catch: unreadable }))
  )
  for (
    const [number, { message, spot: [queue, , level, expires] }] of [...live].toSorted(([one], [two]) => one - two)
  ) {
    host.restore(queue, {
      number,
      message,
      level,
      expiresAt: expires === undefined ? undefined : expires - offset,
      redelivered: true,
      returns: 0,
      kept: true,
      gone: false
    })
  }
})

const declare = (host: BrokerHost, what: Durable): void => {
  if ("exchange" in what) host.declareExchange(what.exchange)
  else if ("queue" in what) host.addQueue(what.queue)
  else host.bind(what.binding)
}

const storageError = ({ hint, message }: JournalError): BrokerError =>
  new BrokerError({ reason: "Storage", message, ...hint === undefined ? {} : { hint } })

const unreadable = (cause: unknown): BrokerError =>
  new BrokerError({ reason: "Storage", message: `a record of the embedded broker cannot be read: ${String(cause)}` })
