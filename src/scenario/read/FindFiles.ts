/** From names to files: a folder and a glob stand for the scenario files in them. */
import { Effect, FileSystem, Path } from "effect"
import picomatch from "picomatch"

export interface Found {
  /** Absolute. */
  readonly path: string
  /** Named itself or by a glob, not only by its folder: it must be a scenario. */
  readonly explicit: boolean
}

type Files = FileSystem.FileSystem | Path.Path

/** Finds the files that `names` stand for, each once: in the order given, inside a folder by path. Never fails. */
export const find = Effect.fnUntraced(function*(
  names: ReadonlyArray<string>,
  from: string
): Effect.fn.Return<ReadonlyArray<Found>, never, Files> {
  const found = new Map<string, boolean>()
  for (const name of names) {
    for (const { explicit, path } of yield* expand(name, from)) {
      found.set(path, explicit || found.get(path) === true)
    }
  }
  return [...found].map(([path, explicit]) => ({ path, explicit }))
})

const expand = Effect.fnUntraced(
  function*(name: string, from: string): Effect.fn.Return<ReadonlyArray<Found>, never, Files> {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const absolute = paths.resolve(from, name)
    const info = yield* Effect.option(files.stat(absolute))
    if (info._tag === "Some" && info.value.type === "Directory") {
      return (yield* walk(absolute)).map((path) => ({ path, explicit: false }))
    }
    const scan = picomatch.scan(name)
    if (info._tag === "Some" || !scan.isGlob) return [{ path: absolute, explicit: true }]
    const matches = picomatch(absolute)
    const below = yield* walk(paths.resolve(from, scan.base))
    return below.filter((path) => matches(path)).map((path) => ({ path, explicit: true }))
  }
)

/** Scenario files below a folder: `.yaml`, `.yml` and `.robogo`, without hidden ones, `_parts`, linked folders, and the configuration. */
const walk = (folder: string): Effect.Effect<ReadonlyArray<string>, never, Files> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const names = yield* Effect.orElseSucceed(files.readDirectory(folder), () => [] as Array<string>)
    const nested = yield* Effect.forEach([...names].sort(), (name) => {
      if (/^[._]/.test(name) || name === "node_modules") return Effect.succeed([])
      const path = paths.join(folder, name)
      if (/\.(ya?ml|robogo)$/.test(name)) return Effect.succeed(/^skein\.ya?ml$/.test(name) ? [] : [path])
      return Effect.flatMap(isFolder(path), (yes) => yes ? walk(path) : Effect.succeed([]))
    }, { concurrency: 8 })
    return nested.flat()
  })

/** A link to a folder may lead anywhere, and round in a circle. */
const isFolder = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const info = yield* Effect.option(files.stat(path))
  if (info._tag === "None" || info.value.type !== "Directory") return false
  return (yield* Effect.option(files.readLink(path)))._tag === "None"
})
