/** Writing a file so that others see the old content or the new one, never a part, whatever interrupts it. */
import { Effect, FileSystem, Path, PlatformError, Random, Stream } from "effect"

/**
 * Replaces the file at `place` (absolute, resolved by `SafePath`) by writing beside it and renaming. Makes missing folders.
 *
 * Keeps the permissions of the old file unless `mode` is given. A failure or an interruption leaves no draft behind; a
 * kill may leave one, named `.<file>.<mark>.tmp`.
 */
export const replace = (
  place: string,
  content: string | Uint8Array,
  options: { readonly mode?: number | undefined } = {}
): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
  // The draft is never readable by more than the file will be.
  const mode = options.mode === undefined ? {} : { mode: options.mode }
  return through(place, options.mode, (draft, files) => files.writeFile(draft, bytes, { flag: "wx", ...mode }))
}

/** Replaces a file as {@link replace} does, by bytes that come one after the other. The old file stays when they fail. */
export const replaceByStream = <E, R>(
  place: string,
  content: Stream.Stream<Uint8Array, E, R>
): Effect.Effect<void, E | PlatformError.PlatformError, R | FileSystem.FileSystem | Path.Path> =>
  through(place, undefined, (draft, files) => Stream.run(content, files.sink(draft, { flag: "wx" })))

/** Replaces a file as {@link replace} does, by what `write` makes of the draft, whose path it is given; it is not there yet. */
export const replaceBy = <A, E, R>(
  place: string,
  write: (draft: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | PlatformError.PlatformError, R | FileSystem.FileSystem | Path.Path> =>
  through(place, undefined, write)

const through = Effect.fnUntraced(function*<A, E, R>(
  place: string,
  wanted: number | undefined,
  write: (draft: string, files: FileSystem.FileSystem) => Effect.Effect<A, E, R>
): Effect.fn.Return<A, E | PlatformError.PlatformError, R | FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const folder = paths.dirname(place)
  yield* files.makeDirectory(folder, { recursive: true })
  const old = yield* Effect.option(files.stat(place))
  const mode = wanted ?? (old._tag === "Some" ? old.value.mode & 0o777 : undefined)
  const mark = (yield* Random.nextInt).toString(36)
  const draft = paths.join(folder, `.${paths.basename(place).slice(0, 100)}.${mark}.tmp`)

  return yield* write(draft, files).pipe(
    Effect.tap(mode === undefined ? Effect.void : files.chmod(draft, mode)),
    Effect.tap(files.rename(draft, place)),
    Effect.onError(() => Effect.ignore(files.remove(draft, { force: true }))),
    Effect.mapError((error) =>
      isAbout(error, draft)
        ? PlatformError.systemError({ ...error.reason, pathOrDescriptor: place, cause: error.reason.cause })
        : error
    )
  )
})

/** Nobody has named the draft: what is wrong with it is told of the file. */
const isAbout = (error: unknown, draft: string): error is { readonly reason: PlatformError.SystemError } =>
  error instanceof PlatformError.PlatformError && error.reason instanceof PlatformError.SystemError &&
  error.reason.pathOrDescriptor === draft
