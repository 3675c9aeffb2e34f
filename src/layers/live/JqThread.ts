/**
 * The side of `WorkerJq` that runs inside the worker thread: takes programs from a port, one after the other.
 *
 * It never stops a program by itself; the other side ends the whole thread.
 */
import jq from "jq-web"

/** One program to run on one JSON text. */
export interface Question {
  readonly id: number
  readonly program: string
  readonly input: string
  readonly maxOutputLength: number
}

/** One JSON text per line, or why there is none. After `broken` the thread must be replaced. */
export type Answer =
  | { readonly id: number; readonly kind: "results"; readonly output: string }
  | { readonly id: number; readonly kind: "refused"; readonly reason: Refusal; readonly message: string }
  | { readonly id: number; readonly kind: "broken"; readonly message: string }

export type Refusal = "Program" | "Input" | "TooLarge"

/** The part of a `MessagePort` that is used here. */
export interface Port {
  readonly on: (event: "message", listener: (question: Question) => void) => unknown
  readonly postMessage: (answer: Answer) => void
}

/** Answers questions until the thread ends. */
export const serve = async (port: Port): Promise<void> => {
  const compiled = await jq
  port.on("message", (question) => port.postMessage(answer(compiled.raw, question)))
}

const answer = (
  raw: (json: string, program: string, flags: Array<string>) => string | undefined,
  { id, input, maxOutputLength, program }: Question
): Answer => {
  try {
    // The space keeps jq from reading a program such as `-n` as a flag.
    const output = raw(input, ` ${program}`, ["-c"]) ?? ""
    return output.length <= maxOutputLength
      ? { id, kind: "results", output }
      : {
        id,
        kind: "refused",
        reason: "TooLarge",
        message: `its results are longer than ${maxOutputLength} characters`
      }
  } catch (error) {
    return explain(id, error)
  }
}

const explain = (id: number, error: unknown): Answer => {
  const { exitCode, stderr } = error as { readonly exitCode?: number; readonly stderr?: string }
  if (exitCode === undefined) return { id, kind: "broken", message: String(error) }
  const [first = "", ...rest] = (stderr ?? "").split("\n").map((line) => line.trim()).filter((line) => line !== "")
  const message = first
    .replace(/^jq: error(: | \(at [^)]*\):? ?)/, "")
    .replace(/ \(Unix shell quoting issues\?\)/, "")
    .replace(/ at <top-level>, line \d+:$/, rest.length > 1 ? ` near: ${rest[0]}` : "")
  return {
    id,
    kind: "refused",
    reason: exitCode === 3 ? "Program" : "Input",
    message: message === "" ? `exit code ${exitCode}` : message
  }
}
