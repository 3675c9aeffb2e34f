/** Does something again whenever files change. */
import { Duration, Effect, FileSystem, Option, Path, type PlatformError, Queue, Ref, Stream } from "effect"

export interface WatchOptions {
  /** Files and folders; folders are watched with all that is in them. Absolute or relative to the working directory. */
  readonly paths: ReadonlyArray<string>
  /** Paths that never count, such as reports that the run itself writes. @default those of editors and tools */
  readonly ignore?: ((path: string) => boolean) | undefined
  /**
   * Which paths count while something runs, and shortly after: a run must not answer to files that it writes itself.
   * @default all
   */
  readonly whileRunning?: ((path: string) => boolean) | undefined
  /** Ends the watch when it completes: at once while nothing runs, else after the run. @default never */
  readonly until?: Effect.Effect<unknown> | undefined
  /** Changes that are closer together than this are one change: editors write a file in several steps. @default "200 millis" */
  readonly quiet?: Duration.Input | undefined
}

/**
 * Runs `once`, then again after each change, until it is told to end; a change during a run starts one more run after it.
 * `once` receives the changed paths, none the first time.
 *
 * Fails with the error of `once`, or with a `PlatformError` when a path cannot be watched.
 */
export const rerun = Effect.fn("Watch.rerun")(function*<E, R>(
  options: WatchOptions,
  once: (changed: ReadonlyArray<string>) => Effect.Effect<void, E, R>
): Effect.fn.Return<void, E | PlatformError.PlatformError, R | FileSystem.FileSystem | Path.Path> {
  yield* Effect.scoped(Effect.gen(function*() {
    const changes = yield* Queue.sliding<string, PlatformError.PlatformError>(1_000)
    const running = yield* Ref.make(true)
    const counts = (path: string) => Effect.map(Ref.get(running), (is) => !is || (options.whileRunning?.(path) ?? true))
    yield* Effect.forkScoped(
      watch(options).pipe(
        Stream.filterEffect(counts),
        Stream.runForEach((path) => Queue.offer(changes, path)),
        Effect.onError((cause) => Queue.failCause(changes, cause))
      )
    )
    const quiet = Duration.fromInputUnsafe(options.quiet ?? "200 millis")
    const ended = Effect.as(options.until ?? Effect.never, Option.none())
    const next = Effect.raceFirst(Effect.asSome(settled(changes, quiet)), ended)
    for (let changed = Option.some<ReadonlyArray<string>>([]); Option.isSome(changed); changed = yield* next) {
      yield* Ref.set(running, true)
      yield* once(changed.value)
      // Its own last changes are still on their way.
      yield* Effect.raceFirst(Effect.sleep(quiet), ended)
      yield* Ref.set(running, false)
    }
  }))
})

const watch = (options: WatchOptions) =>
  Stream.unwrap(Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const ignored = (name: string) => nobodys.test(name) || (options.ignore?.(name) ?? false)
    const streams = yield* Effect.forEach(options.paths, (given) =>
      Effect.map(files.stat(given), (info) =>
        info.type === "Directory"
          ? Stream.map(files.watch(given, { recursive: true }), (event) =>
            path.join(given, event.path))
          // Editors save by renaming: the folder sees the new file, a watch on the old one would not.
          : files.watch(path.dirname(given)).pipe(
            Stream.filter((event) => path.basename(event.path) === path.basename(given)),
            Stream.map(() => given)
          )))
    return Stream.mergeAll(streams, { concurrency: "unbounded" }).pipe(Stream.filter((name) =>
      !ignored(name)
    ))
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
