/**
 * How a HashiCorp Vault or OpenBao is reached and logged in to: by settings, else by the variables that its own command line
 * reads. `layers/live/secrets/VaultKv` does it.
 */
import { Redacted, Result } from "effect"
import type { Trouble } from "./Secrets.ts"

export type Method = "token" | "approle" | "kubernetes"

/** Settings. What is left out is taken from the environment, `VAULT_...` before `BAO_...`. */
export interface Options {
  /** @default VAULT_ADDR or BAO_ADDR */
  readonly address?: string | undefined
  /** @default VAULT_NAMESPACE or BAO_NAMESPACE, else none */
  readonly namespace?: string | undefined
  /** Certificates (PEM) that are trusted in place of the system's. @default VAULT_CACERT or BAO_CACERT */
  readonly caFile?: string | undefined
  /** @default "approle" when there is a role id, "kubernetes" when there is a role, else "token" */
  readonly login?: Method | undefined
  /** Where the login method is mounted. @default its name */
  readonly loginMount?: string | undefined
  /** @default VAULT_TOKEN or BAO_TOKEN, else `.vault-token` in HOME, where `vault login` leaves it */
  readonly tokenFile?: string | undefined
  /** Of an AppRole. @default VAULT_ROLE_ID or BAO_ROLE_ID */
  readonly roleId?: string | undefined
  /** @default VAULT_SECRET_ID or BAO_SECRET_ID, else none: a role may do without */
  readonly secretIdFile?: string | undefined
  /** Of the Kubernetes login. */
  readonly role?: string | undefined
  /** The token of the service account. @default where Kubernetes mounts it */
  readonly jwtFile?: string | undefined
}

/** A secret, or the file that has it and is read when it is needed. */
export type Credential = { readonly value: Redacted.Redacted<string> } | { readonly file: string }

export type Login =
  | { readonly _tag: "Token"; readonly token: Credential }
  | {
    readonly _tag: "AppRole"
    readonly mount: string
    readonly roleId: string
    readonly secretId: Credential | undefined
  }
  | { readonly _tag: "Kubernetes"; readonly mount: string; readonly role: string; readonly jwt: Credential }

/** One server and one way in. Equal ones share their login. */
export interface Access {
  /** Without a slash at its end. */
  readonly address: string
  readonly namespace: string | undefined
  readonly caFile: string | undefined
  readonly login: Login
}

/** Puts settings and environment together. Says what is missing, and how to give it. */
export const access = (
  options: Options,
  environment: Readonly<Record<string, string>>
): Result.Result<Access, Trouble> => {
  const named = (name: string): string | undefined =>
    environment[`VAULT_${name}`] || environment[`BAO_${name}`] || undefined
  const address = options.address ?? named("ADDR")
  if (address === undefined) {
    return missing("has no address", "set vault.address in skein.yaml, or VAULT_ADDR")
  }
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    return missing("has an address that cannot be used", "write it like https://vault.example:8200")
  }
  return Result.map(loginOf(options, named, environment["HOME"]), (login) => ({
    address: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    namespace: options.namespace ?? named("NAMESPACE"),
    caFile: options.caFile ?? named("CACERT"),
    login
  }))
}

const loginOf = (
  options: Options,
  named: (name: string) => string | undefined,
  home: string | undefined
): Result.Result<Login, Trouble> => {
  const roleId = options.roleId ?? named("ROLE_ID")
  const chosen = options.login ??
    (roleId !== undefined ? "approle" : options.role !== undefined ? "kubernetes" : "token")
  const mount = options.loginMount ?? chosen
  if (chosen === "approle") {
    return roleId === undefined
      ? missing("has no role to log in with", "set vault.role_id in skein.yaml, or VAULT_ROLE_ID")
      : Result.succeed({
        _tag: "AppRole",
        mount,
        roleId,
        secretId: credential(options.secretIdFile, named("SECRET_ID"))
      })
  }
  if (chosen === "kubernetes") {
    return options.role === undefined
      ? missing("has no role to log in with", "set vault.role in skein.yaml")
      : Result.succeed({
        _tag: "Kubernetes",
        mount,
        role: options.role,
        jwt: { file: options.jwtFile ?? serviceAccount }
      })
  }
  const token = credential(options.tokenFile, named("TOKEN")) ??
    (home === undefined ? undefined : { file: `${home}/.vault-token` })
  return token === undefined
    ? missing("has no token", "set VAULT_TOKEN, or vault.token_file in skein.yaml")
    : Result.succeed({ _tag: "Token", token })
}

/** Where Kubernetes mounts the token of a pod's service account. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token"

const credential = (file: string | undefined, value: string | undefined): Credential | undefined =>
  file !== undefined ? { file } : value === undefined ? undefined : { value: Redacted.make(value) }

const missing = (problem: string, hint: string): Result.Result<never, Trouble> =>
  Result.fail({ kind: "Failed", problem, hint })
