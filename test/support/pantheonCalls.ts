/** Requests to a `FakePantheon`, as tests write them. */
import { Effect, Result } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"

/** What is asserted of bodies is their shape, so they are read as what they should be. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any

const origin = "http://pantheon.test"

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Body
}

export interface Options {
  readonly session?: string
  readonly json?: unknown
  readonly headers?: Record<string, string>
  readonly base?: string
}

/** Sends a request; the body is read as JSON where it is some. */
export const send = Effect.fnUntraced(
  function*(line: string, { base = "/api", headers = {}, json, session }: Options = {}) {
    const [method = "GET", path = ""] = line.split(" ")
    const client = yield* HttpClient.HttpClient
    let request = HttpClientRequest.make(method as "GET")(path.startsWith("http") ? path : `${origin}${base}/${path}`)
    if (session !== undefined) request = HttpClientRequest.bearerToken(request, session)
    if (json !== undefined) request = HttpClientRequest.bodyJsonUnsafe(request, json)
    const response = yield* client.execute(HttpClientRequest.setHeaders(request, headers))
    const text = yield* response.text
    const body: Body = Result.getOrElse(Result.try(() => JSON.parse(text) as unknown), () => text)
    return { status: response.status, headers: response.headers, body } satisfies Reply
  }
)

export const login = Effect.gen(function*() {
  const { token } = yield* FakePantheon
  const { body } = yield* send("POST authorize/machine-token", { json: { machine_token: token, client: "skein" } })
  return { session: body.session as string, user: body.user_id as string }
})

/** Logs in, and gives a way to ask. */
export const loggedIn = Effect.map(login, ({ session, user }) => ({
  user,
  session,
  ask: (line: string, options: Options = {}) => send(line.replace("{user}", user), { session, ...options })
}))

export const firstSite = Effect.map(FakePantheon, ({ world }) => world.sites.values().next().value!)
const layer = FakePantheon.layer()
export const on = <A, E>(effect: Effect.Effect<A, E, FakePantheon | HttpClient.HttpClient>, options = layer) =>
  Effect.provide(effect, options)
