/**
 * Secrets of a HashiCorp Vault or OpenBao: its key/value engine, version 2, over HTTP.
 *
 * Sends nothing until a secret is asked for. Those who ask for one path at the same time share one request; tokens are kept by
 * `VaultLogin` as long as the layer.
 */
import { Effect, FileSystem, RcMap, Redacted, type Scope } from "effect"
import { HttpClient } from "effect/http"
import * as Json from "../../../core/Json.ts"
import type { Masking } from "../../../core/Masking.ts"
import { isRecord, type Value } from "../../../core/Value.ts"
import type { VaultPath } from "../../../services/SecretReference.ts"
import type { Sources, Trouble } from "../../../services/Secrets.ts"
import * as Vault from "../../../services/Vault.ts"
import * as VaultHealth from "./VaultHealth.ts"
import * as VaultLogin from "./VaultLogin.ts"
import * as VaultRequest from "./VaultRequest.ts"

/** The environments are those of `Vault.access`. */
export interface VaultKv {
  /** Reads all keys of a path, with the text of each. */
  readonly read: Sources["readVault"]
  readonly health: Sources["vaultHealth"]
}

export const make = Effect.fnUntraced(function*(
  options: Vault.Options,
  masking: Masking["Service"]
): Effect.fn.Return<VaultKv, never, HttpClient.HttpClient | FileSystem.FileSystem | Scope.Scope> {
  const http = yield* HttpClient.HttpClient
  const fileSystem = yield* FileSystem.FileSystem

  const readFile = (path: string) =>
    Effect.mapError(fileSystem.readFileString(path), (): Trouble => ({
      kind: "Failed",
      problem: `needs ${path}, which cannot be read`,
      hint: "see whether it is there and may be read"
    }))

  const readCredential = (credential: Vault.Credential) =>
    Effect.map(
      "file" in credential
        ? Effect.map(readFile(credential.file), (text) => Redacted.make(text.trim()))
        : Effect.succeed(credential.value),
      (secret) => {
        masking.add(secret, "vault credential")
        return secret
      }
    )

  const sessions = yield* RcMap.make({
    lookup: Effect.fnUntraced(function*(access: Vault.Access) {
      const ca = access.caFile === undefined ? undefined : yield* readFile(access.caFile)
      const server = { address: access.address, connection: { ca } }
      return { server, tokens: yield* VaultLogin.make(access, server, readCredential, masking) }
    }),
    idleTimeToLive: "Infinity"
  })

  const fetch = Effect.fnUntraced(function*(access: Vault.Access, at: VaultPath) {
    const { server, tokens } = yield* RcMap.get(sessions, access)
    const namespace = at.namespace ?? access.namespace
    const version = at.version === undefined ? "" : `?version=${at.version}`
    const path = `${VaultLogin.segments(at.mount)}/data/${VaultLogin.segments(at.path)}${version}`
    const ask = Effect.flatMap(tokens.get, (token) =>
      Effect.map(
        VaultRequest.send(server, { method: "GET", path, namespace, token }, masking),
        (answer) => ({ answer, token })
      ))
    const { answer, token } = yield* ask
    if (answer.status !== 403) return yield* dataOf(answer, at)
    // The token may have ended before its time: revoked, or unknown to a server that was restored.
    return yield* tokens.refused(token)
      ? Effect.flatMap(ask, ({ answer }) => dataOf(answer, at))
      : dataOf(answer, at)
  }, Effect.scoped)

  const reads = yield* RcMap.make({
    lookup: ({ access, at }: { readonly access: Vault.Access; readonly at: VaultPath }) => fetch(access, at)
  })

  const health = Effect.fnUntraced(function*(environment: Readonly<Record<string, string>>) {
    const access = yield* Effect.fromResult(Vault.access(options, environment))
    const { server, tokens } = yield* RcMap.get(sessions, access)
    return yield* VaultHealth.ask(server, access, tokens, masking)
  }, Effect.scoped)

  return {
    read: (at, environment) =>
      Effect.flatMap(
        Effect.fromResult(Vault.access(options, environment)),
        (access) => Effect.scoped(RcMap.get(reads, { access, at }))
      ),
    health: (environment) =>
      health(environment).pipe(
        Effect.catch(({ hint, problem }) =>
          Effect.succeed({ status: "down" as const, problem: `it ${problem}`, hint })
        ),
        Effect.provideService(HttpClient.HttpClient, http)
      )
  }
})

/** The keys of an answer, or why there are none. */
const dataOf = (
  answer: VaultRequest.Answer,
  at: VaultPath
): Effect.Effect<Readonly<Record<string, string>>, Trouble> => {
  const { complaint, json, status } = answer
  const outer = VaultLogin.fieldsOf(json, "data")
  const metadata = isRecord(outer["metadata"] ?? null) ? VaultLogin.fieldsOf(outer as Value, "metadata") : {}
  if (status === 200 && isRecord(outer["data"] ?? null)) {
    return Effect.succeed(
      Object.fromEntries(
        Object.entries(VaultLogin.fieldsOf(outer as Value, "data")).map(([key, value]) => [key, textOf(value)])
      )
    )
  }
  if (status === 404 || status === 200) return Effect.fail(absent(metadata, complaint, at))
  return Effect.fail({
    kind: "Failed",
    problem: status === 403
      ? `may not be read${complaint === "" ? "" : ` (${complaint})`}`
      : `answers ${status}${complaint === "" ? "" : `: ${complaint}`}`,
    hint: status === 403
      ? `give the token a policy with read on ${at.mount}/data/${at.path}, or see whether it has ended`
      : "see whether mount, path and namespace are right"
  })
}

const absent = (
  metadata: { readonly [field: string]: Value | undefined },
  complaint: string,
  { mount, path, version }: VaultPath
): Trouble => {
  const which = `version ${String(metadata["version"] ?? version ?? "")}`
  if (metadata["destroyed"] === true) {
    return { kind: "Absent", problem: `has its ${which} destroyed`, hint: "name another version, or write a new one" }
  }
  const deleted = metadata["deletion_time"]
  if (typeof deleted === "string" && deleted !== "") {
    return {
      kind: "Absent",
      problem: `has its ${which} deleted since ${deleted}`,
      hint: `vault kv undelete -mount=${mount} ${path}, or name another version`
    }
  }
  return {
    kind: "Absent",
    problem: complaint === "" ? "is not there" : `is not there (${complaint})`,
    hint: `see vault kv list -mount=${mount}; the engine has to be key/value version 2`
  }
}

/** Texts as they are; what else JSON can hold is written as JSON. `null` counts as empty. */
const textOf = (value: Value | undefined): string =>
  typeof value === "string"
    ? value
    : value === null || value === undefined
    ? ""
    : typeof value === "object"
    ? Json.stringify(value)
    : String(value)
