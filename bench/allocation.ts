/**
 * What is worth keeping instead of making it again. Claims: big buffers, decoders of schemas and validators of JSON schemas, by
 * far. And what is not: a pool of small objects, from which programs in Go gain, takes in V8 the time of making them.
 *
 *     node bench/allocation.ts
 */
import { Effect, Schema } from "effect"
import * as JsonSchema from "../src/scenario/contract/JsonSchema.ts"
import { alternate, inProcess, print, ratio } from "./Alternate.ts"

let missed = false
/** Keeps the engine from leaving out work whose result nobody wants. */
let sink = 0

const times = (count: number, work: (at: number) => number) => () =>
  inProcess(() => {
    for (let at = 0; at < count; at++) sink += work(at)
  })

/** Compares keeping (first) with making anew (second), and says by how much keeping is faster. */
const compare = async (
  what: string,
  goal: number | undefined,
  kept: () => ReturnType<typeof inProcess>,
  made: typeof kept
) => {
  const rounds = await alternate([{ name: "kept", run: kept }, { name: "made each time", run: made }], 7)
  const { median } = ratio(rounds[1]!, rounds[0]!)
  const holds = goal === undefined || median >= goal
  missed ||= !holds
  console.log(
    `\n${what}: made each time takes ${median.toFixed(1)} times as long${
      goal === undefined ? "" : `, goal ${goal}: ${holds ? "holds" : "MISSED"}`
    }`
  )
  print(rounds)
}

interface Task {
  id: number
  name: string
  state: string
  started: number
}

/** The tasks under way: each stays while 64 more come. */
const underWay: Array<Task | undefined> = Array.from({ length: 64 })
const pool: Array<Task> = []
const pooled = (at: number): number => {
  const done = underWay[at & 63]
  if (done !== undefined) {
    done.name = ""
    done.state = ""
    pool.push(done)
  }
  const task = pool.pop() ?? { id: 0, name: "", state: "", started: 0 }
  task.id = at
  task.name = "task"
  task.state = "new"
  task.started = at
  underWay[at & 63] = task
  return task.id + task.started
}
const fresh = (at: number): number => {
  const task: Task = { id: at, name: "task", state: "new", started: at }
  underWay[at & 63] = task
  return task.id + task.started
}
await compare("small objects, 10 million", undefined, times(1e7, pooled), times(1e7, fresh))

const size = 64 * 1024
const buffer = new Uint8Array(size)
const use = (bytes: Uint8Array, at: number): number => {
  bytes[at & (size - 1)] = at
  return bytes[0]!
}
await compare(
  "buffers of 64 KiB, 20 thousand",
  5,
  times(20_000, (at) => use(buffer, at)),
  times(20_000, (at) => use(new Uint8Array(size), at))
)

const schema = () => Schema.Struct({ id: Schema.Int, name: Schema.String, tags: Schema.Array(Schema.String) })
const value = { id: 7, name: "a name", tags: ["a", "b"] }
const decode = Schema.decodeUnknownSync(schema())
await compare(
  "decoders of a Schema, 10 thousand",
  5,
  times(10_000, () => decode(value).id),
  times(10_000, () => Schema.decodeUnknownSync(schema())(value).id)
)

const jsonSchema = {
  type: "object",
  required: ["id", "name"],
  properties: { id: { type: "integer" }, name: { type: "string" }, tags: { type: "array", items: { type: "string" } } }
}
const compile = () =>
  Effect.runPromise(JsonSchema.compile(jsonSchema, "bench:schema", () => Effect.fail({ message: "no references" })))
const validate = await compile()
await compare(
  "validators of a JSON Schema, 50",
  50,
  times(50, () => validate(value).length),
  () =>
    inProcess(async () => {
      for (let at = 0; at < 50; at++) sink += (await compile())(value).length
    })
)

if (Number.isNaN(sink)) console.log("no sum")
process.exitCode = missed ? 1 : 0
