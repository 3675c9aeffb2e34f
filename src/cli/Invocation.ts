/** What the root knows about this call of the command line and hands to every command. */
import { Context } from "effect"

export class Invocation extends Context.Service<Invocation, {
  /** Version of skein. */
  readonly version: string
  /** The process environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute working directory. */
  readonly directory: string
  /** Processor cores that may be used; at least 1. */
  readonly cores: number
  /** Whether stdout and stderr are terminals. */
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean }
}>()("skein/cli/Invocation") {}
