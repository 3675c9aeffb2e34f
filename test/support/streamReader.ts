/** Reads a JSON array of 50 MB that is made on the way, and says how many items it has. */
import { Effect, Stream } from "effect"
import * as JsonStream from "../../src/core/JsonStream.ts"

const row = "{\"id\":12345,\"name\":\"a row of a table with some text in it\",\"tags\":[\"a\",\"b\"],\"price\":12.5},\n"
const bytes = (text: string) => new TextEncoder().encode(text)

const count = Stream.succeed(bytes("[")).pipe(
  Stream.concat(Stream.map(Stream.range(1, 800), () => bytes(row.repeat(700)))),
  Stream.concat(Stream.succeed(bytes("0]"))),
  JsonStream.decode("json"),
  Stream.runFold(() => 0, (count) => count + 1)
)

process.stdout.write(`items ${await Effect.runPromise(count)}\n`)
