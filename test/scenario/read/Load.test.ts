/** Includes and other files that a scenario names: what is outside stays outside. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as Load from "../../../src/scenario/read/Load.ts"
import * as Scenarios from "../../support/runScenarios.ts"

/** A folder `root` with these scenarios, and beside it `outside` with a part that nobody may take. */
const tree = Effect.fnUntraced(function*(files: Readonly<Record<string, string>>) {
  const inside = Object.entries(files).map(([name, text]) => [`root/${name}`, text] as const)
  const directory = yield* Scenarios.write({
    ...Object.fromEntries(inside),
    "root/parts/_one.yaml": "name: One\nsteps: [log: one]",
    "outside/_secret.yaml": "name: Secret\nsteps: [log: outside]",
    "outside/rows.json": "[{ \"n\": 1 }]"
  })
  return { root: `${directory}/root`, outside: `${directory}/outside` }
})

const load = (root: string, allowOutside = false) =>
  Load.load(["a.yaml"], { workingDirectory: root, root, allowOutside, actions: ["log"] })

const including = (file: string) => ({ "a.yaml": `name: A\nsteps:\n  - include: ${JSON.stringify(file)}` })

it.layer(NodeServices.layer)("Load", (it) => {
  describe("includes", () => {
    it.effect("R06 are refused outside of the root: by dots, by an absolute path, by a link, by URL", () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const { outside, root } = yield* tree({})
        yield* files.symlink(outside, `${root}/link`)
        yield* files.symlink(`${outside}/_secret.yaml`, `${root}/parts/_link.yaml`)
        yield* files.symlink("/", `${root}/everything`)
        const ways = [
          "../outside/_secret.yaml",
          "parts/../../outside/_secret.yaml",
          `${outside}/_secret.yaml`,
          "link/_secret.yaml",
          "parts/_link.yaml",
          `everything${outside}/_secret.yaml`,
          "/etc/passwd",
          `../../../../../../../../etc/passwd`,
          "file:///etc/passwd",
          "http://127.0.0.1:1/a.yaml",
          "https://example.org/a.yaml"
        ]

        for (const way of ways) {
          yield* files.writeFileString(path.join(root, "a.yaml"), including(way)["a.yaml"])
          const { problems } = yield* load(root)
          assert.isNotEmpty(problems.filter(({ severity }) => severity === "error"), way)
          assert.notInclude(JSON.stringify(problems), "log: outside")
          assert.notInclude(JSON.stringify(problems), "root:x:")
        }
      }))

    it.effect("R06 may leave the root when that is allowed, but are never fetched", () =>
      Effect.gen(function*() {
        const { root } = yield* tree(including("../outside/_secret.yaml"))
        const allowed = yield* load(root, true)
        assert.deepStrictEqual(allowed.problems, [])
        assert.strictEqual(allowed.scenarios[0]!.scenario.steps.length, 1)

        const url = yield* tree(including("http://127.0.0.1:1/a.yaml"))
        assert.isNotEmpty((yield* load(url.root, true)).problems)
      }))

    it.effect("R06 that go round in a circle are told with the way round", () =>
      Effect.gen(function*() {
        const { root } = yield* tree({
          "a.yaml": "name: A\nsteps: [{ include: parts/_b.yaml }]",
          "parts/_b.yaml": "name: B\nsteps: [{ include: _c.yaml }]",
          "parts/_c.yaml": "name: C\nsteps: [{ include: ../a.yaml }]"
        })
        const { problems } = yield* load(root)

        assert.lengthOf(problems, 1)
        assert.match(problems[0]!.message, /a\.yaml.*_b\.yaml.*_c\.yaml.*a\.yaml/)
      }))

    it.effect("R06 of one part from many places are no circle", () =>
      Effect.gen(function*() {
        const { root } = yield* tree({
          "a.yaml": "name: A\nsteps: [{ include: parts/_one.yaml }, { include: parts/_one.yaml }]"
        })

        assert.deepStrictEqual((yield* load(root)).problems, [])
      }))

    it.effect("R06 that multiply end in a problem, not in memory", () =>
      Effect.gen(function*() {
        const levels = Array.from({ length: 12 }, (_, level) =>
          [
            `parts/_l${level}.yaml`,
            `name: L\nsteps: [${
              Array.from({ length: 10 }, () => level === 11 ? "log: x" : `{ include: _l${level + 1}.yaml }`).join(", ")
            }]`
          ] as const)
        const { root } = yield* tree({
          "a.yaml": "name: A\nsteps: [{ include: parts/_l0.yaml }]",
          ...Object.fromEntries(levels)
        })
        const { problems } = yield* load(root)

        assert.isNotEmpty(problems)
      }))
  })

  it.effect("R06 a link to a folder is not followed when a folder is run: it may lead out, or round in a circle", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { outside, root } = yield* tree({ "a.yaml": "name: A\nsteps: [log: a]" })
      yield* files.writeFileString(`${outside}/b.yaml`, "name: B\nsteps: [log: b]")
      for (const [to, name] of [[outside, "out"], [root, "self"], ["/", "everything"]] as const) {
        yield* files.symlink(to, `${root}/${name}`)
      }
      const { problems, scenarios } = yield* Load.load(["."], {
        workingDirectory: root,
        root,
        allowOutside: false,
        actions: ["log"]
      })

      assert.deepStrictEqual(scenarios.map(({ scenario }) => scenario.name), ["A"])
      assert.deepStrictEqual(problems, [])
    }))
})
