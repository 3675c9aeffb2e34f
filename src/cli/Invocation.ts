/** What the root knows about this call of the command line and hands to every command. */
import { Context, type Effect } from "effect"

export class Invocation extends Context.Service<Invocation, {
  /** Version of skein. */
  readonly version: string
  /** The process environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute working directory. */
  readonly directory: string
  /** Absolute folder of the profiles that come with skein. */
  readonly profiles: string
  /** Processor cores that may be used; at least 1. */
  readonly cores: number
  /** Whether stdout and stderr are terminals. */
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean }
  /** Columns of the terminal behind stderr as they are now; it may be resized. 80 when it is none. */
  readonly columns: Effect.Effect<number>
}>()("skein/cli/Invocation") {}
