/**
 * Effect's `HttpClient` over undici: one pool of connections for everybody who wants the same kind of connection.
 *
 * Obeys `HttpPolicy` (its settings when built, {@link HttpPolicy.Connection} for every request), decompresses bodies, speaks
 * HTTP/2 where a TLS server offers it, goes through the proxies that the environment names. Connects on demand; closing the
 * layer ends every connection at once, and nothing of it keeps the process alive before.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import type { HttpClientRequest, HttpClientResponse } from "effect/http"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import type { UndiciDispatcher } from "./undici/UndiciDispatcher.ts"

export interface Options {
  /** Changes the settings, here and for everyone above the layer. @default HttpPolicy.defaults */
  readonly settings?: Partial<HttpPolicy.Settings> | undefined
  /**
   * What each request wants unless it says otherwise; here and for everyone above the layer. Its `proxy` stands in place of
   * those of the environment: like them it is not for loopback, nor for what `no_proxy` names.
   */
  readonly connection?: HttpPolicy.ConnectionOptions | undefined
  /** Where proxies are named; see `HttpPolicy.proxyFor`. @default no proxies */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** Kinds of connections that have a pool at a time. The one used least recently is closed when there are more. */
const maxPools = 64

/** Never fails to build: a server that is not there is an error of its requests. */
export const layer = (options: Options = {}): Layer.Layer<HttpClient.HttpClient> => {
  const { proxy, ...connection } = options.connection ?? {}
  const environment = options.environment ?? {}
  const exceptions = environment["no_proxy"] || environment["NO_PROXY"]
  const proxies = proxy === undefined
    ? environment
    : proxy === false
    ? {}
    : { all_proxy: Redacted.value(proxy), no_proxy: exceptions }
  return Layer.effect(HttpClient.HttpClient, make).pipe(
    Layer.provideMerge(Layer.mergeAll(
      Layer.succeed(HttpPolicy.HttpPolicy, { ...HttpPolicy.defaults, ...options.settings }),
      Layer.succeed(HttpPolicy.Proxies, HttpPolicy.proxiesIn(proxies)),
      Layer.succeed(HttpPolicy.Connection, connection)
    ))
  )
}

const make = Effect.gen(function*() {
  const pools = yield* makePools(yield* HttpPolicy.HttpPolicy)
  const proxies = yield* HttpPolicy.Proxies

  const execute = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.withFiber<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>((fiber) => {
      const connection = fiber.getRef(HttpPolicy.Connection)
      const named = connection.proxy !== undefined || proxies !== HttpPolicy.noProxies
      const url = named ? URL.parse(request.url) : null
      const proxy = url === null ? undefined : HttpPolicy.proxyOf(connection, url, proxies)
      const fault = proxy === undefined ? undefined : HttpPolicy.proxyFault(proxy)
      if (fault !== undefined) return refuse(request, fault)
      return Effect.flatMap(pools(connection, proxy), (pool) =>
        Effect.map(pool.client.execute(request), (response) => {
          HttpPolicy.setHttpVersion(response, pool.dispatcher.versionOf(response.url))
          return response
        }))
    })
  return HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
    (request) => Effect.flatMap(request, execute),
    Effect.succeed
  )
})

const refuse = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, description, cause: new Error(description) })
    })
  )

type Proxy = Redacted.Redacted<string> | undefined

interface Pool {
  readonly dispatcher: UndiciDispatcher
  readonly client: HttpClient.HttpClient
}

/** Makes the function that finds, or opens, the pool for a kind of connection. */
const makePools = Effect.fnUntraced(function*(settings: HttpPolicy.Settings) {
  const pools = new Map<string, Pool>()
  const open = new Set<UndiciDispatcher>()
  const keys = new WeakMap<HttpPolicy.ConnectionOptions, string>()
  yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(Array.from(open, (one) => one.destroy()))))

  const keyOf = (connection: HttpPolicy.ConnectionOptions, proxy: Proxy): string => {
    let key = keys.get(connection)
    if (key === undefined) keys.set(connection, key = HttpPolicy.identityOf({ ...connection, proxy: undefined }))
    return proxy === undefined ? key : `${Redacted.value(proxy)} ${key}`
  }
  const make = Effect.fnUntraced(function*(key: string, connection: HttpPolicy.ConnectionOptions, proxy: Proxy) {
    const { UndiciDispatcher } = yield* Effect.promise(() => import("./undici/UndiciDispatcher.ts"))
    const made = pools.get(key)
    if (made !== undefined) return made
    const dispatcher = new UndiciDispatcher(settings, connection, proxy)
    open.add(dispatcher)
    const client = yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
    const pool = { dispatcher, client }
    pools.set(key, pool)
    if (pools.size > maxPools) yield* retireOldest
    return pool
  })
  const retireOldest = Effect.sync(() => {
    for (const [key, { dispatcher }] of pools) {
      pools.delete(key)
      void dispatcher.close().finally(() => open.delete(dispatcher))
      return
    }
  })

  return (connection: HttpPolicy.ConnectionOptions, proxy: Proxy): Effect.Effect<Pool> => {
    const key = keyOf(connection, proxy)
    const pool = pools.get(key)
    if (pool === undefined) return make(key, connection, proxy)
    if (pools.size > 1) {
      // The last of the map is the one used last.
      pools.delete(key)
      pools.set(key, pool)
    }
    return Effect.succeed(pool)
  }
})
