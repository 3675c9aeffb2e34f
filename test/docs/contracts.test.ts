/** Runs what `docs/contracts.md` and `docs/init.md` show. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import { http } from "../../src/scenario/actions/http.ts"
import { made } from "../programs/init/checked.ts"
import * as Scenarios from "../support/runScenarios.ts"

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")

/** The fenced blocks that follow a line with nothing but a name in backticks and a colon. */
const files = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^`([^`\n]+)`:\n\n```\w+\n([\s\S]*?)```$/gm)].map(([, name, block]) => [name!, block!])
  )

it.layer(Layer.merge(Scenarios.layer, UndiciHttpClient.layer()), { excludeTestServices: true })(
  "docs/contracts.md",
  (it) => {
    const all = files(page("contracts.md"))
    // Lies beside the scenario but is none.
    const api = "contracts/api.yaml"

    it.effect("its scenario keeps all of its contracts", () =>
      Effect.gen(function*() {
        assert.hasAllKeys(all, [
          "contracts/shop.yaml",
          "contracts/order.schema.json",
          api,
          "contracts/__snapshots__/shop.yaml.snap.yaml"
        ])
        const { events, report } = yield* Scenarios.run(all, [http])

        const [one] = report.cases
        assert.strictEqual(report.cases.length, 1)
        assert.strictEqual(one!.status, "passed", JSON.stringify(one!.steps))
        assert.isEmpty(events.filter((event) => event._tag === "Warning"), "the snapshot is the stored one")
      }))

    it.effect("another answer breaks each of them", () =>
      Effect.gen(function*() {
        const broken = {
          ...all,
          "contracts/shop.yaml": all["contracts/shop.yaml"]!.replace("id: 7, sku", "id: x, sku")
        }
        const { report } = yield* Scenarios.run(broken, [http])

        const messages = report.cases[0]!.steps[0]!.failures.map((failure) => failure.message)
        assert.deepStrictEqual(messages.slice(0, 2), [
          "/id must be integer, is \"x\" (type)",
          "body: /id must be integer, is \"x\" (type)"
        ])
        assert.include(messages[2]!, "-    \"id\": 7,\n+    \"id\": \"x\",")
      }))
  }
)

describe("docs/init.md", () => {
  it("its command becomes its scenario", () => {
    const text = page("init.md")
    const command = files(text)["curl"]!
    const [, scenario] = /^becomes:\n\n(?:<!-- .* -->\n\n)?```yaml\n([\s\S]*?)```$/m.exec(text)!

    assert.strictEqual(made({ from: "curl", text: command }).text, scenario)
  })
})
