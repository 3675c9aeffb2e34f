/** Why a file was not downloaded. */
import { Schema } from "effect"
import type { FileTransferError } from "../../services/FileTransfer.ts"

/**
 * - `Name` it has no usable name, or that of another file of the same download
 * - `Exists` there is a file of that name that is not known to be the same
 * - `Source` its URL could not be had; `message` is that of whoever makes it
 * - `Network` no answer, or never a whole one, after all tries; `Unsendable` no try would do
 * - `Status` the server answers with an error, or sends a page to log in
 * - `Private` a redirect leads to an address of this machine or of a private network
 * - `Timeout` it was not there within the time for everything
 * - `Changed` the file on the server was another one each time
 * - `Mismatch` it is not what it should be, by size or checksum; it was deleted
 * - `TooLarge` it does not fit into what was allowed for all files
 * - `DiskFull`, `Permission`, `Disk`, `Link` it cannot be written
 * - `Busy` another process is downloading it
 */
export class DownloadError extends Schema.TaggedError<DownloadError>()("DownloadError", {
  reason: Schema.Literals([
    "Name",
    "Exists",
    "Source",
    "Network",
    "Unsendable",
    "Status",
    "Private",
    "Timeout",
    "Changed",
    "Mismatch",
    "TooLarge",
    "DiskFull",
    "Permission",
    "Disk",
    "Link",
    "Busy"
  ]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** Of the last answer. */
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export const fromTransfer = (error: FileTransferError): DownloadError =>
  new DownloadError({
    reason: error.reason === "TooLong" ? "TooLarge" : error.reason,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })
