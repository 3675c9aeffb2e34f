/**
 * The requests of one `http` step under load: bytes made once when they are the same in all iterations, else made of closures, without
 * an effect.
 */
import { Duration, Effect, Redacted, Result } from "effect"
import * as Json from "../../../core/Json.ts"
import { emptyRecord, type Value } from "../../../core/Value.ts"
import type * as Code from "../../../scenario/compile/Code.ts"
import type { CompiledStep, InputField } from "../../../scenario/compile/Compiled.ts"
import * as CompileInput from "../../../scenario/compile/CompileInput.ts"
import * as HttpInput from "../../../scenario/steps/HttpInput.ts"
import { buildUrl, prepare, type Prepared } from "../../../services/http/Request.ts"
import * as HttpPolicy from "../../../services/HttpPolicy.ts"
import {
  type Keep,
  type LoadRequest,
  needsUndici,
  type OpenOptions,
  request as loadRequest,
  requests as loadRequests
} from "../../../services/LoadTransport.ts"
import type { Fixed } from "./Fixed.ts"
import type { Reads } from "./HttpAnswer.ts"

/** A request that can be sent. */
export interface Ready {
  readonly prepared: Prepared
  readonly request: LoadRequest
}

/** A way to a target. */
export interface Way {
  readonly options: OpenOptions
  /** Equal for equal options; it holds passwords and keys. */
  readonly key: string
  /** Why it leads over undici; `undefined` for bare sockets. */
  readonly because: string | undefined
}

/** Why there is none: what a step fails with. */
export interface Unsendable {
  readonly message: string
}

export interface HttpRequests {
  /** The one request, when it is the same in all iterations. */
  readonly same: Ready | undefined
  /** Makes that of an iteration. Throws `CodeFailure` when a name has no value. */
  readonly make: (names: Code.Names, machine: Code.Machine) => Result.Result<Ready, Unsendable>
  /** Makes what a prepared request is sent as: with the cookies of a virtual user, or where a redirect leads. */
  readonly ready: (prepared: Prepared, cookies?: string) => Result.Result<Ready, Unsendable>
  /** How its connection to a URL is opened: the same object for all that are opened alike. */
  readonly wayTo: (url: URL) => Way
  /** Why its connections lead over undici, also where their URL is not known before; `undefined` for bare sockets. */
  readonly because: string | undefined
  /** Whether cookies are sent and kept. */
  readonly cookies: boolean
  readonly maxRedirects: number
  readonly anyStatus: boolean
}

/** Inputs that decide about the connection, or about the step: they have to be the same in all iterations. */
const settled: ReadonlySet<string> = new Set([...Object.keys(HttpInput.how), "cookies", "any_status"])

export interface Options {
  readonly context: HttpInput.Context
  /** Whether the requests tell where their time went. */
  readonly phases: boolean
}

/** Compiles the requests of a step; fails with why it has to be interpreted. */
export const compile = Effect.fnUntraced(function*(
  step: CompiledStep,
  fixed: Fixed,
  reads: Reads,
  { context, phases }: Options
) {
  const { body } = step
  if (body._tag !== "Call" || body.input._tag !== "Named") return yield* Effect.fail("it is in Robogo's spelling")
  const codes: Array<readonly [key: string, code: Code.Code]> = []
  for (const field of body.input.fields) {
    if (field._tag !== "Template" || field.key === "multipart") return yield* Effect.fail(`of ${field.key}`)
    const value = fixed(field.code)
    if (value === undefined && settled.has(field.key)) {
      return yield* Effect.fail(`${field.key} differs between iterations`)
    }
    codes.push([field.key, value === undefined ? field.code : { ...field.code, constant: value, run: () => value }])
  }

  const schema = body.action.input
  const decode = CompileInput.decoderOf(schema) as (raw: unknown) => Result.Result<HttpInput.Input, never>
  const how = decode(rawOf(codes.filter(([key]) => settled.has(key)).map(constantOf), { url: "http://localhost/" }))
  if (Result.isFailure(how)) return yield* Effect.fail("an input is not what it should be")
  const options = yield* Effect.mapError(HttpInput.toRequest(how.success, context), ({ message }) => message)
  const policy = yield* HttpPolicy.HttpPolicy
  const ambient = yield* HttpPolicy.Connection
  const proxies = yield* HttpPolicy.Proxies
  const keep: Keep = {
    headers: reads.headers ? "all" : "telling",
    maxBodyBytes: reads.body ? options.maxBodyBytes ?? policy.maxBodyBytes : undefined
  }

  const toReady = (prepared: Prepared, cookies?: string): Result.Result<Ready, Unsendable> => {
    const headers = Object.entries(prepared.headers)
    if (cookies !== undefined) {
      const own = headers.findIndex(([name]) => name === "cookie")
      if (own === -1) headers.push(["cookie", cookies])
      else headers[own] = ["cookie", `${headers[own]![1]}; ${cookies}`]
    }
    return Result.mapBoth(
      loadRequest({ method: prepared.method, url: prepared.url, headers, body: prepared.body, keep }),
      {
        onFailure: unsendable,
        onSuccess: (request) => ({ prepared, request })
      }
    )
  }
  const make: Make = (names, machine) => {
    const raw = rawOf(codes.map(([key, code]) => [key, code.run(names, machine)] as const), {})
    for (const key of body.anyInputs) raw[key] = true
    const decoded = decode(raw)
    if (Result.isFailure(decoded)) {
      const issues = CompileInput.issuesOf(decoded.failure)
      return Result.fail({ message: issues.map(({ message, path }) => [...path, message].join(": ")).join("; ") })
    }
    const plain = HttpInput.plainRequest(decoded.success)
    if (Result.isFailure(plain)) return Result.fail({ message: plain.failure.message })
    const prepared = prepare(plain.success, "")
    return Result.isFailure(prepared) ? Result.fail({ message: prepared.failure.detail }) : toReady(prepared.success)
  }
  const quick = quickly(codes, make)
  const isSame = codes.every(([, code]) => code.constant !== undefined)
  const first = isSame ? make(nothing, still) : undefined
  const timeout = options.timeout ?? policy.timeout
  const { timeout: ofStep } = step.step
  const same = first === undefined || Result.isFailure(first) ? undefined : first.success
  const connection = HttpPolicy.merge(ambient, options.connection)
  const wayTo = ways(connection, proxies, {
    timeout: ofStep === undefined ? timeout : Duration.min(ofStep, timeout),
    phases
  })
  return {
    same,
    make: first === undefined ? quick(keep) : () => first,
    ready: toReady,
    wayTo,
    because: same === undefined ? guessed(connection, wayTo) : wayTo(same.prepared.url).because,
    cookies: how.success.cookies !== false,
    maxRedirects: options.maxRedirects ?? policy.maxRedirects,
    anyStatus: body.anyInputs.includes("any_status") || hasTrue(body.input.fields, "any_status")
  } satisfies HttpRequests
})

/** Kept by what a URL decides: its proxy, and whether there is TLS. */
const ways = (
  connection: HttpPolicy.ConnectionOptions,
  proxies: HttpPolicy.ProxyLookup,
  common: { readonly timeout: Duration.Duration; readonly phases: boolean }
) => {
  const known = new Map<string, Way>()
  return (url: URL): Way => {
    const proxy = HttpPolicy.proxyOf(connection, url, proxies)
    const place = `${url.protocol} ${proxy === undefined ? "" : Redacted.value(proxy)}`
    const found = known.get(place)
    if (found !== undefined) return found
    const own = { ...connection, proxy: proxy ?? false } as const
    const way: Way = {
      options: { connection: own, ...common },
      key: `${Duration.toMillis(common.timeout)} ${HttpPolicy.identityOf(own)}`,
      because: needsUndici(own, url)
    }
    known.set(place, way)
    return way
  }
}

/** Of URLs that only the iterations know. */
const guessed = (connection: HttpPolicy.ConnectionOptions, wayTo: HttpRequests["wayTo"]): string | undefined => {
  const anywhere = ["https://target.invalid/", "http://target.invalid/"].map((text) => new URL(text))
  const own = anywhere.map((url) => needsUndici(connection, url)).find((because) => because !== undefined)
  if (own !== undefined || connection.proxy !== undefined) return own
  const because = anywhere.map((url) => wayTo(url).because).find((because) => because !== undefined)
  return because === undefined ? undefined : `${because} unless their URL is an exception`
}

type Make = HttpRequests["make"]
type Codes = ReadonlyArray<readonly [key: string, code: Code.Code]>

/** Inputs whose values may change without the headers of the request being made anew. */
const light: ReadonlySet<string> = new Set(["url", "json"])

/**
 * Makes requests of which only URL and JSON body change: the first one by all rules, those after it from its head. Whatever is unusual
 * (another host, credentials in the URL, a value that is no text) goes by all rules again.
 */
const quickly = (codes: Codes, make: Make) => (keep: Keep): Make => {
  const isLight = codes.every(([key, code]) => code.constant !== undefined || light.has(key))
  if (!isLight) return make
  const constants = new Map(codes.flatMap(([key, { constant }]) => constant === undefined ? [] : [[key, constant]]))
  const [base, query] = [constants.get("base"), constants.get("query")]
  if (query !== undefined || base !== undefined && typeof base !== "string") return make
  const code = new Map(codes)
  const [url, json] = [code.get("url"), code.get("json")]
  let last: { readonly head: Prepared; readonly send: ReturnType<typeof sending> } | undefined
  return (names, machine) => {
    if (last === undefined) {
      return Result.map(make(names, machine), (ready) => {
        last = { head: ready.prepared, send: sending(ready.prepared, keep) }
        return ready
      })
    }
    const { head, send } = last
    const text = url?.run(names, machine)
    const target = typeof text === "string" ? buildUrl({ url: text, base }) : undefined
    if (target === undefined || Result.isFailure(target) || Result.isFailure(send)) return make(names, machine)
    const { host, protocol, username } = target.success
    if (host !== head.url.host || protocol !== head.url.protocol || username !== "") return make(names, machine)
    const body = json === undefined ? head.body : encoder.encode(Json.stringify(json.run(names, machine)))
    return Result.mapBoth(send.success(target.success, body), {
      onFailure: unsendable,
      onSuccess: (request) => ({ prepared: { ...head, url: target.success, body }, request })
    })
  }
}

const sending = ({ body, headers, method, url }: Prepared, keep: Keep) =>
  loadRequests({ method, url, headers: Object.entries(headers), body, keep })

const encoder = new TextEncoder()
const unsendable = (problems: ReadonlyArray<string>): Unsendable => ({ message: problems.join("; ") })

const constantOf = ([key, code]: readonly [string, Code.Code]) => [key, code.constant ?? null] as const

const rawOf = (entries: ReadonlyArray<readonly [string, Value]>, base: Readonly<Record<string, Value>>) => {
  const raw = Object.assign(emptyRecord(), base)
  for (const [key, value] of entries) raw[key] = value
  return raw
}

const hasTrue = (fields: ReadonlyArray<InputField>, key: string): boolean =>
  fields.some((field) => field.key === key && field._tag === "Template" && String(field.code.constant) === "true")

const nothing: Code.Names = { get: () => undefined, list: () => [] }
const still: Code.Machine = { now: () => 0, random: () => 0 }
