/** Failures of the embedded document store, with MongoDB's numbers. Thrown where documents are worked on, failed with by the engine. */
import { EJSON } from "bson"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"

const codes = {
  BadValue: 2,
  FailedToParse: 9,
  TypeMismatch: 14,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  DollarPrefixedFieldName: 52,
  ImmutableField: 66,
  IndexOptionsConflict: 85
} as const

/** The filter, update, pipeline or document is wrong. */
export const invalid = (message: string, code: keyof typeof codes = "BadValue"): DocumentStoreError =>
  new DocumentStoreError({ reason: "Invalid", message, code: codes[code] })

export const unsupported = (what: string, hint = "a MongoDB server has it"): DocumentStoreError =>
  new DocumentStoreError({
    reason: "Unsupported",
    message: `the embedded document store has no ${what}`,
    hint,
    code: 115
  })

export const refused = (message: string, code: number, hint?: string): DocumentStoreError =>
  new DocumentStoreError({ reason: "Refused", message, code, ...(hint === undefined ? {} : { hint }) })

/** Another transaction was first. */
export const conflict = (what: string): DocumentStoreError =>
  new DocumentStoreError({
    reason: "Conflict",
    message: `${what}: another transaction has written it since this one began`,
    hint: "try the whole transaction again",
    code: 112
  })

export const duplicateKey = (collection: string, index: string, key: string): DocumentStoreError =>
  new DocumentStoreError({
    reason: "DuplicateKey",
    message: `duplicate key in ${collection}, index ${index}: ${key}`,
    index,
    code: 11000
  })

/** A value for a message: short, and never failing. */
export const shown = (value: unknown): string => {
  try {
    const text = EJSON.stringify(value)
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  } catch {
    return String(value)
  }
}
