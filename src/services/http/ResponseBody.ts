/** Reads the body of an answer into memory, up to a bound and no byte further. */
import { Effect, Stream } from "effect"
import type { HttpClientError, HttpClientResponse } from "effect/http"
import * as Bytes from "../../core/Bytes.ts"
import * as ByteSize from "../../core/ByteSize.ts"
import type { Failure } from "./Failure.ts"

type Response = HttpClientResponse.HttpClientResponse

/**
 * Returns the whole body. Fails with `BodyTooLarge` once more than `maxBytes` have come, and closes the connection then:
 * what a small compressed body would unfold to is never held.
 */
export const read = (
  response: Response,
  method: string,
  maxBytes: number
): Effect.Effect<Uint8Array, HttpClientError.HttpClientError | Failure> => {
  if (isBodiless(response, method)) return Effect.as(discard(response, method), nothing)
  const length = plainLength(response)
  if (length === undefined) return collect(response, maxBytes)
  if (length > maxBytes) return Effect.andThen(discard(response, method, 0), Effect.fail(tooLarge(maxBytes, length)))
  // The length is known and small, so the body can be taken whole, which is twice as fast as a stream.
  return Effect.flatMap(
    response.arrayBuffer,
    (buffer) => buffer.byteLength > maxBytes ? Effect.fail(tooLarge(maxBytes)) : Effect.succeed(new Uint8Array(buffer))
  )
}

/** Reads at most `maxBytes` to free the connection for others; what is longer, or fails, costs the connection. Never fails. */
export const discard = (response: Response, method: string, maxBytes: number = 65_536): Effect.Effect<void> =>
  Effect.ignore(isBodiless(response, method) ? response.arrayBuffer : collect(response, maxBytes))

const nothing = new Uint8Array(0)

const isBodiless = (response: Response, method: string): boolean =>
  method === "HEAD" || response.status === 204 || response.status === 304

/** The announced length of a body that comes as it is. */
const plainLength = (response: Response): number | undefined => {
  // A client may make its headers anew each time they are asked for.
  const { "content-encoding": encoding, "content-length": length } = response.headers
  return length !== undefined && /^\d{1,15}$/.test(length) && (encoding === undefined || encoding === "identity")
    ? Number(length)
    : undefined
}

const collect = (
  response: Response,
  maxBytes: number
): Effect.Effect<Uint8Array, HttpClientError.HttpClientError | Failure> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    return Stream.runForEachArray(response.stream, (arrived): Effect.Effect<void, Failure> => {
      for (const chunk of arrived) {
        length += chunk.length
        if (length > maxBytes) return Effect.fail(tooLarge(maxBytes))
        chunks.push(chunk)
      }
      return Effect.void
    }).pipe(Effect.map(() => Bytes.concat(chunks)))
  })

const tooLarge = (maxBytes: number, length?: number): Failure => ({
  reason: "BodyTooLarge",
  detail: `the body${length === undefined ? "" : ` of ${ByteSize.format(length)}`} is larger than ${
    ByteSize.format(maxBytes)
  }`,
  hint: "Allow more with `max_body`"
})
