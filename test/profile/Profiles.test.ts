/** Profiles by name and by path. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Profiles from "../../src/profile/Profiles.ts"
import { write } from "./opened.ts"

const text = (name: string) => `profile: ${name}\nbase: http://api.test\n`
const begin = Effect.map(
  write({
    "profiles/a.yaml": text("mine"),
    "more/a.yaml": text("hidden"),
    "more/b.yml": text("b"),
    "one/c.yaml": text("c"),
    "shipped/d.yaml": text("d"),
    "shipped/notes.txt": "",
    "broken.yaml": "profile: x\nanother: y\n"
  }),
  (directory) => ({
    directory,
    places: [`${directory}/more`, `${directory}/one/c.yaml`, `${directory}/shipped`, "/absent"]
  })
)

describe("profiles", () => {
  it.live("are found in ./profiles first, then in the other places, each name once", () =>
    Effect.gen(function*() {
      const where = yield* begin
      assert.deepStrictEqual((yield* Profiles.all(where)).map(({ name }) => name), ["a", "b", "c", "d"])
      assert.strictEqual((yield* Profiles.find("a", where)).name, "mine")
      assert.strictEqual((yield* Profiles.find("c", where)).name, "c")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("are found by path, and show it relative to the working directory", () =>
    Effect.gen(function*() {
      const profile = yield* Profiles.find("./more/a.yaml", yield* begin)
      assert.strictEqual(profile.name, "hidden")
      assert.strictEqual(profile.source.path, "more/a.yaml")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live.each(
    [
      ["aa", `there is no profile "aa"`, "did you mean a?"],
      ["nothing", `there is no profile "nothing"`, "skein profile list has all of them"],
      ["./absent.yaml", "there is no file absent.yaml", undefined],
      ["./broken.yaml", "the profile broken.yaml has 2 errors", undefined]
    ] as const
  )("%s is told: %s", ([name, message, hint]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Profiles.find(name, yield* begin))
      assert.strictEqual(error.message, message)
      assert.strictEqual(error.hint, hint)
    }).pipe(Effect.provide(NodeServices.layer)))
})
