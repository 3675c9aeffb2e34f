/** How much of a kind of work runs at once, by the `parallel` block of the configuration and of a Robogo file. */
import { isRecord, type ValueRecord } from "../../core/Value.ts"

export type Kind = "steps" | "http_requests" | "database_operations"

/** The bound that the settings of a case give; `undefined` when nobody has said anything. */
export const of = (settings: ValueRecord, kind: Kind): number | undefined => {
  const bounds = settings["parallel"]
  const bound = isRecord(bounds) ? bounds[kind] : undefined
  return typeof bound === "number" && bound >= 1 ? bound : undefined
}

/** What a step wants, within the bound. */
export const within = (wanted: number, settings: ValueRecord, kind: Kind): number =>
  Math.min(wanted, of(settings, kind) ?? wanted)
