/**
 * A scenario without a file. Its steps are typed by the actions that it may use: a wrong name or input does not compile. What is
 * built is what a file would hold, so values may be templates, and everything works alike.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { builtin, Runner, Scenario, Skein } from "skein"

const users = ["ada", "bob"]

const scenario = Scenario.make<(typeof builtin)[number]>({
  name: "Users",
  mocks: { api: { routes: { "GET /users/:id": { echo: true } } } },
  steps: users.map((user) => ({
    name: `find ${user}`,
    http: { url: `\${mocks.api.url}/users/${user}` },
    expect: [`body.params.id == '${user}'`]
  }))
})

const program = Effect.gen(function*() {
  const plan = yield* Runner.compile(scenario, { actions: builtin, workingDirectory: import.meta.dirname })
  const { cases } = yield* Runner.run(plan, { concurrency: 1 })
  for (const { name, status } of cases[0]?.steps ?? []) yield* Console.log(`${name}: ${status}`)
})

program.pipe(Effect.provide(Skein.layer().pipe(Layer.provideMerge(NodeServices.layer))), NodeRuntime.runMain)
