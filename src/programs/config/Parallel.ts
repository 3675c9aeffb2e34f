/** What the `parallel` block means for each kind of work. Robogo reads only half of its keys; skein honours each. */
import type * as Table from "./Table.ts"

/** How many of a kind run at once; absent: nobody said, the step or case decides. */
export interface Bounds {
  readonly cases: number
  readonly steps?: number
  readonly http_requests?: number
  readonly database_operations?: number
  readonly data_validation?: number
  readonly file_operations?: number
}

interface Configured {
  readonly settings: Table.Settings
  /** Written to: the place of the block when that decides. */
  readonly origins: Record<Table.Key, Table.Origin>
}

/**
 * Lets the block decide `concurrency` where that was not set by a flag or the environment: 1 when cases do not run at
 * once, else `max_concurrency`. A `concurrency` of the file wins over `max_concurrency` of the same file.
 */
export const apply = (configured: Configured): Configured => {
  const { origins, settings } = configured
  const { source } = origins.concurrency
  if (source === "flag" || source === "environment") return configured
  const decide = (concurrency: number, key: Table.Key): Configured => {
    origins.concurrency = origins[key]
    return { settings: { ...settings, concurrency }, origins }
  }
  if (!settings["parallel.enabled"]) return decide(1, "parallel.enabled")
  if (settings["parallel.test_cases"] === false) return decide(1, "parallel.test_cases")
  const most = settings["parallel.max_concurrency"]
  return source === "default" && most !== undefined ? decide(most, "parallel.max_concurrency") : configured
}

/** The bounds for everything, given the settings after {@link apply}. */
export const bounds = (settings: Table.Settings): Bounds => {
  const most = settings["parallel.max_concurrency"] ?? settings.concurrency
  const bound = <Name extends string>(name: Name, allowed: boolean | undefined): { readonly [K in Name]?: number } => {
    if (!settings["parallel.enabled"]) return { [name]: 1 } as { readonly [K in Name]?: number }
    return allowed === undefined ? {} : { [name]: allowed ? most : 1 } as { readonly [K in Name]?: number }
  }
  return {
    cases: settings.concurrency,
    ...bound("steps", settings["parallel.steps"]),
    ...bound("http_requests", settings["parallel.http_requests"]),
    ...bound("database_operations", settings["parallel.database_operations"]),
    ...bound("data_validation", settings["parallel.data_validation"]),
    ...bound("file_operations", settings["parallel.file_operations"])
  }
}
