/**
 * A connection over which files come: HTTP/1.1 on a socket, one request after the other, bodies read into the buffers that are
 * written to disk.
 *
 * States: without a socket; connecting; asked; answered, where the body waits to be saved; saving; complete, where the next request
 * may be sent. A failure leads back to the first one.
 */
import { connect as connectTcp, type LookupFunction, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls"
import { type Handler, ResponseParser } from "../../../core/http1/ResponseParser.ts"
import * as IpAddress from "../../../core/IpAddress.ts"
import { FileTransferError } from "../../../services/FileTransfer.ts"
import type { BufferPool } from "./BufferPool.ts"
import { TransferBody } from "./TransferBody.ts"

/** Where to, and how. */
export interface Route {
  /** A name, or an address without brackets. */
  readonly hostname: string
  readonly port: number
  /** As in the URL: `name:port`. */
  readonly host: string
  readonly tls: TlsOptions | undefined
  readonly lookup: LookupFunction | undefined
  readonly connectMillis: number
  /** How long a connection is kept while nothing is asked. */
  readonly idleMillis: number
  readonly maxHeadBytes: number
}

export interface Question {
  readonly bytes: Uint8Array
  readonly silenceMillis: number
  readonly onHead: (head: Head) => void
  /** In place of the head. Errors of the system, or a `FileTransferError`. */
  readonly onError: (error: unknown) => void
}

export interface Head {
  readonly status: number
  /** Names in lower case; those that come twice are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly isPrivate: boolean
  readonly body: TransferBody
}

/** Node gives up on an address after 250 ms, which is less than the way to the other side of the world and back takes. */
const addressAttemptMillis = 1_000
/** Of the buffer that heads are read into. */
const ownBytes = 16_384

export class TransferConnection implements Handler {
  readonly #route: Route
  readonly #pool: BufferPool
  /** Heads, and the first bytes of bodies, are read into this one: it is nobody else's, whatever a server sends when. */
  readonly #own = Buffer.allocUnsafeSlow(ownBytes)
  #parser: ResponseParser
  #socket: Socket | undefined
  #isReady = false
  /** Whether the socket has carried an answer. */
  #isUsed = false
  #question: Question | undefined
  #received = 0
  /** From the head on. */
  #body: TransferBody | undefined
  #isComplete = false
  #timer: NodeJS.Timeout | undefined

  constructor(route: Route, pool: BufferPool) {
    this.#route = route
    this.#pool = pool
    this.#parser = this.#newParser()
  }

  /** Whether a question can be sent, with some hope that it arrives. */
  get isFree(): boolean {
    return this.#isReady && this.#question === undefined
  }

  /** Sends a request. One at a time: the last one must have been released. */
  ask(question: Question): void {
    this.#question = question
    if (this.#isReady) this.#send()
    else this.#dial()
  }

  /** Ends the exchange; answers whether the connection can be used again. */
  release(): boolean {
    const isReusable = this.#isComplete && this.#isReady && this.#parser.keepAlive
    this.#question = undefined
    this.#body = undefined
    if (!isReusable) this.#drop()
    else this.#socket?.setTimeout(this.#route.idleMillis)
    return isReusable
  }

  /** Ends everything. */
  close(): void {
    this.#question = undefined
    this.#drop()
  }

  onHead(status: number, parser: ResponseParser): void {
    const body = new TransferBody(this.#pool, {
      resume: () => this.#body === body && this.#socket?.resume(),
      stop: () => this.#body === body && this.#drop()
    })
    this.#body = body
    const headers: Record<string, string> = Object.create(null)
    for (const [name, value] of parser.headers()) {
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    const isPrivate = IpAddress.isPrivate(this.#socket?.remoteAddress ?? "")
    this.#question?.onHead({ status, headers, isPrivate, body })
  }

  onBody(buffer: Uint8Array, start: number, end: number): void {
    this.#body?.take(buffer, start, end)
  }

  onEnd(): void {
    this.#isComplete = true
    this.#isUsed = true
  }

  #newParser(): ResponseParser {
    return new ResponseParser(this, { maxHeadBytes: this.#route.maxHeadBytes })
  }

  #dial(): void {
    const { connectMillis, host, hostname, lookup, port, tls } = this.#route
    this.#parser = this.#newParser()
    this.#isUsed = false
    const options = {
      host: hostname,
      port,
      ...(lookup === undefined ? {} : { lookup }),
      noDelay: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: addressAttemptMillis,
      onread: {
        buffer: () => this.#body?.space ?? this.#own,
        callback: (count: number, bytes: Uint8Array) => this.#socket === socket && this.#read(bytes, count)
      }
    }
    let socket: Socket
    try {
      socket = tls === undefined ? connectTcp(options) : connectTls({ ...tls, ...options })
    } catch (error) {
      // A certificate or key that cannot be read.
      return void this.#fail(error)
    }
    this.#socket = socket
    this.#timer = setTimeout(
      () => this.#fail(this.#network(`${host} did not accept a connection in time`)),
      connectMillis
    )
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(this.#timer)
      if (this.#socket !== socket) return
      this.#isReady = true
      this.#send()
    })
    socket.on("timeout", () => this.#socket === socket && this.#silent(socket))
    socket.on("error", (error) => {
      if (this.#socket === socket) this.#fail(error)
    })
    socket.once("end", () => this.#ended(socket))
    socket.once("close", () => this.#ended(socket))
  }

  #send(): void {
    const { bytes, silenceMillis } = this.#question!
    this.#received = 0
    this.#body = undefined
    this.#isComplete = false
    this.#socket?.setTimeout(silenceMillis)
    this.#socket?.resume()
    this.#socket?.write(bytes)
  }

  /** Answers whether to read on. */
  #read(bytes: Uint8Array, count: number): boolean {
    // What comes without a request, or after its answer, belongs to nobody.
    if (this.#question === undefined || this.#isComplete) return this.#drop()
    this.#received += count
    const end = this.#parser.execute(bytes, 0, count)
    const { refusal } = this.#parser
    if (refusal !== undefined) {
      return this.#fail(this.#network(`the answer of ${this.#route.host} is not valid HTTP: ${refusal}`))
    }
    if (this.#isComplete) {
      this.#body?.end()
      return end === count || this.#drop()
    }
    return this.#body === undefined || this.#body.next()
  }

  #silent(socket: Socket): void {
    if (this.#question === undefined) return void this.#drop()
    if (this.#body?.isHeld === true) return void socket.setTimeout(this.#question.silenceMillis)
    this.#fail(
      this.#network(
        `${this.#route.host} was silent for too long ${this.#body === undefined ? "before" : "within"} its answer`
      )
    )
  }

  /** The other side sent its last byte, or the socket is gone. */
  #ended(socket: Socket): void {
    if (this.#socket !== socket) return
    if (this.#question === undefined || this.#isComplete) return void this.#drop()
    this.#parser.finish()
    if (this.#isComplete) {
      this.#body?.end()
      return void this.#drop()
    }
    this.#fail(this.#network(`${this.#route.host} closed the connection before the answer was complete`))
  }

  #network(message: string): FileTransferError {
    return new FileTransferError({ reason: "Network", message })
  }

  /** A connection that was kept may have been closed by the other side just then: the question is sent once more. */
  #fail(error: unknown): false {
    const { onError } = this.#question ?? {}
    this.#drop()
    if (this.#isUsed && this.#received === 0 && this.#question !== undefined) {
      this.#dial()
      return false
    }
    if (this.#body === undefined) onError?.(error)
    else this.#body.end(error)
    return false
  }

  #drop(): false {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined
    this.#isReady = false
    socket?.destroy()
    return false
  }
}
