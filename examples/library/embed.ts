/** skein in a program of yours: compile, run, look at the report. Run it with `node examples/library/embed.ts`. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { builtin, Runner, Skein } from "skein"

const scenario = `
name: Hello
mocks: { api: { routes: { "GET /user": { json: { name: Ada } } } } }
steps:
  - http: "\${mocks.api.url}/user"
    expect: [status == 200, body.name == 'Ada']
`

const program = Effect.gen(function*() {
  const plan = yield* Runner.compile(scenario, { actions: builtin, workingDirectory: import.meta.dirname })
  const { cases } = yield* Runner.run(plan, { concurrency: 4 })
  for (const { name, status } of cases) yield* Console.log(`${name}: ${status}`)
})

const services = Skein.layer().pipe(Layer.provideMerge(NodeServices.layer))

program.pipe(Effect.provide(services), NodeRuntime.runMain)
