/** Keeps two processes out of one folder. The lock of a process that is gone is taken over; `LockFile` says how. */
import { Effect, type Scope } from "effect"
import * as LockFile from "./LockFile.ts"
import * as ProcessIdentity from "./ProcessIdentity.ts"

/** Why a folder cannot be held: somebody else does, or its lock cannot be made. */
export type Refusal =
  | { readonly _tag: "Held"; readonly by: string }
  | { readonly _tag: "Disk"; readonly cause: unknown }

export const fileName = LockFile.fileName

/** Makes the folder when it is not there, and holds it until the scope closes. Two scopes of one process exclude each other too. */
export const hold = (folder: string): Effect.Effect<void, Refusal, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.flatMap(
      Effect.try({ try: () => LockFile.acquire(folder), catch: (cause): Refusal => ({ _tag: "Disk", cause }) }),
      (outcome) => "token" in outcome ? Effect.succeed(outcome) : Effect.fail(heldBy(outcome.holder))
    ),
    ({ token }) => Effect.sync(() => LockFile.release(folder, token))
  ))

const heldBy = (owner: LockFile.Owner): Refusal => ({
  _tag: "Held",
  by: owner === "unreadable" ? "somebody" : ProcessIdentity.describe(owner)
})
