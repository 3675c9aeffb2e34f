/**
 * Fetches secrets from where a file says they are: the environment, `.env` files, files, folders, Vaults, commands. What comes
 * back is `Redacted`, and known to the masking sink before anybody sees it.
 *
 * Implementations: `layers/live/SystemSecrets`, `layers/fake/FakeSecrets`. Both pass `test/services/SecretsSuite`.
 * `services/SecretReference` has the spelling of the sources.
 */
import { Context, Duration, Effect, Fiber, Redacted, Result, Schema, type Scope, Semaphore } from "effect"
import * as DurationText from "../core/DurationText.ts"
import type { Masking } from "../core/Masking.ts"
import type { ValueRecord } from "../core/Value.ts"
import type { Health } from "./Health.ts"
import * as SecretFetch from "./SecretFetch.ts"
import { read, type ReferenceProblem, type SecretReference, type VaultPath } from "./SecretReference.ts"

export interface ResolveOptions {
  /** Folder where relative paths start and commands run. */
  readonly directory: string
  /** Environment that `env` reads and commands get; nothing is added to it. */
  readonly environment: Readonly<Record<string, string>>
  /** Bound on the whole, commands included. @default 10 seconds */
  readonly timeout?: Duration.Duration | undefined
}

export class Secrets extends Context.Service<Secrets, {
  /**
   * Fetches every secret, all of them and all their sources at once. `references` has a {@link SecretReference} or a list of
   * them by name, as in a file; of a list the first source that has the secret wins, however fast the others are.
   *
   * A folder gives one secret for each of its files, under the names `NAME.FILE`, unless its `key` names one.
   *
   * A source that fails before the one that wins is logged as a warning. Fails when a secret is nowhere to be found,
   * with all such secrets in one error. An empty value counts as not there.
   */
  readonly resolve: (
    references: ValueRecord,
    options: ResolveOptions
  ) => Effect.Effect<Readonly<Record<string, Redacted.Redacted<string>>>, SecretsError>

  /** How the Vault is that the settings or `environment` name, and whether it lets us in. `down` too when they name none. */
  readonly health: (environment: ResolveOptions["environment"]) => Effect.Effect<Health>
}>()("skein/services/Secrets") {}

/** Why one source did not give a secret. Names the source; never holds a value. */
export const SourceFailure = Schema.Struct({
  /** `environment variable API_TOKEN`, `file /run/secrets/token`, `command vault`. */
  source: Schema.String,
  /**
   * `Absent`: the source is there but the secret is not, or the file is not. `Down`: it is not reached, or not ready; later it
   * may be. `Failed`: it cannot be asked, or refuses.
   */
  kind: Schema.Literals(["Absent", "Failed", "Down", "TimedOut", "Invalid"]),
  problem: Schema.String,
  hint: Schema.String
})
export type SourceFailure = typeof SourceFailure.Type

/** Secrets that could not be had, with each source that was asked. */
export class SecretsError extends Schema.TaggedError<SecretsError>()("SecretsError", {
  secrets: Schema.Array(Schema.Struct({ secret: Schema.String, sources: Schema.Array(SourceFailure) }))
}) {
  override get message(): string {
    return this.secrets.map(({ secret, sources }) => {
      const tried = sources.map(({ problem, source }) => `${source} ${problem}`.trim()).join("; ")
      const hints = [...new Set(sources.map(({ hint }) => hint))].join(", or ")
      return `cannot get the secret "${secret}": ${tried}; ${hints}`
    }).join("\n")
  }
}

/** What a layer brings. All of it fails with a sentence that begins after the source's name. */
export interface Sources {
  /** Returns the whole text of a file of at most {@link maxLength} bytes. */
  readonly readFile: (path: string) => Effect.Effect<string, Trouble>
  /** Returns the texts of the files in a folder by name, all of one version; those that begin with `..` are not meant. */
  readonly readFolder: (path: string) => Effect.Effect<Texts, Trouble>
  /** Returns all keys of a path in a Vault, which the environment may name. */
  readonly readVault: (at: VaultPath, environment: ResolveOptions["environment"]) => Effect.Effect<Texts, Trouble>
  readonly vaultHealth: Secrets["Service"]["health"]
  /** Returns what the program wrote to stdout, at most {@link maxLength} bytes. Leaving the scope ends the program. */
  readonly run: (argv: Argv, options: ResolveOptions) => Effect.Effect<string, Trouble, Scope.Scope>
}

/** Several secrets of one source by name. */
export type Texts = Readonly<Record<string, string>>
export type Argv = readonly [program: string, ...args: ReadonlyArray<string>]
export type Trouble = Omit<SourceFailure, "source">

/** No secret is longer, in bytes. */
export const maxLength = 1_048_576

/** Programs that run at once. */
const maxCommands = 8

/** Makes the service from its sources: all that the layers have in common. */
export const make = (sources: Sources, masking: Masking["Service"]): Secrets["Service"] => {
  const semaphore = Semaphore.makeUnsafe(maxCommands)
  const bounded: Sources = {
    ...sources,
    run: (argv, options) => semaphore.withPermit(sources.run(argv, options))
  }
  return Secrets.of({
    health: sources.vaultHealth,
    resolve: Effect.fn("Secrets.resolve")(function*(references, options) {
      const asked = Object.entries(references).map(([name, value]) => ({ name, references: read(value) }))
      const invalid = asked.flatMap(({ name, references }) =>
        Result.isFailure(references) ? [invalidDefinition(name, references.failure)] : []
      )
      if (invalid.length > 0) return yield* new SecretsError({ secrets: invalid })

      const ask = asker(bounded, masking, options)
      const results = yield* Effect.forEach(
        asked,
        ({ name, references }) => firstOf(name, Result.getOrElse(references, () => []), ask),
        { concurrency: "unbounded" }
      )
      const missing = results.filter(Result.isFailure).map(({ failure }) => failure)
      if (missing.length > 0) return yield* new SecretsError({ secrets: missing })
      return Object.fromEntries(results.filter(Result.isSuccess).flatMap(({ success }) => success))
    })
  })
}

const invalidDefinition = (name: string, { hint, message }: ReferenceProblem): Missing => ({
  secret: name,
  sources: [{ source: "its definition", kind: "Invalid", problem: message, hint }]
})

type Missing = SecretsError["secrets"][number]
/** By full name: several of a folder, one of every other source. */
type Found = ReadonlyArray<readonly [name: string, secret: Redacted.Redacted<string>]>
type Ask = (name: string, reference: SecretReference) => Effect.Effect<Found, SourceFailure>

/** Asks all sources at once; the answer is that of the first in the list that has one. The others are interrupted then. */
const firstOf = Effect.fnUntraced(function*(
  name: string,
  references: ReadonlyArray<SecretReference>,
  ask: Ask
): Effect.fn.Return<Result.Result<Found, Missing>, never, Scope.Scope> {
  const fibers = yield* Effect.forEach(
    references,
    (reference) => Effect.forkScoped(Effect.result(ask(name, reference)))
  )
  const failures: Array<SourceFailure> = []
  for (const fiber of fibers) {
    const result = yield* Fiber.join(fiber)
    if (Result.isSuccess(result)) {
      const broken = failures.filter(({ kind }) => kind !== "Absent").map(({ problem, source }) =>
        `${source} ${problem}`
      )
      if (broken.length > 0) yield* Effect.logWarning(`secret "${name}" came from a later source: ${broken.join("; ")}`)
      return Result.succeed(result.success)
    }
    failures.push(result.failure)
  }
  return Result.fail({ secret: name, sources: failures })
}, Effect.scoped)

/** Fetches from one source, within the deadline; the value is known to `masking` before it is returned. */
const asker = (sources: Sources, masking: Masking["Service"], options: ResolveOptions): Ask => {
  const timeout = options.timeout ?? Duration.seconds(10)
  return (name, reference) => {
    const source = SecretFetch.describe(name, reference)
    return Effect.scoped(SecretFetch.fetch(name, reference, sources, options)).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail<Trouble>({
            kind: "TimedOut",
            problem: `gave no answer within ${DurationText.format(timeout)}`,
            hint: "see whether it waits for something, or allow more time"
          })
      }),
      Effect.map((found) =>
        Object.entries(typeof found === "string" ? { [name]: found } : prefixed(name, found)).filter(([, text]) =>
          text !== ""
        )
      ),
      Effect.filterOrFail((texts) => texts.length > 0, (): Trouble => ({
        kind: "Absent",
        problem: "is empty",
        hint: "give it a value"
      })),
      Effect.map((texts) =>
        texts.map(([name, text]) => {
          masking.add(text, name)
          return [name, Redacted.make(text, { label: name })] as const
        })
      ),
      Effect.mapError((trouble) => ({ source, ...trouble }))
    )
  }
}

const prefixed = (name: string, texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).map(([file, text]) => [`${name}.${file}`, text]))
