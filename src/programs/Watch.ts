/** Does something again whenever files change. */
import { Duration, Effect, FileSystem, Option, Path, type PlatformError, Queue, Stream } from "effect"

export interface WatchOptions {
  /** Files and folders; folders are watched with all that is in them. Absolute or relative to the working directory. */
  readonly paths: ReadonlyArray<string>
  /** Paths that start or end like this are nobody's source, such as reports that the run itself writes. */
  readonly ignore?: ((path: string) => boolean) | undefined
  /** Changes that are closer together than this are one change: editors write a file in several steps. @default "200 millis" */
  readonly quiet?: Duration.Input | undefined
}

/**
 * Runs `once`, then again after each change, until it is interrupted; a change during a run starts one more run after it.
 * `once` receives the changed paths, none the first time.
 *
 * Fails with the error of `once`, or with a `PlatformError` when a path cannot be watched.
 */
export const rerun = Effect.fn("Watch.rerun")(function*<E, R>(
  options: WatchOptions,
  once: (changed: ReadonlyArray<string>) => Effect.Effect<void, E, R>
): Effect.fn.Return<never, E | PlatformError.PlatformError, R | FileSystem.FileSystem | Path.Path> {
  return yield* Effect.scoped(Effect.gen(function*() {
    const changes = yield* Queue.sliding<string, PlatformError.PlatformError>(1_000)
    yield* Effect.forkScoped(
      watch(options).pipe(
        Stream.runForEach((path) => Queue.offer(changes, path)),
        Effect.onError((cause) => Queue.failCause(changes, cause))
      )
    )
    const quiet = Duration.fromInputUnsafe(options.quiet ?? "200 millis")
    yield* once([])
    return yield* Effect.forever(Effect.flatMap(settled(changes, quiet), once))
  }))
})

const watch = (options: WatchOptions) =>
  Stream.unwrap(Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const ignored = (name: string) => nobodys.test(name) || (options.ignore?.(name) ?? false)
    const streams = yield* Effect.forEach(options.paths, (given) =>
      Effect.map(files.stat(given), (info) =>
        files.watch(given, { recursive: info.type === "Directory" }).pipe(
          Stream.map((event) =>
            info.type === "Directory" ? path.join(given, event.path) : given
          )
        )))
    return Stream.mergeAll(streams, { concurrency: "unbounded" }).pipe(Stream.filter((name) => !ignored(name)))
  }))

const nobodys = /(^|[\\/])(node_modules|\.git|\.skein)([\\/]|$)|~$|\.sw[px]$/

/** Waits for a change, then until nothing has changed for `quiet`. Answers with the distinct paths, in order of change. */
const settled = <E>(changes: Queue.Dequeue<string, E>, quiet: Duration.Duration) =>
  Effect.gen(function*() {
    const paths = new Set([yield* Queue.take(changes)])
    while (true) {
      const next = yield* Effect.timeoutOption(Queue.take(changes), quiet)
      if (Option.isNone(next)) return [...paths]
      paths.add(next.value)
    }
  })
