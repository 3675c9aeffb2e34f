/**
 * Targets of a load run by script: no socket, latencies by `Clock` (so `TestClock` moves them), failures on demand, everything counted.
 *
 * What is not served refuses connections, as the real machine would.
 */
import { Context, Duration, Effect, type Fiber, Layer } from "effect"
import { LoadClock, ticksPerMilli } from "../../services/LoadClock.ts"
import {
  examples,
  type Kind,
  type LoadConnection,
  type LoadFailure,
  type LoadRequest,
  LoadTransport,
  noCounts,
  type OpenOptions,
  type Sink,
  toError
} from "../../services/LoadTransport.ts"

/** What a target does with one request. */
export interface Answer {
  /** Until the answer is complete, or the failure known. `Infinity` is a target that never answers. @default none */
  readonly latency?: Duration.Input | undefined
  /** @default 200 */
  readonly status?: number | undefined
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  readonly body?: string | undefined
  /** In place of an answer. The socket is closed. */
  readonly failure?: Kind | undefined
}

/** Called for each request that arrives; `number` counts from 0 over all connections to the origin. */
export type Script = (request: LoadRequest, number: number) => Answer

/** The controls of the fake, in the same layer. */
export class FakeLoadTransport extends Context.Service<FakeLoadTransport, {
  /** Lets an origin (`http://shop.test`) answer from now on. Replaces what was there. */
  readonly serve: (origin: string, script: Script) => Effect.Effect<void>
  /** Lets connecting to an origin fail from now on; connections that are open stay as they are. */
  readonly refuse: (origin: string, kind: Kind) => Effect.Effect<void>
  /** Requests that reached an origin so far. */
  readonly requests: (origin: string) => Effect.Effect<number>
}>()("skein/layers/FakeLoadTransport") {}

interface Target {
  script: Script | undefined
  refusal: Kind | undefined
  requests: number
}

const make = Effect.gen(function*() {
  const clock = yield* LoadClock
  const fork = Effect.runForkWith(yield* Effect.context())
  const counters = noCounts()
  const targets = new Map<string, Target>()
  const targetOf = (origin: string): Target => {
    const key = URL.parse(origin)?.origin ?? origin
    const target = targets.get(key) ?? { script: undefined, refusal: "connect-refused", requests: 0 }
    targets.set(key, target)
    return target
  }

  const make = (url: URL, options: OpenOptions): LoadConnection & { readonly close: () => void } => {
    const target = targetOf(url.origin)
    const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
    // Ended by `abort`, or with the scope of the connection.
    let exchange: Fiber.Fiber<void> | undefined
    let open = false
    let closed = false

    const connected = (): Kind | undefined => {
      if (!open && target.refusal === undefined) {
        open = true
        counters.socketsOpened++
        counters.socketsOpen++
      }
      return open ? undefined : target.refusal
    }
    const disconnect = (): void => {
      if (open) counters.socketsOpen--
      open = false
    }
    const failed = (kind: Kind): LoadFailure => {
      disconnect()
      const detail = examples[kind].replaceAll("shop.test:443", url.host).replaceAll("shop.test", url.hostname)
      return { kind, detail, ended: clock.now(), bytesIn: 0 }
    }
    const answer = Effect.fnUntraced(function*(request: LoadRequest, script: Script) {
      counters.bytesOut += request.bytes.length
      const { body = "", failure, headers = [], latency = 0, status = 200 } = script(request, target.requests++)
      const wanted = Duration.fromInputUnsafe(latency)
      yield* Effect.sleep(Duration.min(wanted, timeout))
      if (Duration.isGreaterThan(wanted, timeout)) return failed("timeout")
      if (failure !== undefined) return failed(failure)
      const bytes = request.headOnly ? nothing : new TextEncoder().encode(body)
      const bytesIn = headBytes(status, headers) + bytes.length
      counters.bytesIn += bytesIn
      if (bytes.length > (request.maxBodyBytes ?? Infinity)) return failed("too-large")
      return {
        status,
        ended: clock.now(),
        bytesIn,
        bytesOut: request.bytes.length,
        headers: request.keepHeaders === "none" ? [] : headers,
        body: request.maxBodyBytes === undefined ? nothing : bytes,
        phases: options.phases === true
          ? { dns: 0, connect: 0, tls: 0, wait: Duration.toMillis(wanted) * ticksPerMilli, transfer: 0 }
          : undefined
      }
    })
    const run = Effect.fnUntraced(function*(request: LoadRequest, sink: Sink) {
      yield* Effect.yieldNow
      const refusal = connected()
      const { script } = target
      const end = refusal !== undefined || script === undefined
        ? failed(refusal ?? "reset")
        : yield* answer(request, script)
      if (options.keepAlive === false) disconnect()
      exchange = undefined
      if ("kind" in end) sink.onError(end)
      else sink.onResponse(end)
    })
    const abort = (): void => {
      if (exchange === undefined) return
      exchange.interruptUnsafe()
      exchange = undefined
      disconnect()
    }
    return {
      connect: Effect.suspend(() => {
        const refusal = connected()
        return refusal === undefined ? Effect.void : Effect.fail(toError(failed(refusal)))
      }),
      send: (request, sink) => {
        if (closed) return
        if (exchange !== undefined) throw new Error("a request is under way on this connection")
        exchange = fork(run(request, sink))
      },
      abort,
      close: () => {
        abort()
        disconnect()
        closed = true
      }
    }
  }

  const transport = LoadTransport.of({
    counters,
    open: (url, options = {}) =>
      Effect.acquireRelease(Effect.sync(() => make(url, options)), (connection) => Effect.sync(connection.close))
  })
  const fake = FakeLoadTransport.of({
    serve: (origin, script) => Effect.sync(() => void Object.assign(targetOf(origin), { script, refusal: undefined })),
    refuse: (origin, kind) => Effect.sync(() => void (targetOf(origin).refusal = kind)),
    requests: (origin) => Effect.sync(() => targetOf(origin).requests)
  })
  return Context.make(LoadTransport, transport).pipe(Context.add(FakeLoadTransport, fake))
})

/** Nobody listens anywhere. */
export const layer: Layer.Layer<LoadTransport | FakeLoadTransport, never, LoadClock> = Layer.effectContext(make)

const nothing = new Uint8Array(0)

const headBytes = (status: number, headers: NonNullable<Answer["headers"]>): number =>
  headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, `HTTP/1.1 ${status}\r\n\r\n`.length)
