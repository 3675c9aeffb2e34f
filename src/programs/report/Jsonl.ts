/** Every event of a run as one JSON document a line, written as they happen: for tools that follow a run, and after a crash. */
import { Result, Schema } from "effect"
import { Event } from "../../scenario/Event.ts"
import { ReportError } from "./Report.ts"

/** Returns the line of one event, with its line feed. */
export const line = (event: Event): string => `${JSON.stringify(event)}\n`

/**
 * Reads the lines back. A torn last line, as a killed process leaves, is dropped.
 *
 * Fails with `NotAReport` at the first line before the last one that is not an event.
 */
export const parse = (text: string, path: string): Result.Result<ReadonlyArray<Event>, ReportError> => {
  const lines = text.split("\n")
  const events: Array<Event> = []
  for (const [index, one] of lines.entries()) {
    if (one.trim() === "") continue
    const event = decode(one)
    if (Result.isSuccess(event)) events.push(event.success)
    else if (index < lines.length - 1) {
      return Result.fail(
        new ReportError({ reason: "NotAReport", message: `${path}:${index + 1} is not an event of a skein run` })
      )
    }
  }
  return Result.succeed(events)
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Event))
