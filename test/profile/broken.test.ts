import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as Profile from "../../src/profile/Profile.ts"
import { shipped } from "./opened.ts"

const folder = "test/fixtures/profiles"

describe("broken profiles", () => {
  it.live("give the golden output: every mistake with its place and what to do", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const paths = yield* Path.Path
      const names = (yield* files.readDirectory(folder)).filter((name) => name.endsWith(".yaml")).sort()
      const parsed = yield* Effect.forEach(names, (name) => {
        const path = paths.join(folder, name)
        return Effect.map(files.readFileString(path), (text) => Profile.parse({ path, text }))
      })

      assert.deepStrictEqual(parsed.map(({ profile }) => profile), names.map(() => undefined))
      const text = `${CodeFrame.renderAll(parsed.flatMap(({ problems }) => problems))}\n`
      const golden = `${folder}/golden.txt`
      if (process.env["SKEIN_UPDATE_GOLDEN"] === "1") yield* files.writeFileString(golden, text)
      assert.strictEqual(text, yield* files.readFileString(golden))
    }).pipe(Effect.provide(NodeServices.layer)))

  it("of those that come with skein there is none", () => {
    for (const name of ["pantheon", "example"]) assert.strictEqual(shipped(name).name, name)
  })
})
