/** What the fake API is asked and what it answers, before either is on a wire. */
import type { Value } from "../../../core/Value.ts"

export interface Received {
  readonly method: string
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
  /** Milliseconds that pass before it is sent. */
  readonly delay: number
  /** The connection breaks after so many bytes of the body; 0 is before the status. */
  readonly cutAt?: number | undefined
  /** Bytes of the body a second; absent for all at once. */
  readonly rate?: number | undefined
}

const encoder = new TextEncoder()

export const json = (value: Value, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: encoder.encode(JSON.stringify(value)),
  delay: 0
})

export const text = (body: string, status: number, type = "text/plain; charset=utf-8"): Answer => ({
  status,
  headers: { "content-type": type },
  body: encoder.encode(body),
  delay: 0
})

export const html = (status: number, title: string): Answer =>
  text(
    `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>\n`,
    status,
    "text/html"
  )

/** Errors of the API are bare JSON strings. */
export const refused = (status: number, message: string): Answer => json(message, status)

export const withHeaders = (answer: Answer, headers: Readonly<Record<string, string>>): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...headers }
})
