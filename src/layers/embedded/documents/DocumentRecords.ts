/**
 * Records of the journal of a kept document store: one BSON document for each change, with the whole document as it became.
 * Records of one transaction are marked, all but the last one, with `m`: without the last one none of them counts.
 */
import { deserialize, serialize } from "bson"
import { Duration } from "effect"
import type { Index } from "../../../services/DocumentStore.ts"
import { canonical } from "./DocumentCanonical.ts"
import type { Fields } from "./DocumentKinds.ts"

/** The name and version that the journal is opened with. */
export const format = { name: "skein documents", version: 1 } as const

/** What is in a record; `c` is `database.collection`. */
export type Record =
  /** The beginning: which store it is, and the number of the last change before. */
  | { readonly k: "head"; readonly store: string; readonly last: number }
  /** A document as it is; no change of its own. */
  | { readonly k: "put"; readonly c: string; readonly d: Fields }
  | { readonly k: "insert" | "update" | "replace"; readonly c: string; readonly d: Fields; readonly t: number }
  | { readonly k: "delete"; readonly c: string; readonly i: unknown; readonly t: number }
  | { readonly k: "create"; readonly c: string }
  | { readonly k: "drop"; readonly c: string; readonly t: number }
  | { readonly k: "index"; readonly c: string; readonly x: Fields }
  /** Ends a transaction whose last record is missing, so that later records are none of it. */
  | { readonly k: "abort" }
  | { readonly k: "dropIndex"; readonly c: string; readonly n: string }

export const encode = (record: Record, isFollowed = false): Uint8Array =>
  serialize(isFollowed ? { ...record, m: true } : record)

/** Throws when the bytes are no record. */
export const decode = (bytes: Uint8Array): Record & { readonly m?: boolean } =>
  canonical(deserialize(bytes, { promoteValues: false, promoteLongs: false, bsonRegExp: true })) as
    & Record
    & { readonly m?: boolean }

export const encodeIndex = ({ expireAfter, ...index }: Index): Fields => ({
  ...index,
  ...(expireAfter === undefined ? {} : { expireAfter: Duration.toMillis(Duration.fromInputUnsafe(expireAfter)) })
})

export const decodeIndex = (fields: Fields): Index => fields as unknown as Index
