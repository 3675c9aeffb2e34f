/** What the process answers with. The codes are public: they are added to, never renumbered. */
import { Data } from "effect"
import type { Signal } from "../services/StopSignal.ts"

/** All well. */
export const ok = 0
/** The answer is no: a check, a threshold or a case failed. */
export const no = 1
/** Wrong usage or an invalid file; nothing ran. Also when nothing was selected. */
export const usage = 2
/** Some of the items were done. */
export const partial = 3
/** The time given for it ran out. */
export const timedOut = 4
/** A needed service, disk or file could not be used. */
export const unavailable = 5
/** The measurement is not valid. */
export const invalidMeasurement = 6
/** A bug in skein. */
export const bug = 70

/** The code after a signal: what a shell expects of it. A closed terminal counts as SIGTERM. */
export const ofSignal = (signal: Signal): number => signal === "SIGINT" ? 130 : signal === "SIGPIPE" ? 141 : 143

/** Ends a command with `code`. Everything worth saying has been printed. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: number }> {}

/** Ends a command with `code` after one message on stderr, without a stack. */
export class CommandError extends Data.TaggedError("CommandError")<{
  readonly code: number
  readonly message: string
  readonly hint?: string | undefined
}> {}

/** The command line or a file that it names is wrong. */
export const wrongUsage = (message: string, hint?: string): CommandError =>
  new CommandError({ code: usage, message, hint })

/** What went wrong, as wrong usage. */
export const asUsage = (error: { readonly message: string; readonly hint?: string | undefined }): CommandError =>
  wrongUsage(error.message, error.hint)

/** Ends a command that only the unbundled command line can run; the root runs it there. Nothing has been printed. */
export class HandOver extends Data.TaggedError("HandOver") {}
