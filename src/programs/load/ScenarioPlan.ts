/**
 * Which loads the scenarios of files make together: those that say themselves how their iterations are started stand side by side, all
 * others are mixed by their weights.
 */
import type { LoadBlock } from "../../scenario/LoadBlock.ts"
import * as LoadSettings from "../../scenario/LoadSettings.ts"
import type { Load } from "./Plan.ts"

export interface Source {
  readonly name: string
  readonly file: string
  /** What the file says. */
  readonly load: LoadSettings.LoadSettings | undefined
}

export interface ScenarioPlan {
  readonly loads: ReadonlyArray<Load>
  /** Where they stand in files too. */
  readonly thresholds: ReadonlyArray<LoadSettings.WrittenThreshold>
  readonly warmupMillis: number
  readonly gracefulStopMillis: number
  readonly seed: number | undefined
}

/**
 * `over` is nearer than the files (flags), `under` farther (the configuration). When `over` says what is started when, all scenarios share
 * that.
 */
export const make = (
  sources: ReadonlyArray<Source>,
  over: LoadSettings.LoadSettings,
  under: LoadSettings.LoadSettings
): ScenarioPlan => {
  const together = LoadSettings.saysShape(over)
  const alone = sources.filter(({ load }) => !together && load !== undefined && LoadSettings.saysShape(load))
  const mixed = sources.filter((source) => !alone.includes(source))
  const groups = [...alone.map((source) => [source]), ...mixed.length === 0 ? [] : [mixed]]
  const blocks = groups.map((group) => LoadSettings.resolve([over, ...group.flatMap(({ load }) => load ?? []), under]))
  return {
    loads: groups.map((group, index) => loadOf(group, blocks[index]!)),
    thresholds: distinct(sources.flatMap(({ load }) => over.thresholds ?? load?.thresholds ?? under.thresholds ?? [])),
    warmupMillis: Math.max(...blocks.map(({ warmupMillis }) => warmupMillis)),
    gracefulStopMillis: Math.max(...blocks.map(({ gracefulStopMillis }) => gracefulStopMillis)),
    seed: blocks.find(({ seed }) => seed !== undefined)?.seed
  }
}

const loadOf = (group: ReadonlyArray<Source>, { executor, feeder, pacingMillis, thinkMillis }: LoadBlock): Load => ({
  name: group.map(({ name }) => name).join(" + "),
  executor,
  work: {
    type: "scenario",
    mix: group.map(({ file, load }) => ({ file, weight: load?.weight ?? 1 })),
    pacingMillis,
    thinkMillis,
    feeder
  }
})

/** Files of a mix often say the same. */
const distinct = (
  thresholds: ReadonlyArray<LoadSettings.WrittenThreshold>
): ReadonlyArray<LoadSettings.WrittenThreshold> => [
  ...new Map(thresholds.map((one) => [JSON.stringify(LoadSettings.plain(one)), one])).values()
]
