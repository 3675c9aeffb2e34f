/**
 * The requests of one `http` step under load: bytes made once when they are the same in all iterations, else made of closures, without
 * an effect.
 */
import { Duration, Effect, Result, type Schema } from "effect"
import { emptyRecord, type Value } from "../../../core/Value.ts"
import type * as Code from "../../../scenario/compile/Code.ts"
import type { CompiledStep, InputField } from "../../../scenario/compile/Compiled.ts"
import * as CompileInput from "../../../scenario/compile/CompileInput.ts"
import * as HttpInput from "../../../scenario/steps/HttpInput.ts"
import { prepare, type Prepared } from "../../../services/http/Request.ts"
import * as HttpPolicy from "../../../services/HttpPolicy.ts"
import type { Keep } from "../../../services/LoadTransport.ts"
import type { Fixed } from "./Fixed.ts"
import type { Reads } from "./HttpAnswer.ts"
import * as HttpWays from "./HttpWays.ts"
import * as QuickRequests from "./QuickRequests.ts"
import * as Ready from "./Ready.ts"

export interface HttpRequests {
  /** The one request, when it is the same in all iterations. */
  readonly same: Ready.Ready | undefined
  readonly make: Ready.Make
  /** Makes what a prepared request is sent as: with the cookies of a virtual user, or where a redirect leads. */
  readonly ready: (prepared: Prepared, cookies?: string) => Result.Result<Ready.Ready, Ready.Unsendable>
  readonly wayTo: HttpWays.WayTo
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
  const codes = yield* Effect.fromResult(codesOf(body.input.fields, fixed))
  const decode = decoderOf(body)
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
  const make = slowly(codes, body.anyInputs, decode, keep)
  const isSame = codes.every(([, code]) => code.constant !== undefined)
  const first = isSame ? make(nothing, still) : undefined
  const same = first === undefined || Result.isFailure(first) ? undefined : first.success
  const timeout = options.timeout ?? policy.timeout
  const { timeout: ofStep } = step.step
  const connection = HttpPolicy.merge(ambient, options.connection)
  const wayTo = HttpWays.make(connection, proxies, {
    timeout: ofStep === undefined ? timeout : Duration.min(ofStep, timeout),
    phases
  })
  return {
    same,
    make: first === undefined ? QuickRequests.make(codes, make, keep) : () => first,
    ready: (prepared, cookies) => Ready.of(prepared, keep, cookies),
    wayTo,
    because: same === undefined ? HttpWays.guess(connection, wayTo) : wayTo(same.prepared.url).because,
    cookies: how.success.cookies !== false,
    maxRedirects: options.maxRedirects ?? policy.maxRedirects,
    anyStatus: body.anyInputs.includes("any_status") || hasTrue(body.input.fields, "any_status")
  } satisfies HttpRequests
})

type Codes = ReadonlyArray<readonly [key: string, code: Code.Code]>

/** The inputs as code, constant where they are the same in all iterations; or why there is no quick form. */
const codesOf = (fields: ReadonlyArray<InputField>, fixed: Fixed): Result.Result<Codes, string> => {
  const codes: Array<Codes[number]> = []
  for (const field of fields) {
    if (field._tag !== "Template" || field.key === "multipart") return Result.fail(`of ${field.key}`)
    const value = fixed(field.code)
    if (value === undefined && settled.has(field.key)) return Result.fail(`${field.key} differs between iterations`)
    codes.push([field.key, value === undefined ? field.code : { ...field.code, constant: value, run: () => value }])
  }
  return Result.succeed(codes)
}

type Decode = (raw: unknown) => Result.Result<HttpInput.Input, Schema.SchemaError>

/** The input of this action is what `HttpInput` has, and `any_status`, which is looked at apart. */
const decoderOf = ({ action }: Extract<CompiledStep["body"], { readonly _tag: "Call" }>): Decode =>
  CompileInput.decoderOf(action.input) as Decode

/** Makes requests by all rules, as `skein run` does. */
const slowly =
  (codes: Codes, anyInputs: ReadonlyArray<string>, decode: Decode, keep: Keep): Ready.Make => (names, machine) => {
    const raw = rawOf(codes.map(([key, code]) => [key, code.run(names, machine)] as const), {})
    for (const key of anyInputs) raw[key] = true
    const decoded = decode(raw)
    if (Result.isFailure(decoded)) {
      const issues = CompileInput.issuesOf(decoded.failure)
      return Result.fail({ message: issues.map(({ message, path }) => [...path, message].join(": ")).join("; ") })
    }
    const plain = HttpInput.plainRequest(decoded.success)
    if (Result.isFailure(plain)) return Result.fail({ message: plain.failure.message })
    const prepared = prepare(plain.success, "")
    return Result.isFailure(prepared)
      ? Result.fail({ message: prepared.failure.detail })
      : Ready.of(prepared.success, keep)
  }

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
