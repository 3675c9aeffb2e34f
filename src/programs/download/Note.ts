/** What is remembered of a part, so that another process can go on with it. */
import { Option, Schema } from "effect"
import type { Segment, Version } from "./Segments.ts"

const Note = Schema.Struct({
  version: Schema.Literal(1),
  /** The URL without query and credentials: the query of a signed one is another each time. */
  url: Schema.String,
  etag: Schema.optionalKey(Schema.String),
  lastModified: Schema.optionalKey(Schema.String),
  size: Schema.Int,
  segments: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int, Schema.Int]))
})

export interface Content {
  readonly url: string
  readonly version: Version
  readonly size: number
  readonly segments: ReadonlyArray<Segment>
}

const json = Schema.fromJsonString(Note)
const read = Schema.decodeUnknownOption(json)

export const encode = ({ segments, size, url, version }: Content): string =>
  JSON.stringify({
    version: 1,
    url,
    etag: version.etag,
    lastModified: version.lastModified,
    size,
    segments: segments.map(({ done, from, to }) => [from, to, done])
  })

/** `undefined` for a text that is none, or of a later version. */
export const decode = (text: string): Content | undefined =>
  Option.getOrUndefined(Option.map(read(text), ({ etag, lastModified, segments, size, url }) => ({
    url,
    version: { etag, lastModified },
    size,
    segments: segments.map(([from, to, done]) => ({ from, to, done }))
  })))

/** What a URL is known by. */
export const identity = (url: URL): string => `${url.origin}${url.pathname}`
