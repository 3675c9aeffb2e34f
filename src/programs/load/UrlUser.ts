/**
 * A virtual user of `skein load URL`: one request over a connection of its own, again and again. It is its own sink, and makes nothing new
 * for a request: no promise, object, span or fiber.
 */
import { Effect, Redacted, Result, Schema } from "effect"
import type { ConnectionOptions } from "../../services/HttpPolicy.ts"
import type { LoadConnection, LoadFailure, LoadRequest, LoadResponse, Sink } from "../../services/LoadTransport.ts"
import * as Transport from "../../services/LoadTransport.ts"
import type { PhaseRecorder } from "./figures/PhaseRecorder.ts"
import type { LoadRecorder } from "./figures/Recorder.ts"
import type { StepRecorder } from "./figures/StepRecorder.ts"
import type { UrlWork } from "./Plan.ts"
import type { Done, MakeUser, VirtualUser } from "./VirtualUser.ts"

/** The request of a plan, or everything that is wrong with it. */
export const requestOf = (work: UrlWork): Result.Result<LoadRequest, ReadonlyArray<string>> => {
  const url = URL.parse(work.url)
  return url === null ? Result.fail([`${work.url} is no URL`]) : Transport.request({
    method: work.method,
    url,
    headers: work.headers,
    body: work.body,
    close: !work.keepAlive
  })
}

/** What threads have to know beside the plan, which is shown: the proxy with its password. */
export const Handed = Schema.Struct({ proxy: Schema.NullOr(Schema.String) })

/** How its requests are sent, and why so where it is not over bare sockets, as reports name it. */
export const transportOf = (work: UrlWork): string => {
  const because = Transport.needsUndici(connectionOf(work, { proxy: work.proxy }), new URL(work.url))
  return because === undefined ? Transport.bareSockets : `undici: ${because}`
}

const connectionOf = (work: UrlWork, { proxy }: typeof Handed.Type): ConnectionOptions => ({
  insecure: work.insecure,
  http2: work.http2 ? "required" : false,
  proxy: proxy === null ? false : Redacted.make(proxy)
})

/** How its one step is called in the figures. */
export const stepOf = ({ method, url }: UrlWork) => ({
  scenario: url,
  name: method === "GET" ? url : `${method} ${url}`,
  action: "http",
  tags: []
})

/**
 * Readies users that share one request. A plan whose request was not checked is a defect. The first `connected` users connect at once.
 * User 0 fails when it cannot: a target that is not there is to be heard of before the load, not read from its figures.
 */
export const make = Effect.fnUntraced(function*(
  work: UrlWork,
  figures: LoadRecorder,
  phases: PhaseRecorder | undefined,
  { connected, handed }: { readonly connected: number; readonly handed: Schema.Json | undefined }
): Effect.fn.Return<MakeUser<Transport.LoadTransportError>, never, Transport.LoadTransport> {
  const transport = yield* Transport.LoadTransport
  const request = Result.getOrThrowWith(requestOf(work), (problems) => new Error(problems.join("; ")))
  const url = new URL(work.url)
  const step = figures.step(stepOf(work))
  const options: Transport.OpenOptions = {
    connection: connectionOf(work, work.proxy === null ? { proxy: null } : decodeHanded(handed)),
    resolve: work.resolve,
    keepAlive: work.keepAlive,
    timeout: work.timeoutMillis,
    phases: phases !== undefined
  }
  // Over undici `connect` keeps nothing.
  const ahead = transportOf(work) === Transport.bareSockets ? connected : 0
  return (number, done) =>
    transport.open(url, options).pipe(
      Effect.tap(({ connect }) => number === 0 ? connect : number < ahead ? Effect.ignore(connect) : Effect.void),
      Effect.map((connection) => new UrlUser(connection, request, step, phases, done))
    )
})

const decodeHanded = Schema.decodeUnknownSync(Handed)

class UrlUser implements VirtualUser, Sink {
  private intended = 0
  private started = 0
  private readonly connection: LoadConnection
  private readonly request: LoadRequest
  private readonly step: StepRecorder
  private readonly phases: PhaseRecorder | undefined
  private readonly done: Done

  constructor(
    connection: LoadConnection,
    request: LoadRequest,
    step: StepRecorder,
    phases: PhaseRecorder | undefined,
    done: Done
  ) {
    this.connection = connection
    this.request = request
    this.step = step
    this.phases = phases
    this.done = done
  }

  start(_number: number, intended: number, started: number): void {
    this.intended = intended
    this.started = started
    this.connection.send(this.request, this)
  }

  onResponse({ bytesIn, bytesOut, ended, phases, status }: LoadResponse): void {
    this.step.response(this.intended, this.started, ended, status, bytesIn, bytesOut)
    if (phases !== undefined) this.phases?.record(phases)
    if (status < 400) return this.done(true, ended)
    this.step.failed(`status ${status}`, () => `the target answered ${status}`)
    this.done(false, ended)
  }

  onError({ detail, ended, kind }: LoadFailure): void {
    this.step.error(this.intended, this.started, ended, kind, () => detail)
    this.done(false, ended, kind !== "timeout")
  }
}
