/** What services say while they work, on stderr: warnings, and with `--verbose` all that they decide. stdout keeps the result. */
import { Layer, Logger, References } from "effect"
import * as TerminalText from "../core/TerminalText.ts"

export const layer = (wanted: { readonly verbose: boolean; readonly quiet: boolean }): Layer.Layer<never> =>
  Layer.merge(
    Logger.layer([Logger.withConsoleError(line)]),
    Layer.succeed(References.MinimumLogLevel, wanted.verbose ? "Debug" : wanted.quiet ? "Error" : "Warn")
  )

const line = Logger.make<unknown, string>(({ logLevel, message }) => {
  const parts = Array.isArray(message) ? message : [message]
  const text = parts.map((part) => typeof part === "string" ? part : String(part)).join(" ")
  return TerminalText.escapeLines(`${names[logLevel] ?? logLevel.toLowerCase()}: ${text}`)
})

const names: Readonly<Record<string, string>> = { Warn: "warning", Debug: "note", Info: "note", Fatal: "error" }
