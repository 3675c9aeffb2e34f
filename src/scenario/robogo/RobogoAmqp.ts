/**
 * Robogo's spellings of `amqp`: `rabbitmq` with `[publish, url, queue, text]`, and of its first generation `[connect, url, name]`,
 * `[publish, name, exchange, key, body]`, `[consume, name, queue, timeout?]` and `[close, name]`.
 */
import { emptyRecord, field, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Text from "../expression/Text.ts"

/** The named inputs of a call. An operation that is not known leaves none, and the step says which there are. */
export const input = (args: ReadonlyArray<Value>, options: ValueRecord): ValueRecord => {
  const [operation, server, ...rest] = args
  const made = emptyRecord()
  if (server !== undefined && server !== null && server !== "") made["url"] = Text.write(server)
  const timeout = field(options, "timeout")
  switch (Text.write(operation ?? "").toLowerCase()) {
    case "connect":
      made["health"] = true
      if (rest[0] !== undefined) made["connect_as"] = Text.write(rest[0])
      break
    case "close":
      made["health"] = true
      break
    case "publish":
      if (rest.length <= 2) made["queue"] = Text.write(rest[0] ?? "")
      else {
        made["exchange"] = Text.write(rest[0] ?? "")
        made["routing_key"] = Text.write(rest[1] ?? "")
      }
      made["publish"] = rest.at(rest.length <= 2 ? 1 : 2) ?? ""
      if (typeof made["publish"] === "string") made["content_type"] = "text/plain"
      break
    case "consume":
      made["consume"] = Text.write(rest[0] ?? "")
      made["as"] = "text"
      if ((rest[1] ?? timeout) !== undefined) made["timeout"] = rest[1] ?? timeout!
  }
  return made
}

/** The result in Robogo's shape: what was done, and of `consume` the text of the message. */
export const result = (
  output: Value,
  asked: { readonly publish?: Value; readonly consume?: string; readonly connect_as?: string }
): Value => {
  if (!isRecord(output)) return output
  if (asked.publish !== undefined) return { status: "published" }
  if (asked.consume !== undefined) {
    const message = output["message"]
    return isRecord(message) ? message["body"] ?? null : null
  }
  return { status: asked.connect_as === undefined ? "closed" : "connected" }
}
