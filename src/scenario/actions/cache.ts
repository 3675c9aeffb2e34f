/** `cache`: values by key, for a time, in memory and in Redis. */
import { Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import * as CacheStep from "../steps/CacheStep.ts"
import * as Connection from "../steps/Connection.ts"
import * as HealthOutput from "../steps/HealthOutput.ts"

const some = Schema.optionalKey

export const cache = Action.make({
  name: "cache",
  family: "caches",
  summary: "Reads and keeps values by key for a time; embedded unless a URL says otherwise",
  input: CacheStep.Input,
  positional: ["get"],
  output: Schema.Struct({
    value: some(Schema.Unknown),
    values: some(Schema.Array(Schema.Unknown)),
    found: some(Schema.Boolean),
    count: some(Schema.Int),
    loaded: some(Schema.Boolean),
    ttl_ms: some(Schema.NullOr(Schema.Finite)),
    statistics: some(Schema.Unknown),
    ...HealthOutput.fields
  }),
  effect: CacheStep.effectOf,
  validate: (present, constants) => [
    ...Connection.urlProblems(constants, ["redis", "rediss"]),
    ...CacheStep.problems(present, constants)
  ],
  examples: [
    {
      title: "Keep a value, read it, remove it",
      yaml: `steps:
  - cache: { set: "user:7", value: { name: Ada }, ttl: 5m }
  - cache: { get: "user:7" }
    expect: [found, value.name == 'Ada']
  - cache: { delete: ["user:7", "user:8"] }
    expect: count == 1
  - cache: { get: "user:7" }
    expect: not found
`
    },
    {
      title: "Load a value once",
      yaml: `mocks: { shop: { routes: { "GET /rates": { json: { eur: 1.1 } } } } }
steps:
  - for: 1..3
    cache: { get_or_set: rates, load: { http: "\${mocks.shop.url}/rates" }, ttl: 1m }
    expect: value.body.eur == 1.1
  - assert: size(mocks.shop.calls) == 1
`
    },
    {
      title: "Several keys at once, and a time to live that is changed",
      yaml: `steps:
  - cache: { set: { a: 1, b: [2, 3] }, ttl: 1h }
  - cache: { get: [a, b, c] }
    expect:
      - count == 2
      - values == [1, [2, 3], null]
  - cache: { expire: a, ttl: 10s }
    expect: found
  - cache: { ttl_of: a }
    expect: [ttl_ms > 0, ttl_ms <= 10000]
`
    },
    {
      title: "An entry that somebody else sets appears",
      yaml: `setup:
  - cache: { url: "embedded:sessions", set: "session:1", value: ada }
steps:
  - wait_for:
      step: { cache: { url: "embedded:sessions", get: "session:1" } }
      until: found
      interval: 50ms
      timeout: 5s
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { client } = yield* Connection.open(CacheStep.family, input.url, context)
    yield* CacheStep.needsServer(client, input)
    return yield* CacheStep.run(client, input, context)
  })
})
