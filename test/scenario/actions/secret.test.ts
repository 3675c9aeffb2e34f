import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Masking } from "../../../src/core/Masking.ts"
import { FakeSecrets } from "../../../src/layers/fake/FakeSecrets.ts"
import * as UndiciHttpClient from "../../../src/layers/live/UndiciHttpClient.ts"
import { assert as assertAction } from "../../../src/scenario/actions/assert.ts"
import { http } from "../../../src/scenario/actions/http.ts"
import { log } from "../../../src/scenario/actions/log.ts"
import { secret } from "../../../src/scenario/actions/secret.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { makeContext, runAction } from "./context.ts"

const services = Layer.mergeAll(Scenarios.layer, UndiciHttpClient.layer())

layer(services, { excludeTestServices: true })("secret", (it) => {
  for (const { title, yaml } of secret.examples) {
    it.effect(`example: ${title}`, () =>
      Effect.gen(function*() {
        const { report } = yield* Scenarios.run({ "e.yaml": `name: Example\n${yaml}` }, [secret, http, assertAction])

        const one = report.cases[0]
        assert.strictEqual(one?.status, "passed", JSON.stringify(one?.steps.map(({ failures }) => failures)))
      }))
  }

  it.effect("the first source that has it wins, and the value is masked from then on", () =>
    Effect.gen(function*() {
      yield* (yield* FakeSecrets).file("/scenario/token", "from-the-file-4711\n")
      const context = yield* makeContext({ environment: { OTHER: "from-the-environment" } })

      const value = yield* runAction(secret, { from: [{ env: "TOKEN" }, { file: "token" }, { env: "OTHER" }] }, {
        context
      })

      assert.strictEqual(value, "from-the-file-4711")
      assert.strictEqual((yield* Masking).text("it is from-the-file-4711!"), "it is ***!")
    }))

  it.effect("a folder is one value with a field for each of its files", () =>
    Effect.gen(function*() {
      const fake = yield* FakeSecrets
      yield* fake.file("/run/mounted/user", "ada\n")
      yield* fake.file("/run/mounted/tls.key", "key-in-the-folder\n")

      const value = yield* runAction(secret, { from: { folder: "/run/mounted" } }, { context: yield* makeContext({}) })

      assert.deepStrictEqual(value, { user: "ada", "tls.key": "key-in-the-folder" })
      assert.strictEqual((yield* Masking).text("key-in-the-folder"), "***")
    }))

  it.effect("nothing of the run shows a value, also not one that a step was told", () =>
    Effect.gen(function*() {
      const yaml = `name: Hidden
vars: { told: token-of-somebody }
steps:
  - secret: { value: "\${told}" }
    save: { token: value }
  - log: "it is \${token}"
`
      const { events } = yield* Scenarios.run({ "e.yaml": yaml }, [secret, log], { keepExchanges: true, debug: true })

      const after = events.slice(events.findIndex((event) => event._tag === "StepFinished"))
      assert.notInclude(JSON.stringify(after), "token-of-somebody")
      assert.include(JSON.stringify(after), "it is ***")
    }))

  it.effect("one that is nowhere names the sources, and nothing else", () =>
    Effect.gen(function*() {
      const context = yield* makeContext()
      const error = yield* Effect.flip(
        runAction(secret, { from: [{ env: "NONE" }, { file: "nowhere" }], name: "token" }, { context })
      )

      assert.include(String(error.message), "cannot get the secret \"token\"")
      assert.include(String(error.message), "environment variable NONE is not set; file nowhere does not exist")
    }))

  it("a reference that is none is found before anything runs", () => {
    const problems = secret.validate?.(new Set(["from"]), { from: { enw: "TOKEN" } }) ?? []

    assert.include(problems.join(), "did you mean \"env\"?")
  })
})
