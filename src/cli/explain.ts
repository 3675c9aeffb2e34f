/** What `skein actions`, `schema` and `config` do once their flags are read. */
import { Console, Effect, Option } from "effect"
import * as DidYouMean from "../core/DidYouMean.ts"
import * as Style from "../core/Style.ts"
import * as TerminalText from "../core/TerminalText.ts"
import * as Profile from "../profile/Profile.ts"
import * as ActionReference from "../programs/ActionReference.ts"
import * as Config from "../programs/Config.ts"
import * as ConfigReference from "../programs/ConfigReference.ts"
import * as LoadJson from "../programs/load/report/Json.ts"
import * as EditorSchema from "../scenario/EditorSchema.ts"
import type { ActionsFlags } from "./actions.ts"
import type { ConfigFlags } from "./config.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import type { SchemaFlags } from "./schema.ts"
import * as Settings from "./Settings.ts"

/** Lists all actions, or explains the one that is named. */
export const actions = Effect.fnUntraced(function*(flags: ActionsFlags) {
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const infos = ActionReference.describe(yield* Reading.actions(config))
  if (Option.isNone(flags.name)) {
    return yield* Output.result({ json: () => ({ actions: infos }), text: () => ActionReference.list(infos) })
  }
  const name = flags.name.value
  const info = infos.find((info) => info.name === name || info.robogo_names.includes(name))
  if (info === undefined) {
    const known = infos.flatMap((info) => [info.name, ...info.robogo_names])
    return yield* ExitCode.wrongUsage(
      `there is no action "${name}"`,
      DidYouMean.hint(name, known) ?? "skein actions lists them"
    )
  }
  yield* Output.result({ json: () => info, text: () => ActionReference.explain(info) })
})

/** Prints a schema; it is JSON in either format. */
export const schema = Effect.fnUntraced(function*(flags: SchemaFlags) {
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const schema = flags.of === "config"
    ? ConfigReference.schema()
    : flags.of === "profile"
    ? Profile.schema()
    : flags.of === "load-result"
    ? LoadJson.schema()
    : flags.of === "load-comparison"
    ? LoadJson.comparisonSchema()
    : EditorSchema.make(yield* Reading.actions(config))
  yield* Console.log(JSON.stringify(schema, null, 2))
})

/** Prints a table of settings. */
export const config = Effect.fnUntraced(function*(flags: ConfigFlags) {
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const rows = Config.rows(config)
  const style = Style.make(yield* Settings.colors("stdout"))
  const widths = [
    Math.max(...rows.map(({ key }) => key.length)),
    Math.min(40, Math.max(...rows.map(({ value }) => TerminalText.width(value ?? "-"))))
  ] as const
  yield* Output.result({
    json: () => ({ file: config.file ?? null, settings: rows }),
    text: () =>
      rows.map(({ key, place, source, value }) => {
        const shown = TerminalText.pad(TerminalText.escape(value ?? "-"), widths[1])
        const line = `${key.padEnd(widths[0])}  ${shown}  ${place === "" ? source : `${source} ${place}`}`
        return source === "default" ? style.dim(line) : line
      }).join("\n")
  })
})
