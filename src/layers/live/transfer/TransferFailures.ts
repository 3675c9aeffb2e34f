/** Failures of a transfer, from what sockets and disks said. */
import { FileTransferError } from "../../../services/FileTransfer.ts"
import * as Failure from "../../../services/http/Failure.ts"
import { PrivateAddress } from "../PublicAddresses.ts"
import { Surplus } from "./DiskWriter.ts"
import * as PartFolder from "./PartFolder.ts"

/** Failures that another try does not mend. */
const final: ReadonlySet<Failure.Reason> = new Set(["InvalidUrl", "InvalidHeader", "Tls"])

/** Of a request, by what its driver threw. `host` is `name:port`. */
export const fromNetwork = (cause: unknown, host: string): FileTransferError => {
  if (cause instanceof FileTransferError) return cause
  const refusal = privateAddress(cause)
  if (refusal !== undefined) {
    return new FileTransferError({ reason: "Private", message: `${host} was not asked: ${refusal.message}`, cause })
  }
  const { detail, hint, reason } = Failure.fromCause(cause, host)
  return new FileTransferError({
    reason: final.has(reason) ? "Unsendable" : "Network",
    message: detail,
    ...(hint === undefined ? {} : { hint }),
    cause
  })
}

/** Of a body on its way from a host to a part. */
export const fromBody = (cause: unknown, host: string, path: string): FileTransferError => {
  if (cause instanceof Surplus) {
    return new FileTransferError({ reason: "TooLong", message: `${host} sends more bytes than allowed` })
  }
  const isDisk = cause instanceof Error && "syscall" in cause && cause.syscall === "write" && !("address" in cause)
  return isDisk ? PartFolder.fromSystem(cause, path) : fromNetwork(cause, host)
}

/** It may be the cause of a cause. */
const privateAddress = (cause: unknown): PrivateAddress | undefined => {
  for (let error = cause, deep = 0; error instanceof Error && deep < 8; error = error.cause, deep++) {
    if (error instanceof PrivateAddress) return error
  }
  return undefined
}
