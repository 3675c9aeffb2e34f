/**
 * A remote API as its profile describes it, opened for use: its lists, operations, workflows and downloads, over one client
 * that logs in when it must and keeps to the API's limits.
 *
 * The programs do the rest: `programs/RemoteList` reads a {@link ListPlan}, `WorkflowWait` waits by {@link Workflow.poll}.
 * `profile/Profiles` finds profiles, `profile/Open` opens them.
 */
import { type Duration, type Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import type { Value, ValueRecord } from "../core/Value.ts"
import type { Request } from "../services/HttpExchange.ts"
import type { PoliteHttp } from "../services/PoliteHttp.ts"

/**
 * Why something could not be done with an API. `reason` says what to do:
 *
 * - `NotFound` the profile has no such thing, or the API no such site
 * - `Invalid` a target or an argument is not what it should be; nothing was sent
 * - `Login` the session could not be had
 * - `Request` no answer came; of what starts something, none was sent, or it may be sent again
 * - `Refused` the API answered with an error
 * - `Shape` the answer is not what the profile says
 * - `Lost` the answer to a request that starts something was lost: whether it was done is not known
 */
export class RemoteApiError extends Schema.TaggedError<RemoteApiError>()("RemoteApiError", {
  reason: Schema.Literals(["NotFound", "Invalid", "Login", "Request", "Refused", "Shape", "Lost"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** What sends a request needs. */
type Sending<A> = Effect.Effect<A, RemoteApiError, HttpClient.HttpClient>

/** Values for the parameters of a thing, as `--with note=November` gives them. */
export type With = ValueRecord

export interface RemoteApi {
  /** The profile's name. */
  readonly name: string
  /**
   * The client to give to programs in place of `PoliteHttp`: requests to the API get its headers and session, are held to its limits,
   * and are sent again with a new session when the API says so. Requests to other hosts get none of that but the limits.
   */
  readonly http: PoliteHttp["Service"]
  /** What the profile says of work at once. */
  readonly limits: Limits
  /** Prepares a list; `args` in the order of the profile. Asks the API when a name must become an id. */
  readonly list: (name: string, args?: ReadonlyArray<string>, given?: With) => Sending<ListPlan>
  readonly operation: (name: string) => Effect.Effect<Operation, RemoteApiError>
  readonly workflow: (name: string) => Effect.Effect<Workflow, RemoteApiError>
  readonly download: (name: string) => Effect.Effect<Download, RemoteApiError>
}

export interface Limits {
  /** Lists, or pages of one, that are read at once; `undefined` when the profile does not say. */
  readonly lists: number | undefined
  /** Remote workflows that are under way at once. */
  readonly workflows: number | undefined
}

/** How a list is read: by its pages, or from several lists that are merged. */
export type ListPlan = PagedList | MergedList

/** One list of the API. `Pagination` takes it as its `List`, as it is. */
export interface PagedList {
  readonly _tag: "Paged"
  readonly name: string
  /** Of the first page; sent by {@link RemoteApi.http}. */
  readonly request: Request
  /** As `Pagination.Style`; absent when it is to be seen from the first answer. */
  readonly style?: Paging | undefined
  readonly rows?: string | undefined
  readonly id?: string | undefined
  readonly total?: string | undefined
  /** Rows of every page but the last. */
  readonly size?: number | undefined
  readonly inclusive?: boolean | undefined
  /** Makes of a row what the profile shows of it; `undefined` for one that is left out. */
  readonly show: (row: Value) => Effect.Effect<Value | undefined, RemoteApiError>
  /** Adds what only another request tells; takes and gives rows as the API has them, before {@link show}. */
  readonly hydrate?: ((row: Value) => Sending<Value>) | undefined
}

export type Paging =
  | { readonly _tag: "Page"; readonly parameter: string; readonly first: number }
  | { readonly _tag: "Offset"; readonly parameter: string }
  | { readonly _tag: "Cursor"; readonly parameter: string; readonly path: string | undefined }
  | { readonly _tag: "NextUrl"; readonly path: string }
  | { readonly _tag: "Link" }
  | { readonly _tag: "Single" }

/** Several lists as one. Rows of the same id are one row: the first one, with the lists in {@link combine} put together. */
export interface MergedList {
  readonly _tag: "Merged"
  readonly name: string
  readonly parts: ReadonlyArray<
    | { readonly _tag: "List"; readonly list: Sending<ListPlan> }
    /** One list for each row of another one, as the API has it; `undefined` for a row that is left out. */
    | {
      readonly _tag: "Each"
      readonly of: Sending<ListPlan>
      readonly list: (row: Value) => Sending<ListPlan | undefined>
    }
  >
  /** The field that tells rows apart. */
  readonly by: string
  /** Fields that hold lists: those of all rows of an id are put together. */
  readonly combine: ReadonlyArray<string>
}

/** A place where a remote workflow can be watched: `pantheon:workflow SITE/ID`. */
export interface Handle {
  /** The workflow's kind in the profile. */
  readonly workflow: string
  /** What it belongs to: one request tells of all workflows of one parent. */
  readonly parent: string
  readonly id: string
  /** As it is given to `skein wait`: `{site}/{id}`. */
  readonly text: string
}

/** Something that can be done to one target. */
export interface Operation {
  readonly name: string
  readonly summary: string
  /** How a target is written, such as `{site}.{env}`. */
  readonly target: string
  readonly parameters: ReadonlyArray<Parameter>
  /** It takes away what cannot be brought back: to be confirmed. */
  readonly destructive: boolean
  /** Doing it twice equals once. */
  readonly idempotent: boolean
  /** The kind of workflow that it starts. */
  readonly starts: string | undefined
  /** Reads a target and parameters, and turns names into ids. Nothing is changed yet. */
  readonly prepare: (target: string, given?: With) => Sending<Call>
}

export interface Parameter {
  readonly name: string
  readonly summary: string
  /** It must be given. */
  readonly required: boolean
  /** What it is when it is not given; absent when that depends on other values. */
  readonly default?: Value | undefined
  readonly choices?: ReadonlyArray<string> | undefined
}

/** An operation on one target, ready to be done. */
export interface Call {
  /** The target as it was given. */
  readonly target: string
  /** One line for the plan: what it would do. */
  readonly plan: string
  /** `POST https://...` of each request, in order, without secrets. */
  readonly requests: ReadonlyArray<string>
  readonly idempotent: boolean
  readonly destructive: boolean
  /**
   * Does it: request after request, each but once unless it is idempotent. When the answer to a start is lost, the one remote workflow
   * that it must have started is adopted. When there is none or are several, an idempotent one is sent again; another fails with `Lost`.
   */
  readonly run: Sending<Done>
  /**
   * What such a call must have started since (milliseconds since 1970), for one whose end was not seen: the one workflow of each of its
   * requests; none unless that is sure of all of them.
   */
  readonly started: (since: number) => Sending<ReadonlyArray<Handle>>
}

export interface Done {
  /** What the profile shows of the answer. */
  readonly result: Value
  /** What it started, to be waited for. */
  readonly handles: ReadonlyArray<Handle>
  /** True when a lost answer was replaced by the workflow that was found. */
  readonly adopted: boolean
}

/** A kind of remote workflow. */
export interface Workflow {
  readonly name: string
  readonly summary: string
  /** How a handle is written, such as `{site}/{id}`. */
  readonly handle: string
  /** Reads a handle as a user gives it; turns names into ids. */
  readonly parse: (handle: string) => Sending<Handle>
  /** How the workflows of one parent are: `poll` of `WorkflowWait`. Those that are not there are left out. */
  readonly poll: (parent: string, ids: ReadonlyArray<string>) => Sending<ReadonlyMap<string, Seen>>
  /** Waits between looks; the profile's, if it has some. */
  readonly intervals: ReadonlyArray<Duration.Duration> | undefined
  /**
   * What has such workflows, as a user writes it: the site of `{site}/{id}`. Turns names into ids. Fails with `Invalid` when the API only
   * tells of single ones.
   */
  readonly owner: (text: string) => Sending<Owner>
}

/** What workflows belong to. */
export interface Owner {
  readonly text: string
  /** Those of its workflows that one request tells of, by id. */
  readonly all: Sending<ReadonlyMap<string, Seen>>
  /** How one of them is given to `skein wait`. */
  readonly handle: (id: string) => string
}

/** As `WorkflowWait.Seen`. */
export interface Seen {
  readonly state: "running" | "done" | "failed" | "unknown"
  readonly text: string
  /** What it does and to what. */
  readonly about?: string | undefined
  /** From 0 to 1. */
  readonly progress?: number | undefined
  readonly message?: string | undefined
}

/** A kind of files. */
export interface Download {
  readonly name: string
  readonly summary: string
  /** How a target is written, such as `{site}.{env}`. */
  readonly target: string
  /** What `--elements` may name; empty when files have no elements. */
  readonly elements: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<Parameter>
  /** The files of a target, in the order of the API. Fails with `NotFound` when there is none. */
  readonly files: (target: string, options?: {
    /** @default all */
    readonly elements?: ReadonlyArray<string> | undefined
    readonly with?: With | undefined
  }) => Sending<ReadonlyArray<RemoteFile>>
}

export interface RemoteFile {
  /** The target as it was given. */
  readonly target: string
  readonly element: string | undefined
  /** As the API calls it; it may hold what a file name must not. */
  readonly name: string
  readonly size: number | undefined
  readonly md5: string | undefined
  /** Makes the request of the file's content. A URL that expires is minted anew each time: call it just before it is sent. */
  readonly request: Sending<Request>
  /** How long a minted URL may be used; absent when for ever. */
  readonly lasts: Duration.Duration | undefined
}
