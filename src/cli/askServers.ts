/** What `skein doctor` does once its flags are read. */
import { Effect, Option } from "effect"
import { Masking } from "../core/Masking.ts"
import * as Style from "../core/Style.ts"
import * as Config from "../programs/Config.ts"
import * as Doctor from "../programs/Doctor.ts"
import type { DoctorFlags } from "./doctor.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import * as Settings from "./Settings.ts"

/** Asks, prints, and ends with 5 when a server is down. One that is degraded is told and no reason to fail. */
export const doctor = Effect.fnUntraced(function*(flags: DoctorFlags) {
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const { directory } = yield* Invocation
  const given = yield* Effect.forEach(flags.url, (url) =>
    Option.match(Option.fromUndefinedOr(Doctor.given(url)), {
      onNone: () =>
        ExitCode.wrongUsage(
          `--url is none of a server that skein knows${schemeOf(url)}`,
          "write it like postgres://host:5432/database"
        ),
      onSome: Effect.succeed
    }))
  const ask = Doctor.run([...Doctor.serversOf(config), ...given], {
    settings: Config.actionSettings(config),
    secrets: config.secrets,
    environment: config.environment,
    directory,
    timeout: Option.getOrUndefined(flags.timeout)
  })
  const checks = yield* Effect.flatMap(ask, (checks) => Effect.map(Masking, ({ deep }) => deep(checks))).pipe(
    Reading.withMachine(config)
  )
  const style = Style.make(yield* Settings.colors("stdout"))
  yield* Output.result({ json: () => Doctor.health(checks), text: () => Doctor.text(checks, style) })
  if (Doctor.statusOf(checks) === "down") return yield* new ExitCode.Exit({ code: ExitCode.unavailable })
})

/** Which of several was meant; the rest may hold a password. */
const schemeOf = (url: string): string => {
  const [scheme] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(url) ?? []
  return scheme === undefined ? "" : `: ${scheme}...`
}
