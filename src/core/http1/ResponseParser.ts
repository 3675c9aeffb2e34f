/**
 * Reads HTTP/1.1 responses from bytes as they arrive, in any pieces: content-length, chunked, until the connection closes.
 *
 * Strict, since a client that guesses where a response ends measures, or saves, somebody else's bytes: what RFC 9112 leaves to
 * goodwill is refused with a reason. Written for speed: a response whose head arrives in one piece allocates nothing, and
 * headers become text only for those who ask. `RequestBytes.ts` is the way out.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
import * as Bytes from "./Bytes.ts"

/** Hears what a parser finds, within {@link ResponseParser.execute}. Interim responses (1xx) are not told. */
export interface Handler {
  /** The head is complete; the parser knows its headers until this returns. */
  readonly onHead: (status: number, parser: ResponseParser) => void
  /** Part of the body, never empty: `buffer` from `start` up to `end`. The bytes are the caller's: copy what is to stay. */
  readonly onBody: (buffer: Uint8Array, start: number, end: number) => void
  /** The response is complete, trailers included. */
  readonly onEnd: () => void
}

export interface Options {
  /** Largest head, and largest trailer section. @default 65,536 */
  readonly maxHeadBytes?: number | undefined
}

const defaultMaxHeadBytes = 65_536
/** Of one chunk: its size and extensions. */
const maxChunkLineBytes = 4_096

/**
 * What is expected next. Head: `statusLine` -> `reason` -> `lineFeed` -> (`lineStart` -> `name` -> `padding` -> `value` ->
 * `lineFeed`)* -> `lineStart` -> `lastFeed` -> a body. Bodies: `length`; `untilClose`; (`size` -> `extension`? -> `sizeFeed` ->
 * `chunk` -> `chunkReturn` -> `chunkFeed`)* -> `size` -> `sizeFeed` -> trailers, which are the lines of a head. All end in
 * `done`, which becomes `statusLine` at once. Any can become `refused`, which stays.
 */
const statusLine = 0
const reason = 1
const lineStart = 2
const name = 3
const padding = 4
const value = 5
const lineFeed = 6
const lastFeed = 7
const size = 8
const extension = 9
const sizeFeed = 10
const chunk = 11
const chunkReturn = 12
const chunkFeed = 13
const length = 14
const untilClose = 15
const done = 16
const refused = 17

const none = new Uint8Array(0)
const carriageReturn = 13
const newline = 10
const space = 32
const colon = 58

export class ResponseParser {
  /** Within `onHead`: whether there is a `set-cookie`. */
  setsCookie = false
  /** Whether responses have a head only, as those to HEAD. To be set before the response begins. */
  headOnly = false
  /** Whether the connection can be used again after this response; known from the head on. */
  keepAlive = false
  /** Bytes of the body as the head tells, which for HEAD is of what GET would have; `-1` when it does not. Known from the head on. */
  contentLength = -1
  /** Why the bytes are no response; nothing is read after that. */
  refusal: string | undefined = undefined
  /** Whether it was refused because a bound was passed. */
  isTooLong = false

  private readonly handler: Handler
  private readonly maxHeadBytes: number
  private state = statusLine
  private status = 0
  /** Of HTTP/1.x. */
  private minor = 1
  private declared = -1
  private chunked = false
  private encoded = false
  private close = false
  private keep = false
  private inTrailers = false
  /** Bytes of the body, or of the chunk, that are to come. */
  private remaining = 0
  private sizeDigits = 0
  private chunkLineBytes = 0

  /** The bytes of the head, from `headStart`: those that arrived, or `carry` when they arrived in pieces. */
  private head: Uint8Array = none
  private headStart = 0
  private headEnd = 0
  private carry: Uint8Array = none
  private carried = 0
  /** Positions from `headStart` on. */
  private nameStart = 0
  private nameEnd = 0
  private valueStart = 0

  constructor(handler: Handler, options: Options = {}) {
    this.handler = handler
    this.maxHeadBytes = options.maxHeadBytes ?? defaultMaxHeadBytes
  }

  /**
   * Reads `buffer` from `start` up to `end`, at most to the end of the response. Returns the position after what was read:
   * before `end` there is more than one response, or a refusal.
   */
  execute(buffer: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && this.state !== refused) {
      at = this.state <= lastFeed
        ? this.readHead(buffer, at, end)
        : this.state >= chunk
        ? this.readBody(buffer, at, end)
        : this.readChunkLine(buffer, at, end)
      if (this.state === done) {
        this.state = statusLine
        this.handler.onEnd()
        return at
      }
    }
    return at
  }

  /** The connection was closed by the other side: the end of a response without a length, otherwise a refusal. */
  finish(): void {
    if (this.state === untilClose) {
      this.state = statusLine
      this.handler.onEnd()
    } else if (this.state === length) {
      this.refuse(`the connection was closed ${this.remaining} bytes before the end of the body`)
    } else if (this.state !== refused) {
      this.refuse(
        this.isIdle
          ? "the connection was closed without an answer"
          : `the connection was closed inside of the ${this.state <= lastFeed && !this.inTrailers ? "head" : "body"}`
      )
    }
  }

  /** Whether no byte of a response has come. */
  get isIdle(): boolean {
    return this.state === statusLine && this.carried === 0
  }

  /** Within `onHead`: the value of a header by its name in lower case; several of a name are joined by `, `. */
  header(wanted: string): string | undefined {
    let found: string | undefined
    this.eachHeader((nameStart, nameEnd, valueStart, valueEnd) => {
      if (nameEnd - nameStart !== wanted.length || !Bytes.equalsIgnoringCase(this.head, nameStart, wanted)) return
      const text = Bytes.latin1(this.head, valueStart, valueEnd)
      found = found === undefined ? text : `${found}, ${text}`
    })
    return found
  }

  /** Within `onHead`: all headers as they came, names in lower case. */
  headers(): Array<readonly [name: string, value: string]> {
    const all: Array<readonly [string, string]> = []
    this.eachHeader((nameStart, nameEnd, valueStart, valueEnd) => {
      const name = Bytes.latin1(this.head, nameStart, nameEnd).toLowerCase()
      all.push([name, Bytes.latin1(this.head, valueStart, valueEnd)])
    })
    return all
  }

  /** Within `onHead`: bytes of the head, its last empty line included. */
  get headBytes(): number {
    return this.headEnd - this.headStart
  }

  private refuse(why: string): void {
    this.state = refused
    this.refusal = why
  }

  private readHead(buffer: Uint8Array, start: number, end: number): number {
    if (this.carried === 0) {
      this.head = buffer
      this.headStart = start
      this.headEnd = this.scanLines(buffer, start, Math.min(end, start + this.maxHeadBytes))
      if (this.state > lastFeed) return this.endOfHead(this.headEnd)
      if (end - start >= this.maxHeadBytes) return this.refuseLongHead(end)
      this.keepHead(buffer, start, end)
      return end
    }
    // The head came in pieces: go on in the copy, which has all of it.
    const before = this.carried
    const taken = Math.min(end - start, this.maxHeadBytes - before)
    this.keepHead(buffer, start, start + taken)
    this.head = this.carry
    this.headStart = 0
    this.headEnd = this.scanLines(this.carry, before, this.carried)
    if (this.state > lastFeed) return this.endOfHead(start + this.headEnd - before)
    return this.carried >= this.maxHeadBytes ? this.refuseLongHead(end) : end
  }

  private refuseLongHead(end: number): number {
    this.isTooLong = true
    this.refuse(`the ${this.inTrailers ? "trailers are" : "head is"} longer than ${this.maxHeadBytes} bytes`)
    return end
  }

  private keepHead(buffer: Uint8Array, start: number, end: number): void {
    const needed = this.carried + end - start
    if (needed > this.carry.length) {
      const larger = new Uint8Array(Math.min(this.maxHeadBytes, Math.max(1_024, needed * 2)))
      larger.set(this.carry.subarray(0, this.carried))
      this.carry = larger
    }
    this.carry.set(buffer.subarray(start, end), this.carried)
    this.carried = needed
  }

  /** Goes on in the lines of a head, up to `end` or to the end of the head. Returns the position after what was read. */
  private scanLines(bytes: Uint8Array, start: number, end: number): number {
    const base = this.headStart
    let at = start
    while (at < end) {
      switch (this.state) {
        case value:
          while (at < end && Bytes.isText(bytes[at]!)) at++
          if (at === end) break
          if (bytes[at] !== carriageReturn) return this.refuseByte("in a header", bytes[at]!, at)
          if (!this.inTrailers) {
            this.takeHeader(bytes, base + this.nameStart, base + this.nameEnd, base + this.valueStart, at)
          }
          if (this.refusal !== undefined) return at
          this.state = lineFeed
          at++
          break
        case lineFeed:
          if (bytes[at] !== newline) return this.refuseByte("after a carriage return", bytes[at]!, at)
          this.state = lineStart
          at++
          break
        case lineStart: {
          const byte = bytes[at]!
          this.nameStart = at - base
          if (byte === carriageReturn) {
            this.state = lastFeed
            at++
          } else if (byte === space || byte === 9) {
            this.refuse("a header is folded over two lines")
            return at
          } else if (Bytes.isToken(byte)) {
            this.state = name
            at++
          } else return this.refuseByte("where a header begins", byte, at)
          break
        }
        case name:
          while (at < end && Bytes.isToken(bytes[at]!)) at++
          if (at === end) break
          if (bytes[at] !== colon) return this.refuseByte("in the name of a header", bytes[at]!, at)
          this.nameEnd = at - base
          this.state = padding
          at++
          break
        case padding:
          while (at < end && (bytes[at] === space || bytes[at] === 9)) at++
          if (at === end) break
          this.valueStart = at - base
          this.state = value
          break
        case lastFeed:
          if (bytes[at] !== newline) return this.refuseByte("after a carriage return", bytes[at]!, at)
          this.state = size
          return at + 1
        case statusLine:
          at = this.scanStatus(bytes, at, end)
          if (this.refusal !== undefined) return at
          break
        case reason:
          while (at < end && Bytes.isText(bytes[at]!)) at++
          if (at === end) break
          if (bytes[at] !== carriageReturn) return this.refuseByte("in the status line", bytes[at]!, at)
          this.state = lineFeed
          at++
          break
      }
    }
    return at
  }

  /** Reads `HTTP/1.1 200` and the byte after it, a space or the end of the line. */
  private scanStatus(bytes: Uint8Array, start: number, end: number): number {
    const base = this.headStart
    let at = start
    for (; at < end; at++) {
      const index = at - base
      const byte = bytes[at]!
      if (index < 7) {
        if (byte !== Bytes.httpSlash1Dot[index]) return this.refuseStatus(at)
      } else if (index === 7) {
        if (byte !== 48 && byte !== 49) return this.refuseStatus(at)
        this.minor = byte - 48
        this.status = 0
      } else if (index === 8) {
        if (byte !== space) return this.refuseStatus(at)
      } else if (index < 12) {
        if (byte < 48 || byte > 57 || (index === 9 && byte === 48)) return this.refuseStatus(at)
        this.status = this.status * 10 + byte - 48
      } else {
        if (byte === space) this.state = reason
        else if (byte === carriageReturn) this.state = lineFeed
        else return this.refuseStatus(at)
        return at + 1
      }
    }
    return at
  }

  private refuseStatus(at: number): number {
    const shown = Bytes.latin1(this.head, this.headStart, at + 1)
    this.refuse(`a response of HTTP/1.1 does not begin with ${JSON.stringify(shown)}`)
    return at
  }

  private refuseByte(where: string, byte: number, at: number): number {
    this.refuse(
      byte === newline
        ? `a line feed without a carriage return stands ${where}`
        : `the byte 0x${byte.toString(16).padStart(2, "0")} stands ${where}`
    )
    return at
  }

  /** Looks for the three headers that say where the response ends. */
  private takeHeader(bytes: Uint8Array, nameStart: number, nameEnd: number, valueStart: number, end: number): void {
    switch (nameEnd - nameStart) {
      case 10:
        if (Bytes.equalsIgnoringCase(bytes, nameStart, "connection")) this.takeConnection(bytes, valueStart, end)
        else if (Bytes.equalsIgnoringCase(bytes, nameStart, "set-cookie")) this.setsCookie = true
        return
      case 14:
        if (Bytes.equalsIgnoringCase(bytes, nameStart, "content-length")) this.takeLength(bytes, valueStart, end)
        return
      case 17:
        if (Bytes.equalsIgnoringCase(bytes, nameStart, "transfer-encoding")) this.takeEncoding(bytes, valueStart, end)
    }
  }

  private takeLength(bytes: Uint8Array, start: number, lineEnd: number): void {
    const end = Bytes.trimEnd(bytes, start, lineEnd)
    if (this.declared >= 0) return this.refuse("there are two content-length headers")
    if (this.encoded) return this.refuse("there are content-length and transfer-encoding")
    if (start === end) return this.refuse("content-length is empty")
    let total = 0
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 48
      if (digit < 0 || digit > 9) return this.refuse("content-length is no number")
      total = total * 10 + digit
      if (total > Number.MAX_SAFE_INTEGER) return this.refuse("content-length is too large")
    }
    this.declared = total
  }

  private takeEncoding(bytes: Uint8Array, start: number, lineEnd: number): void {
    const end = Bytes.trimEnd(bytes, start, lineEnd)
    if (this.declared >= 0) return this.refuse("there are content-length and transfer-encoding")
    if (this.encoded) return this.refuse("there are two transfer-encoding headers")
    this.encoded = true
    this.chunked = end - start === 7 && Bytes.equalsIgnoringCase(bytes, start, "chunked")
    if (!this.chunked) {
      const shown = Bytes.latin1(bytes, start, Math.min(end, start + 40))
      this.refuse(`the transfer-encoding ${JSON.stringify(shown)} is not chunked`)
    } else if (this.minor === 0) this.refuse("HTTP/1.0 has no transfer-encoding")
  }

  /** A list; only two of its words matter. */
  private takeConnection(bytes: Uint8Array, start: number, end: number): void {
    let from = start
    while (from < end) {
      let to = from
      while (to < end && bytes[to] !== 44) to++
      while (from < to && (bytes[from] === space || bytes[from] === 9)) from++
      const wordEnd = Bytes.trimEnd(bytes, from, to)
      if (wordEnd - from === 5 && Bytes.equalsIgnoringCase(bytes, from, "close")) this.close = true
      if (wordEnd - from === 10 && Bytes.equalsIgnoringCase(bytes, from, "keep-alive")) this.keep = true
      from = to + 1
    }
  }

  /** Decides what comes after the head, or the trailers, that ends at `at`. */
  private endOfHead(at: number): number {
    if (this.state === refused) return at
    if (this.inTrailers) this.state = done
    else if (this.status < 200) this.endInterim()
    else this.endFinal()
    this.carried = 0
    this.declared = -1
    this.setsCookie = false
    this.inTrailers = this.state === size
    this.chunked =
      this.encoded =
      this.close =
      this.keep =
        false
    return at
  }

  private endInterim(): void {
    if (this.status === 101) return this.refuse("the server changes to a protocol that nobody asked for (101)")
    this.state = statusLine
  }

  private endFinal(): void {
    this.contentLength = this.remaining = this.declared
    if (this.headOnly || this.status === 204 || this.status === 304 || this.declared === 0) this.state = done
    else if (this.chunked) this.beginChunk()
    else this.state = this.declared < 0 ? untilClose : length
    this.keepAlive = this.state !== untilClose && !this.close && (this.minor === 1 || this.keep)
    this.handler.onHead(this.status, this)
    // The bytes of the head are about to be overwritten.
    this.headEnd = this.headStart
  }

  private beginChunk(): void {
    this.remaining = 0
    this.sizeDigits = 0
    this.chunkLineBytes = 0
    this.state = size
  }

  private readChunkLine(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (++this.chunkLineBytes > maxChunkLineBytes) {
        this.isTooLong = true
        this.refuse(`the line of a chunk's size is longer than ${maxChunkLineBytes} bytes`)
        return at
      }
      if (this.state === sizeFeed) {
        if (byte !== newline) return this.refuseByte("after a carriage return", byte, at)
        this.state = this.remaining > 0 ? chunk : lineStart
        return at + 1
      }
      const digit = this.state === size ? Bytes.hexDigit(byte) : -1
      if (digit >= 0) {
        this.sizeDigits++
        this.remaining = this.remaining * 16 + digit
        if (this.sizeDigits > 16 || this.remaining > Number.MAX_SAFE_INTEGER) {
          this.refuse("a chunk is too large")
          return at
        }
      } else if (this.sizeDigits === 0) return this.refuseByte("where the size of a chunk begins", byte, at)
      else if (byte === carriageReturn) this.state = sizeFeed
      else if (this.state === size && byte !== 59) return this.refuseByte("in the size of a chunk", byte, at)
      else if (!Bytes.isText(byte)) return this.refuseByte("in the size of a chunk", byte, at)
      else this.state = extension
    }
    return end
  }

  private readBody(bytes: Uint8Array, start: number, end: number): number {
    if (this.state === untilClose) {
      this.handler.onBody(bytes, start, end)
      return end
    }
    if (this.state === length || this.state === chunk) {
      const to = Math.min(end, start + this.remaining)
      this.remaining -= to - start
      if (this.remaining === 0) this.state = this.state === length ? done : chunkReturn
      this.handler.onBody(bytes, start, to)
      return to
    }
    const expected = this.state === chunkReturn ? carriageReturn : newline
    if (bytes[start] !== expected) return this.refuseByte("after a chunk", bytes[start]!, start)
    if (this.state === chunkReturn) this.state = chunkFeed
    else this.beginChunk()
    return start + 1
  }

  private eachHeader(
    take: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void
  ): void {
    const bytes = this.head
    let at = bytes.indexOf(newline, this.headStart) + 1
    while (at < this.headEnd - 2) {
      const nameEnd = bytes.indexOf(colon, at)
      let valueStart = nameEnd + 1
      while (bytes[valueStart] === space || bytes[valueStart] === 9) valueStart++
      const lineEnd = bytes.indexOf(carriageReturn, valueStart)
      take(at, nameEnd, valueStart, Bytes.trimEnd(bytes, valueStart, lineEnd))
      at = lineEnd + 2
    }
  }
}
