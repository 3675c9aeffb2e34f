/** A call of the command line as the tests make it. */
import { Effect, Layer } from "effect"
import { Invocation } from "../../src/cli/Invocation.ts"

export const invocation = (
  options: { readonly environment?: Readonly<Record<string, string>>; readonly directory?: string } = {}
): Layer.Layer<Invocation> =>
  Layer.succeed(Invocation, {
    version: "0.0.0-test",
    environment: options.environment ?? {},
    directory: options.directory ?? "/",
    profiles: new URL("../../profiles", import.meta.url).pathname,
    cores: 2,
    terminal: { stdout: false, stderr: false },
    columns: Effect.succeed(80)
  })
