import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, FileSystem } from "effect"
import * as SecretFolder from "../../../src/layers/live/secrets/SecretFolder.ts"

const names = ["one", "three", "two"]

/** A folder as Kubernetes mounts it, and how it changes the version of all files at once. */
const mounted = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const mount = yield* files.makeTempDirectoryScoped()
  const change = Effect.fnUntraced(function*(version: string) {
    yield* files.makeDirectory(`${mount}/..${version}`)
    yield* Effect.forEach(names, (name) => files.writeFileString(`${mount}/..${version}/${name}`, version))
    yield* files.symlink(`..${version}`, `${mount}/..next`)
    yield* files.rename(`${mount}/..next`, `${mount}/..data`)
  })
  yield* change("v1")
  yield* Effect.forEach(names, (name) => files.symlink(`..data/${name}`, `${mount}/${name}`))
  return { files, mount, change }
})

/** Reads the folder; when the first of its files has been read, `change` comes before the others. */
const readWhile = (
  { files, mount }: Effect.Success<typeof mounted>,
  change: Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function*() {
    const changed = yield* Deferred.make<void>()
    return yield* SecretFolder.read(files, mount, (path) => {
      const read = Effect.mapError(files.readFileString(path), SecretFolder.cannotRead)
      return path.endsWith("/one")
        ? Effect.tap(read, Effect.andThen(Effect.ignore(change), Deferred.succeed(changed, undefined)))
        : Effect.andThen(Deferred.await(changed), read)
    })
  })

layer(NodeServices.layer, { excludeTestServices: true })("SecretFolder", (it) => {
  it.effect("reads what Kubernetes mounts, all files of one version while they change", () =>
    Effect.gen(function*() {
      const folder = yield* mounted

      assert.deepStrictEqual(yield* readWhile(folder, folder.change("v2")), { one: "v1", three: "v1", two: "v1" })
      assert.deepStrictEqual(yield* readWhile(folder, Effect.void), { one: "v2", three: "v2", two: "v2" })
    }))

  it.effect("begins again when the version that it reads is taken away", () =>
    Effect.gen(function*() {
      const folder = yield* mounted
      const change = Effect.andThen(
        folder.change("v2"),
        folder.files.remove(`${folder.mount}/..v1`, { recursive: true })
      )

      assert.deepStrictEqual(yield* readWhile(folder, change), { one: "v2", three: "v2", two: "v2" })
    }))

  it.effect("names the file that cannot be read, and refuses a folder of more than a thousand", () =>
    Effect.gen(function*() {
      const { files, mount } = yield* mounted
      const broken = yield* Effect.flip(
        SecretFolder.read(
          files,
          mount,
          () => Effect.fail({ kind: "Failed", problem: "may not be read", hint: "allow it" })
        )
      )
      assert.deepStrictEqual(broken, { kind: "Failed", problem: "has one, which may not be read", hint: "allow it" })

      const large = yield* files.makeTempDirectoryScoped()
      yield* Effect.forEach(Array.from({ length: 1_001 }), (_, n) => files.writeFileString(`${large}/${n}`, "x"), {
        concurrency: 32
      })
      const trouble = yield* Effect.flip(SecretFolder.read(files, large, () => Effect.succeed("x")))
      assert.strictEqual(trouble.problem, "has more than 1000 files")
    }))
})
