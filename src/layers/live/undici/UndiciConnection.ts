/** One connection of a load run over undici: a pool of one, made again whenever its socket is to be closed. Part of `UndiciLoadTransport`. */
import { Effect } from "effect"
import {
  type Kind,
  type LoadConnection,
  type LoadFailure,
  type LoadRequest,
  type LoadResponse,
  type LoadTransportError,
  type Sink,
  toError
} from "../../../services/LoadTransport.ts"
import * as LoadFailures from "../http1/LoadFailures.ts"
import type { UndiciDispatcher } from "./UndiciDispatcher.ts"

export interface Settings {
  readonly now: () => number
  readonly counters: { bytesIn: number; bytesOut: number; resent: number }
  /** Throws when certificate, key or authority cannot be read. */
  readonly dispatcher: () => UndiciDispatcher
  readonly origin: string
  /** `name:port`, for messages. */
  readonly host: string
  readonly keepAlive: boolean
  readonly phases: boolean
  readonly timeoutMillis: number
}

/** An exchange under way. */
interface Task {
  readonly request: LoadRequest
  readonly sink: Sink
  readonly begun: number
  readonly timer: NodeJS.Timeout
  readonly chunks: Array<Uint8Array>
  status: number
  headers: LoadResponse["headers"]
  firstByte: number
  bytesIn: number
  bodyBytes: number
  isResent: boolean
}

export class UndiciConnection implements LoadConnection {
  private readonly settings: Settings
  private dispatcher: UndiciDispatcher
  private task: Task | undefined
  private isUsed = false
  private isClosed = false
  private isTried = false

  constructor(settings: Settings) {
    this.settings = settings
    this.dispatcher = settings.dispatcher()
  }

  get connect(): Effect.Effect<void, LoadTransportError> {
    return Effect.suspend(() => {
      if (this.isTried || this.isUsed) return Effect.void
      const { host, now, origin } = this.settings
      return Effect.tryPromise({
        try: () => this.dispatcher.tryOut(new URL(origin)),
        catch: (cause) => toError({ ...LoadFailures.fromCause(cause, host), ended: now(), bytesIn: 0 })
      }).pipe(
        Effect.tap(() => {
          this.isTried = true
          return Effect.void
        })
      )
    })
  }

  send(request: LoadRequest, sink: Sink): void {
    if (this.isClosed) return
    if (this.task !== undefined) throw new Error("a request is under way on this connection")
    const { host, now, timeoutMillis } = this.settings
    this.dispatch(
      this.task = {
        request,
        sink,
        begun: now(),
        timer: setTimeout(() => this.fail("timeout", `${host} had not answered completely in time`), timeoutMillis),
        chunks: [],
        status: 0,
        headers: [],
        firstByte: 0,
        bytesIn: 0,
        bodyBytes: 0,
        isResent: false
      }
    )
  }

  abort(): void {
    if (this.task === undefined) return
    this.forget()
    this.renew()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.forget()
    await this.dispatcher.destroy()
  }

  private dispatch(task: Task): void {
    const { request } = task
    this.settings.counters.bytesOut += request.bytes.length
    const own = () => this.task === task
    this.dispatcher.dispatch({
      origin: this.settings.origin,
      path: request.target,
      method: request.method as "GET",
      headers: [["host", request.host], ...request.headers ?? []].flat(),
      body: request.body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0
    }, {
      onRequestStart: () => {},
      onResponseStart: (_, status, headers) => {
        if (own() && status >= 200) this.begin(task, status, headers)
      },
      onResponseData: (_, chunk) => {
        if (own()) this.body(task, chunk)
      },
      onResponseEnd: () => {
        if (own()) this.finish(task)
      },
      onResponseError: (_, error) => {
        if (own()) this.broken(task, error)
      }
    })
  }

  private begin(
    task: Task,
    status: number,
    given: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  ): void {
    const headers = Object.entries(given).flatMap(([name, value]) =>
      [value ?? []].flat().map((one) => [name.toLowerCase(), one] as const)
    )
    task.status = status
    task.firstByte = this.settings.now()
    if (task.request.keepHeaders !== "none") task.headers = headers
    this.count(task, headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 15))
  }

  private body(task: Task, chunk: Uint8Array): void {
    this.count(task, chunk.length)
    task.bodyBytes += chunk.length
    const most = task.request.maxBodyBytes
    if (most === undefined) return
    if (task.bodyBytes <= most) task.chunks.push(chunk)
    else this.fail("too-large", `the body of ${this.settings.host} is larger than the ${most} bytes that are kept`)
  }

  private count(task: Task, bytes: number): void {
    task.bytesIn += bytes
    this.settings.counters.bytesIn += bytes
  }

  private finish(task: Task): void {
    const { keepAlive, now, phases } = this.settings
    const ended = now()
    this.isUsed = true
    this.forget()
    if (!keepAlive) this.renew()
    task.sink.onResponse({
      status: task.status,
      ended,
      bytesIn: task.bytesIn,
      bytesOut: task.request.bytes.length,
      headers: task.headers,
      body: Buffer.concat(task.chunks),
      phases: phases
        ? { dns: 0, connect: 0, tls: 0, wait: task.firstByte - task.begun, transfer: ended - task.firstByte }
        : undefined
    })
  }

  private broken(task: Task, error: unknown): void {
    const { counters, host } = this.settings
    const { detail, hint, kind } = LoadFailures.fromCause(this.dispatcher.explained(error), host)
    if (kind === "reset" && this.isUsed && task.bytesIn === 0 && !task.isResent && task.request.idempotent) {
      task.isResent = true
      counters.resent++
      this.renew()
      return this.dispatch(task)
    }
    this.fail(kind, detail, hint)
  }

  private fail(kind: Kind, detail: string, hint?: string): void {
    const { task } = this
    if (task === undefined) return
    const failure: LoadFailure = { kind, detail, hint, ended: this.settings.now(), bytesIn: task.bytesIn }
    this.forget()
    this.renew()
    task.sink.onError(failure)
  }

  private forget(): void {
    clearTimeout(this.task?.timer)
    this.task = undefined
  }

  /** Closes the socket, and what else undici keeps for it. */
  private renew(): void {
    void this.dispatcher.destroy()
    this.dispatcher = this.settings.dispatcher()
    this.isUsed = false
  }
}
