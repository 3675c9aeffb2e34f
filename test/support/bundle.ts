/** Bundles the command line, and the scripts that tests start, into the folder of the first argument. */
import { buildCommands } from "../../scripts/bundle.ts"

const scripts = ["documentWriter", "downloader", "journalWriter", "messageWriter", "streamReader"]

await buildCommands(
  process.argv[2]!,
  Object.fromEntries(scripts.map((name) => [name, `test/support/${name}.ts`]))
)
