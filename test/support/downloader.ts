/** Downloads a URL into a folder, to be killed at any moment: `node downloader.ts URL FOLDER`. */
import { Duration, Effect } from "effect"
import * as SocketFileTransfer from "../../src/layers/live/SocketFileTransfer.ts"
import * as Download from "../../src/programs/Download.ts"

const [url = "", folder = ""] = process.argv.slice(2)
const [result] = await Effect.runPromise(
  Download.all([{ label: url, request: Effect.succeed({ url }) }], {
    folder,
    smallestRange: 1_000_000,
    rememberEvery: Duration.millis(10),
    limits: { requestsPerSecond: Infinity }
  }).pipe(Effect.provide(SocketFileTransfer.layer()))
)
if (result?._tag === "Failed") throw result.error
console.log(result?.resumed)
