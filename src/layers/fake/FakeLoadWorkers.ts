/** Workers of a load as fibers of this thread, so that virtual time moves them all. */
import { type Cause, Deferred, Effect, Layer, Queue, type Schema, Stream } from "effect"
import { failureOf, LoadWorkerError, LoadWorkers } from "../../services/LoadWorkers.ts"

/** How a worker hears of its beginning and its end, and where its frames go. */
export interface Channel {
  readonly begin: Effect.Effect<number>
  readonly stop: Effect.Effect<void>
  readonly send: (frame: Uint8Array) => Effect.Effect<void>
}

/** Frames on their way, as many as over real threads; a worker whose frame finds no room waits. */
const maxFrames = 10_000

/** Runs `program` for each worker; its failure is the crash of that worker. */
export const layer = <R>(
  program: (work: Schema.Json, channel: Channel) => Effect.Effect<void, unknown, R>
): Layer.Layer<LoadWorkers, never, R> =>
  Layer.effect(
    LoadWorkers,
    Effect.map(Effect.context<R>(), (context) =>
      LoadWorkers.of({
        start: Effect.fnUntraced(function*(work) {
          const frames = yield* Queue.bounded<
            { readonly worker: number; readonly frame: Uint8Array },
            LoadWorkerError | Cause.Done
          >(maxFrames)
          const begin = yield* Deferred.make<number>()
          const stop = yield* Deferred.make<void>()
          const running = Effect.forEach(
            work,
            (one, worker) =>
              program(one, {
                begin: Deferred.await(begin),
                stop: Deferred.await(stop),
                send: (frame) => Effect.asVoid(Queue.offer(frames, { worker, frame }))
              }).pipe(
                Effect.catchCause((cause) => new LoadWorkerError({ worker, ...failureOf(cause) }))
              ),
            {
              concurrency: "unbounded",
              discard: true
            }
          )
          yield* running.pipe(
            Effect.provideContext(context),
            Effect.matchEffect({
              onFailure: (error) => Queue.fail(frames, error),
              onSuccess: () => Queue.end(frames)
            }),
            Effect.forkScoped
          )
          return {
            begin: (originMillis) => Effect.asVoid(Deferred.succeed(begin, originMillis)),
            frames: Stream.fromQueue(frames),
            stop: Effect.asVoid(Deferred.succeed(stop, undefined))
          }
        })
      }))
  )
