/**
 * One connection of a load run: HTTP/1.1 over a socket whose bytes arrive in one buffer that all sockets of the thread share, which
 * works since they are read before the callback returns. Part of `SocketLoadTransport`.
 *
 * States by what is there: nothing; a socket that connects (`isReady` false), for a task or for `connect`; a socket that is idle; a
 * socket with a task. Every failure leads back to nothing, and the next task makes a new socket.
 */
import { Effect } from "effect"
import type { Socket } from "node:net"
import { type Handler, ResponseParser } from "../../../core/http1/ResponseParser.ts"
import {
  type Counters,
  type Kind,
  type LoadConnection,
  type LoadFailure,
  type LoadRequest,
  type LoadResponse,
  type LoadTransportError,
  type Sink,
  toError
} from "../../../services/LoadTransport.ts"
import * as LoadFailures from "./LoadFailures.ts"
import { PhaseStamps } from "./PhaseStamps.ts"
import { openSocket, type Route } from "./Route.ts"

/** What all connections of a layer share. */
export interface Shared {
  readonly now: () => number
  readonly buffer: Buffer
  readonly counters: Mutable<Counters>
}

/** How long a server may take to close a connection after it said that it would. */
const drainTicks = 10_000_000
const nothing = new Uint8Array(0)
const noHeaders: LoadResponse["headers"] = []

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class Http1Connection implements LoadConnection, Handler {
  private readonly shared: Shared
  private readonly route: Route
  private readonly response: Mutable<LoadResponse> = {
    status: 0,
    ended: 0,
    bytesIn: 0,
    bytesOut: 0,
    headers: noHeaders,
    body: nothing,
    phases: undefined
  }
  private parser: ResponseParser
  private socket: Socket | undefined
  private isReady = false
  /** Whether the socket has carried an exchange. */
  private isUsed = false
  private isClosed = false
  private error: unknown

  private request: LoadRequest | undefined
  private sink: Sink | undefined
  private onConnected: ((failure: LoadFailure | undefined) => void) | undefined
  private isComplete = false
  private isResent = false
  private bytesIn = 0
  private chunks: Array<Uint8Array> = []
  private kept = 0
  private lastRequest: LoadRequest | undefined
  private lastBytes: Buffer | undefined

  /** When the sweep first saw the task, or the attempt to connect; 0 before. */
  private taskSeen = 0
  private connectSeen = 0
  /** A socket that its server is about to close, and when the sweep first saw it. */
  private draining: Socket | undefined
  private drainingSeen = 0

  private readonly stamps: PhaseStamps | undefined

  constructor(shared: Shared, route: Route) {
    this.shared = shared
    this.route = route
    this.stamps = route.phases ? new PhaseStamps() : undefined
    this.parser = new ResponseParser(this, { maxHeadBytes: route.maxHeadBytes })
  }

  readonly connect: Effect.Effect<void, LoadTransportError> = Effect.callback((resume) => {
    if (this.isReady) return resume(Effect.void)
    if (this.isClosed) return undefined
    this.refuseSecond()
    this.taskSeen = 0
    this.onConnected = (failure) => resume(failure === undefined ? Effect.void : Effect.fail(toError(failure)))
    this.dial()
    return Effect.sync(() => this.abort())
  })

  send(request: LoadRequest, sink: Sink): void {
    if (this.isClosed) return
    this.refuseSecond()
    this.taskSeen = 0
    this.request = request
    this.sink = sink
    this.isResent = false
    this.stamps?.begin(this.shared.now())
    if (this.isReady) this.write(request)
    else this.dial()
  }

  abort(): void {
    if (this.sink === undefined && this.onConnected === undefined) return
    this.forget()
    this.drop()
  }

  /** Ends everything; nothing can be sent afterwards. */
  close(): void {
    this.isClosed = true
    this.forget()
    this.drop()
    this.draining?.destroy()
    this.draining = undefined
  }

  /** To be called every few milliseconds: ends what takes too long. Never early, since it counts from when it first looked. */
  sweep(now: number): void {
    if (this.draining !== undefined) {
      if (this.drainingSeen === 0) this.drainingSeen = now
      else if (now - this.drainingSeen >= drainTicks) {
        this.draining.destroy()
        this.draining = undefined
      }
    }
    if (this.sink === undefined && this.onConnected === undefined) return
    if (this.socket !== undefined && !this.isReady) {
      if (this.connectSeen === 0) this.connectSeen = now
      else if (now - this.connectSeen >= Math.min(this.route.connectTimeoutTicks, this.route.timeoutTicks)) {
        return this.fail("connect-timeout", `${this.route.host} did not accept a connection in time`)
      }
    }
    if (this.taskSeen === 0) this.taskSeen = now
    else if (now - this.taskSeen >= this.route.timeoutTicks) {
      this.fail("timeout", `${this.route.host} had not answered completely in time`)
    }
  }

  onHead(status: number, parser: ResponseParser): void {
    this.response.status = status
    const keep = this.request?.keepHeaders
    const kept = keep === "all" || keep === "telling" && (status >= 300 || parser.setsCookie)
    this.response.headers = kept ? parser.headers() : noHeaders
  }

  onBody(buffer: Uint8Array, start: number, end: number): void {
    const most = this.request?.maxBodyBytes
    if (most === undefined) return
    this.kept += end - start
    if (this.kept <= most) this.chunks.push(Uint8Array.prototype.slice.call(buffer, start, end))
  }

  onEnd(): void {
    this.isComplete = true
  }

  private refuseSecond(): void {
    if (this.sink !== undefined || this.onConnected !== undefined) {
      throw new Error("a request is under way on this connection")
    }
  }

  private dial(): void {
    const { shared, stamps } = this
    this.parser = new ResponseParser(this, { maxHeadBytes: this.route.maxHeadBytes })
    this.error = undefined
    this.connectSeen = 0
    this.isUsed = false
    const socket = openSocket(this.route, shared.buffer, (count) => {
      if (this.socket === socket) this.read(count)
    })
    this.socket = socket
    shared.counters.socketsOpened++
    shared.counters.socketsOpen++
    if (stamps !== undefined) {
      socket.once("lookup", () => stamps.lookUp(shared.now()))
      socket.once("connect", () => stamps.connect(shared.now()))
    }
    socket.once(this.route.tls === undefined ? "connect" : "secureConnect", () => this.becomeReady(socket))
    socket.on("error", (error) => {
      if (this.socket === socket) this.error = error
    })
    socket.once("end", () => {
      // A handshake that ends has its error yet to come.
      if (this.socket !== socket || this.isReady) this.ended(socket)
    })
    socket.once("close", () => {
      shared.counters.socketsOpen--
      this.ended(socket)
    })
  }

  private becomeReady(socket: Socket): void {
    if (this.socket !== socket) return
    this.isReady = true
    if (this.onConnected !== undefined) {
      const tell = this.onConnected
      this.onConnected = undefined
      tell(undefined)
    } else if (this.request !== undefined) {
      this.stamps?.write(this.shared.now(), this.route.tls !== undefined)
      this.write(this.request)
    }
  }

  private write(request: LoadRequest): void {
    if (request !== this.lastRequest) {
      const { buffer, byteOffset, length } = request.bytes
      this.lastRequest = request
      this.lastBytes = Buffer.from(buffer, byteOffset, length)
    }
    this.bytesIn = 0
    this.parser.headOnly = request.headOnly
    this.shared.counters.bytesOut += request.bytes.length
    this.socket?.write(this.lastBytes!)
  }

  private read(count: number): void {
    this.shared.counters.bytesIn += count
    // What comes without a request belongs to nobody.
    if (this.sink === undefined || !this.isReady) return this.drop()
    this.bytesIn += count
    this.stamps?.arrive(this.shared.now())
    const end = this.parser.execute(this.shared.buffer, 0, count)
    if (this.parser.refusal !== undefined) this.failParser(this.parser.refusal)
    else if (this.kept > (this.request?.maxBodyBytes ?? Infinity)) this.failSize()
    else if (this.isComplete && end < count) this.failParser(`${count - end} bytes follow the answer`)
    else if (this.isComplete) this.finish()
  }

  private finish(): void {
    const { request, response, shared, sink } = this
    response.ended = shared.now()
    response.bytesIn = this.bytesIn
    response.bytesOut = request?.bytes.length ?? 0
    response.phases = this.stamps?.phases(response.ended)
    response.body = this.chunks.length === 0 ? nothing : this.joined()
    this.isUsed = true
    this.forget()
    if (!this.parser.keepAlive) this.drain()
    else if (!this.route.keepAlive) this.drop()
    sink?.onResponse(response)
  }

  private joined(): Uint8Array {
    const [first] = this.chunks
    return this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks)
  }

  /** The other side sent its last byte, or the socket is gone. */
  private ended(socket: Socket): void {
    if (this.draining === socket) this.draining = undefined
    if (this.socket !== socket) return
    if (this.sink !== undefined && this.isReady && this.error === undefined) this.parser.finish()
    if (this.isComplete) return this.finish()
    this.drop()
    if (this.sink === undefined && this.onConnected === undefined) return
    if (this.isUsed && this.bytesIn === 0 && !this.isResent && this.request?.idempotent === true) {
      this.isResent = true
      this.shared.counters.resent++
      return this.dial()
    }
    if (this.error === undefined) {
      return this.fail(
        "reset",
        `${this.route.host}${
          this.parser.refusal === undefined
            ? " closed the connection before it could be used"
            : `: ${this.parser.refusal}`
        }`
      )
    }
    const { detail, hint, kind } = LoadFailures.fromCause(this.error, this.route.host)
    this.fail(kind, detail, hint)
  }

  private failParser(refusal: string): void {
    const { host } = this.route
    if (this.parser.isTooLong) this.fail("too-large", `${host} sent more than is read: ${refusal}`)
    else this.fail("protocol", `${host} sent what is not HTTP: ${refusal}`)
  }

  private failSize(): void {
    const most = this.request?.maxBodyBytes
    this.fail("too-large", `the body of ${this.route.host} is larger than the ${most} bytes that are kept`)
  }

  private fail(kind: Kind, detail: string, hint?: string): void {
    const { onConnected, sink } = this
    const failure: LoadFailure = { kind, detail, hint, ended: this.shared.now(), bytesIn: this.bytesIn }
    this.forget()
    this.drop()
    onConnected?.(failure)
    sink?.onError(failure)
  }

  /** There is no task any more. */
  private forget(): void {
    this.sink = undefined
    this.request = undefined
    this.onConnected = undefined
    this.isComplete = false
    this.kept = 0
    this.bytesIn = 0
    if (this.chunks.length > 0) this.chunks = []
  }

  private drop(): void {
    const { socket } = this
    this.socket = undefined
    this.isReady = false
    socket?.destroy()
  }

  /** Lets the server close first, as it said: whoever closes first loses the port for a minute, and we need more of them. */
  private drain(): void {
    this.draining?.destroy()
    this.draining = this.socket?.destroyed === false ? this.socket : undefined
    this.drainingSeen = 0
    this.socket = undefined
    this.isReady = false
  }
}
