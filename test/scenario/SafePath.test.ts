import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as SafePath from "../../src/scenario/SafePath.ts"

/** A root `work/project` with links, and a secret beside it. */
const tree = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const outside = yield* files.realPath(yield* files.makeTempDirectoryScoped())
  const root = paths.join(outside, "project")
  yield* files.makeDirectory(paths.join(root, "cases", "deep"), { recursive: true })
  yield* files.makeDirectory(paths.join(outside, "project-other"))
  yield* files.writeFileString(paths.join(outside, "secret.txt"), "secret")
  yield* files.writeFileString(paths.join(root, "data.txt"), "data")
  yield* files.symlink(paths.join(outside, "secret.txt"), paths.join(root, "link.txt"))
  yield* files.symlink("../..", paths.join(root, "cases", "up"))
  yield* files.symlink("deep", paths.join(root, "cases", "inner"))
  yield* files.symlink(paths.join(outside, "new.txt"), paths.join(root, "dangling.txt"))
  yield* files.symlink("loop", paths.join(root, "loop"))
  yield* files.symlink(root, paths.join(outside, "alias"))
  return { outside, root, bounds: { directory: paths.join(root, "cases"), root, allowOutside: false } }
})

const reasonOf = <A, R>(effect: Effect.Effect<A, SafePath.SafePathError, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

layer(NodeServices.layer)("SafePath", (it) => {
  it.effect("R06 refuses every way out of the root", () =>
    Effect.gen(function*() {
      const { bounds, outside } = yield* tree
      const rows = [
        ["../../secret.txt", "Outside", "dots that leave"],
        ["../../../../../../../../etc/passwd", "Outside", "dots that leave to the top"],
        ["/etc/passwd", "Outside", "an absolute path"],
        [`${outside}/secret.txt`, "Outside", "an absolute path near by"],
        ["nope/../../../secret.txt", "Outside", "dots through a folder that is not there"],
        [`${outside}/project-other/x`, "Outside", "a sibling whose name starts alike"],
        ["..", undefined, "the root itself is inside"],
        ["../..", "Outside", "the root's parent"],
        ["../link.txt", "Link", "a link to a file outside"],
        ["up/secret.txt", "Link", "a link to a folder outside"],
        ["up/not-there/new.txt", "Link", "a new file behind a link to a folder outside"],
        ["../dangling.txt", "Link", "a link that would create a file outside"],
        ["../loop", "Unreadable", "a link to itself"],
        ["../data.txt/x", "Unreadable", "a file where a folder is needed"],
        ["http://example.test/a.yaml", "Url", "a URL"],
        ["HTTPS://example.test/a.yaml", "Url", "a URL in capitals"],
        ["file:///etc/passwd", "Url", "a file URL"],
        ["file:/etc/passwd", "Url", "a file URL with one slash"],
        ["", "Unreadable", "no path"],
        ["a\0b", "Unreadable", "a NUL"]
      ] as const

      for (const [path, reason, because] of rows) {
        const answer = yield* Effect.result(SafePath.resolve(path, bounds))
        assert.strictEqual(answer._tag === "Failure" ? answer.failure.reason : undefined, reason, because)
      }
    }))

  it.effect("resolves files inside, present or not, and links that stay inside", () =>
    Effect.gen(function*() {
      const { bounds, outside, root } = yield* tree
      const rows = [
        ["../data.txt", `${root}/data.txt`],
        [`${root}/data.txt`, `${root}/data.txt`],
        ["new/folder/file.txt", `${root}/cases/new/folder/file.txt`],
        ["inner/file.txt", `${root}/cases/deep/file.txt`],
        ["..data", `${root}/cases/..data`],
        ["-rf", `${root}/cases/-rf`],
        [`${outside}/alias/data.txt`, `${root}/data.txt`]
      ] as const

      for (const [path, place] of rows) assert.strictEqual(yield* SafePath.resolve(path, bounds), place)
    }))

  it.effect("accepts a root that is itself a link", () =>
    Effect.gen(function*() {
      const { outside, root } = yield* tree
      const alias = `${outside}/alias`

      const place = yield* SafePath.resolve("data.txt", { directory: alias, root: alias, allowOutside: false })

      assert.strictEqual(place, `${root}/data.txt`)
    }))

  it.effect("allows everything but URLs when the outside is allowed", () =>
    Effect.gen(function*() {
      const { bounds, outside } = yield* tree
      const open = { ...bounds, allowOutside: true }

      assert.strictEqual(yield* SafePath.resolve("../../secret.txt", open), `${outside}/secret.txt`)
      assert.strictEqual(yield* SafePath.readText("../link.txt", open), "secret")
      assert.strictEqual(yield* reasonOf(SafePath.resolve("https://example.test/x", open)), "Url")
    }))

  it.effect("reads up to the cap, and says why a file cannot be read", () =>
    Effect.gen(function*() {
      const { bounds } = yield* tree

      assert.strictEqual((yield* SafePath.read("../data.txt", bounds, 4)).length, 4)
      assert.strictEqual(yield* reasonOf(SafePath.read("../data.txt", bounds, 3)), "TooLarge")
      assert.strictEqual(yield* reasonOf(SafePath.read("../nope.txt", bounds)), "Missing")
      const folder = yield* Effect.flip(SafePath.read("deep", bounds))
      assert.strictEqual(folder.message, "cannot read \"deep\": it is a folder")
      const device = yield* Effect.flip(SafePath.read("/dev/zero", { ...bounds, allowOutside: true }))
      assert.strictEqual(device.message, "cannot read \"/dev/zero\": it is not a regular file")
    }))

  it.effect("drops a byte order mark and refuses what is no UTF-8", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { bounds, root } = yield* tree
      yield* files.writeFile(`${root}/bom.txt`, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))
      yield* files.writeFile(`${root}/latin.txt`, Uint8Array.of(0xe9, 0x21))

      assert.strictEqual(yield* SafePath.readText("../bom.txt", bounds), "a")
      assert.strictEqual(yield* reasonOf(SafePath.readText("../latin.txt", bounds)), "Unreadable")
    }))
})
