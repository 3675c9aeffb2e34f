/** The secrets of a case or suite: those of its file, those of the suite around it, those of the configuration. */
import { Effect } from "effect"
import { field, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type { CompiledScenario } from "../../scenario/compile/Compiled.ts"
import type { Spelling } from "../../scenario/Scenario.ts"
import * as SecretReference from "../../services/SecretReference.ts"
import type * as Secrets from "../../services/Secrets.ts"
import type { RunState } from "./RunState.ts"

/** Secrets that a file declares, and how that file spells. */
export interface Declared {
  readonly spelling: Spelling
  readonly secrets: CompiledScenario["secrets"]
}

/** Fetches them; those of later files come first. Fails when one cannot be had. */
export const fetch = <R>(
  files: ReadonlyArray<Declared>,
  directory: string,
  state: RunState<R>
): Effect.Effect<ValueRecord, Secrets.SecretsError> => {
  const references: { [name: string]: Value } = { ...state.plan.secrets }
  const empty: { [name: string]: Value } = {}
  for (const { secrets, spelling } of files) {
    for (const { name, references: own } of secrets) {
      const reference = spelling === "robogo" ? robogoReference(own, state) : own
      if (reference === undefined) empty[name] = ""
      else references[name] = reference
    }
  }
  return Effect.map(state.secrets(references, directory), (found) => ({ ...empty, ...found }))
}

/** Puts secrets into the URLs of connections: as they are where one is the whole URL, else percent-encoded for their place. */
export const fillIn = (connections: ValueRecord, secrets: ValueRecord): ValueRecord => {
  const fill = (url: string): string =>
    url.replace(reference, (whole, name: string) => {
      const secret = field(secrets, name)
      return typeof secret !== "string" ? whole : whole === url ? secret : encodeURIComponent(secret)
    })
  return Object.fromEntries(
    Object.entries(connections).map(([name, one]): [string, Value] => [
      name,
      typeof one === "string"
        ? fill(one)
        : isRecord(one) && typeof one["url"] === "string"
        ? { ...one, url: fill(one["url"]) }
        : one
    ])
  )
}

const reference = /\$\{secrets\.([\p{L}\p{N}_-]+)\}/gu

/**
 * Robogo looks for a secret's file from where it runs; beside the case comes first here. A variable of the environment that
 * is not set is empty there, and so is a secret without a value: `undefined`.
 */
const robogoReference = <R>(reference: Value, state: RunState<R>): Value | undefined => {
  if (!isRecord(reference)) return reference
  const { env, file, value } = reference
  if (typeof env === "string") return (state.options.environment?.[env] ?? "") === "" ? undefined : reference
  if (typeof file === "string") {
    return [{ file }, { file: SecretReference.absolute(file, state.plan.options.workingDirectory) }]
  }
  return value === "" ? undefined : reference
}
