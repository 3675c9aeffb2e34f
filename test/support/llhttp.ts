/** The parser of Node and undici (llhttp, as WebAssembly), as an oracle for ours. */
import { createRequire } from "node:module"
import type { ReadOptions, Response } from "./http1.ts"

export interface LlhttpReading {
  readonly responses: ReadonlyArray<Response>
  /** Such as `HPE_INVALID_CONTENT_LENGTH`. */
  readonly error: string | undefined
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly llhttp_alloc: (type: number) => number
  readonly llhttp_free: (parser: number) => void
  readonly llhttp_execute: (parser: number, data: number, length: number) => number
  readonly llhttp_finish: (parser: number) => number
  readonly llhttp_should_keep_alive: (parser: number) => number
  readonly llhttp_errno_name: (errno: number) => number
  readonly malloc: (bytes: number) => number
  readonly free: (pointer: number) => void
}

/** What of `WebAssembly` is used; its types come with the DOM's. */
declare const WebAssembly: {
  readonly Module: new(bytes: Uint8Array) => object
  readonly Instance: new(module: object, imports: object) => { readonly exports: object }
}

const typeOfResponses = 2

/** Reads all of `bytes`, in one piece, up to the end of the first response after which the connection is not used again. */
export const read: (bytes: Uint8Array, options?: ReadOptions) => LlhttpReading = (() => {
  let responses: Array<{ -readonly [K in keyof Response]: Response[K] }> = []
  let headers: Array<[name: string, value: string]> = []
  let inHead = true
  let headOnly = false
  const textAt = (at: number, length: number): string =>
    String.fromCharCode(...new Uint8Array(llhttp.memory.buffer, at, length))

  const env = {
    wasm_on_message_begin: () => {
      headers = []
      inHead = true
      return 0
    },
    wasm_on_url: () => 0,
    wasm_on_status: () => 0,
    wasm_on_header_field: (_: number, at: number, length: number) => {
      if (inHead) headers.push([textAt(at, length).toLowerCase(), ""])
      return 0
    },
    wasm_on_header_value: (_: number, at: number, length: number) => {
      if (inHead) headers.at(-1)![1] += textAt(at, length)
      return 0
    },
    wasm_on_headers_complete: (_: number, status: number) => {
      inHead = false
      const trimmed = headers.map(([name, value]) => [name, value.replace(/[ \t]+$/, "")] as const)
      responses.push({ status, headers: trimmed, body: "", keepAlive: false, complete: false })
      // 1 says that no body follows, which llhttp leaves to its users.
      return headOnly || status < 200 || status === 204 || status === 304 ? 1 : 0
    },
    wasm_on_body: (_: number, at: number, length: number) => {
      responses.at(-1)!.body += textAt(at, length)
      return 0
    },
    wasm_on_message_complete: (parser: number) => {
      const last = responses.at(-1)!
      last.complete = true
      last.keepAlive = llhttp.llhttp_should_keep_alive(parser) === 1
      return 0
    }
  }
  const bytes = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array
  const llhttp = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports as Exports
  const nameOf = (errno: number): string => {
    const at = llhttp.llhttp_errno_name(errno)
    const all = new Uint8Array(llhttp.memory.buffer)
    return textAt(at, all.indexOf(0, at) - at)
  }

  return (bytes, options = {}) => {
    responses = []
    headers = []
    inHead = true
    headOnly = options.headOnly ?? false
    const parser = llhttp.llhttp_alloc(typeOfResponses)
    const data = llhttp.malloc(bytes.length + 1)
    new Uint8Array(llhttp.memory.buffer, data, bytes.length).set(bytes)
    let errno = llhttp.llhttp_execute(parser, data, bytes.length)
    if (errno === 0 && (options.closed ?? true)) errno = llhttp.llhttp_finish(parser)
    llhttp.free(data)
    llhttp.llhttp_free(parser)
    return {
      responses: responses.filter(({ status }) => status >= 200),
      error: errno === 0 ? undefined : nameOf(errno)
    }
  }
})()
