/**
 * A Vault by script: what skein asks of HashiCorp Vault and OpenBao, with faults on demand. It can be had on loopback and, for
 * tests on a virtual clock, without a socket; time is that of `Clock` in either.
 *
 * Tokens end when their lease does, are renewed up to `maxSeconds`, and are good in every namespace.
 */
import { Clock, Effect, Layer, type Scope } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import type { TlsOptions } from "node:tls"
import * as Json from "../../src/core/Json.ts"
import type { Value } from "../../src/core/Value.ts"
import * as HttpServers from "./HttpServers.ts"

export interface Asked {
  /** `GET secret/data/app?version=2`: what stands behind `/v1/`. */
  readonly what: string
  readonly token: string | undefined
  readonly namespace: string | undefined
}

export interface VaultServer {
  /** A token that does not end. */
  readonly root: string
  /** Writes a new version of `mount/path`. */
  readonly put: (path: string, data: Readonly<Record<string, unknown>>, namespace?: string) => void
  readonly deleteVersion: (path: string, version: number, how?: "deleted" | "destroyed") => void
  /** Makes a token that ends. */
  readonly issue: (seconds: number, options?: { readonly renewable?: boolean; readonly maxSeconds?: number }) => string
  readonly revoke: (token: string) => void
  /** Lets a role log in, by AppRole with its secret id or by Kubernetes with its JWT. */
  readonly role: (method: "approle" | "kubernetes", role: string, proof: string, lease: Lease) => void
  /** Lets no token read the path. */
  readonly forbid: (path: string) => void
  /** Answers the next requests with a status and nothing else. */
  readonly failNext: (times: number, status: number) => void
  readonly sealed: (is: boolean) => void
  /** Lets every answer wait this long. */
  readonly slow: (millis: number) => void
  /** Oldest first. */
  readonly asked: () => ReadonlyArray<Asked>
  readonly answer: (request: Request) => Effect.Effect<Answer>
}

export interface Lease {
  readonly seconds: number
  readonly maxSeconds?: number | undefined
  readonly renewable?: boolean | undefined
}

interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly json: unknown
}

interface Token extends Lease {
  readonly madeAt: number
  endsAt: number
}

interface Version {
  readonly data: Readonly<Record<string, unknown>>
  gone?: "deleted" | "destroyed"
}

const refuse = (status: number, ...errors: ReadonlyArray<string>): Answer => ({ status, json: { errors } })

export const make: Effect.Effect<VaultServer> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e9
  const root = "hvs.root-of-the-fake-vault"
  const tokens = new Map<string, Token>([[root, { seconds: 0, renewable: false, madeAt: 0, endsAt: Infinity }]])
  const secrets = new Map<string, Array<Version>>()
  const roles = new Map<string, { readonly proof: string; readonly lease: Lease }>()
  const forbidden = new Set<string>()
  const asked: Array<Asked> = []
  let [failing, isSealed, delay] = [{ times: 0, status: 0 }, false, 0]

  const issue = (lease: Lease): string => {
    const token = `hvs.made-by-the-fake-vault-${tokens.size}`
    tokens.set(token, { ...lease, madeAt: now(), endsAt: now() + lease.seconds })
    return token
  }
  const authOf = (token: string): Answer => {
    const { endsAt, renewable } = tokens.get(token)!
    const lease_duration = Math.max(0, Math.floor(endsAt - now()))
    return { status: 200, json: { auth: { client_token: token, lease_duration, renewable: renewable !== false } } }
  }
  const login = (method: string, body: string): Answer => {
    const sent = JSON.parse(body) as Record<string, string>
    const [name, proof] = method === "approle" ? [sent["role_id"], sent["secret_id"]] : [sent["role"], sent["jwt"]]
    const role = roles.get(`${method} ${name}`)
    return role === undefined || role.proof !== proof
      ? refuse(400, `invalid role or secret ID ${proof}`)
      : authOf(issue(role.lease))
  }
  const self = (verb: string, name: string, token: Token): Answer => {
    if (verb === "revoke-self") tokens.delete(name)
    if (verb === "revoke-self") return { status: 204, json: undefined }
    if (verb === "lookup-self") {
      const ttl = token.endsAt === Infinity ? 0 : Math.floor(token.endsAt - now())
      return { status: 200, json: { data: { ttl, renewable: token.renewable !== false } } }
    }
    if (token.renewable === false) return refuse(400, "lease is not renewable")
    token.endsAt = Math.min(now() + token.seconds, token.madeAt + (token.maxSeconds ?? Infinity))
    return authOf(name)
  }
  const read = (key: string, version: string | null): Answer => {
    const versions = secrets.get(key) ?? []
    const at = version === null ? versions.length : Number(version)
    const found = versions[at - 1]
    if (found === undefined) return refuse(404)
    const metadata = {
      version: at,
      destroyed: found.gone === "destroyed",
      deletion_time: found.gone === undefined ? "" : "2026-01-02T03:04:05Z"
    }
    return {
      status: found.gone === undefined ? 200 : 404,
      json: { data: { data: found.gone ? null : found.data, metadata } }
    }
  }

  const decide = ({ body, headers, method, path }: Request): Answer => {
    const header = (name: string) => typeof headers[name] === "string" ? headers[name] : undefined
    const [token, namespace] = [header("x-vault-token"), header("x-vault-namespace")]
    const url = new URL(path, "http://vault")
    const name = decodeURIComponent(url.pathname).replace(/^\/v1\//, "")
    asked.push({ what: `${method} ${name}${url.search}`, token, namespace })
    if (failing.times > 0) {
      failing = { ...failing, times: failing.times - 1 }
      return refuse(failing.status)
    }
    if (name === "sys/health") {
      const status = isSealed ? Number(url.searchParams.get("sealedcode") ?? 503) : 200
      return { status, json: { initialized: true, sealed: isSealed, version: "1.17.2" } }
    }
    if (isSealed) return refuse(503, "Vault is sealed")
    const [, by] = /^auth\/(approle|kubernetes|team\/approle)\/login$/.exec(name) ?? []
    if (by !== undefined) return login(by.replace("team/", ""), body)
    const held = token === undefined ? undefined : tokens.get(token)
    if (token === undefined || held === undefined || held.endsAt <= now()) return refuse(403, "permission denied")
    const [, verb] = /^auth\/token\/(\w+-self)$/.exec(name) ?? []
    if (verb !== undefined) return self(verb, token, held)
    const key = `${namespace ?? ""}|${name.replace("/data/", "/")}`
    if (forbidden.has(key)) return refuse(403, "1 error occurred:\n\t* permission denied\n\n")
    return name.includes("/data/")
      ? read(key, url.searchParams.get("version"))
      : refuse(404, `no handler for route "${name}"`)
  }

  return {
    root,
    put: (path, data, namespace = "") => {
      const key = `${namespace}|${path}`
      secrets.set(key, [...secrets.get(key) ?? [], { data }])
    },
    deleteVersion: (path, version, how = "deleted") => {
      const found = secrets.get(`|${path}`)?.[version - 1]
      if (found !== undefined) found.gone = how
    },
    issue: (seconds, options = {}) => issue({ seconds, ...options }),
    revoke: (token) => void tokens.delete(token),
    role: (method, role, proof, lease) => void roles.set(`${method} ${role}`, { proof, lease }),
    forbid: (path) => void forbidden.add(`|${path}`),
    failNext: (times, status) => void (failing = { times, status }),
    sealed: (is) => void (isSealed = is),
    slow: (millis) => void (delay = millis),
    asked: () => [...asked],
    answer: (request) => Effect.delay(Effect.sync(() => decide(request)), delay)
  }
})

/** Puts it on loopback until the scope closes. */
export const listen = (
  vault: VaultServer,
  tls?: TlsOptions
): Effect.Effect<HttpServers.Running, never, Scope.Scope> => {
  const listener: Parameters<typeof HttpServers.http>[0] = (request, response) =>
    void bodyOf(request).then((body) =>
      Effect.runPromise(
        vault.answer({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body })
      )
    ).then(({ json, status }) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(json === undefined ? undefined : textOf(json))
    })
  return tls === undefined ? HttpServers.http(listener) : HttpServers.https(tls, listener)
}

/** JSON with big integers as their digits. */
const textOf = (json: unknown): string => Json.stringify(json as Value)

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

/** Answers every request to any host, without a socket. */
export const httpClient = (vault: VaultServer): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request, url) => {
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      const path = `${url.pathname}${url.search}`
      return Effect.map(
        vault.answer({ method: request.method, path, headers: request.headers, body }),
        ({ json, status }) =>
          HttpClientResponse.fromWeb(
            request,
            new Response(json === undefined ? null : textOf(json), { status })
          )
      )
    })
  )
