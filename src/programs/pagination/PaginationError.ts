/** Why a list could not be read whole. */
import { Schema } from "effect"

/**
 * `reason` says what kind:
 *
 * - `Request` a page could not be had: no connection, or a status that is an error
 * - `Shape` the answer is not what it should be: no JSON, no list in it
 * - `Truncated` a guard saw that rows are missing, or there twice
 * - `Elsewhere` the next page is on another host, where credentials do not go
 * - `TooLong` it has more pages than allowed
 */
export class PaginationError extends Schema.TaggedError<PaginationError>()("PaginationError", {
  reason: Schema.Literals(["Request", "Shape", "Truncated", "Elsewhere", "TooLong"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The page that it is about, from 1. */
  page: Schema.Int,
  /** The status of its answer. */
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.Defect())
}) {}
