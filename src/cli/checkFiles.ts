/** What `skein check` does once its flags are read; apart from them, so that help does not load it. */
import { Effect } from "effect"
import * as Runner from "../programs/Runner.ts"
import type { CheckFlags } from "./check.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Problems from "./Problems.ts"
import * as Reading from "./Reading.ts"
import * as Stop from "./Stop.ts"

/** Prints what is wrong. Fails with `Exit` when files cannot be run as they are. */
export const execute = (flags: CheckFlags) => Stop.within(0)(checkFiles(flags))

const checkFiles = Effect.fnUntraced(function*(flags: CheckFlags) {
  const config = yield* Reading.configuration(flags)
  const options = yield* Reading.compileOptions(flags, config)
  const plan = yield* Reading.withMachine(config)(Runner.plan(Reading.paths(flags.files), options, false))
  if (plan.cases.length === 0 && plan.problems.length === 0) {
    return yield* ExitCode.wrongUsage(
      "there are no scenarios here",
      "name files or folders, or write a first one with: skein init"
    )
  }
  yield* Problems.print(plan.problems, flags.format, Problems.filesOf(plan))
  if (plan.problems.some(({ severity }) => severity === "error")) {
    return yield* new ExitCode.Exit({ code: ExitCode.usage })
  }
})
