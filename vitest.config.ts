import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { cacheHome } from "./test/support/embedded.ts"

const live = process.env["SKEIN_LIVE"] === "1"
/** Random tests go on for longer. */
const soak = process.env["SKEIN_SOAK"] === "1"
/** Where to leave a report for a machine, beside the one on the terminal. */
const report = process.env["SKEIN_TEST_REPORT"]

/** These take longest, so they begin first: the last ones to end are short. */
const long = [
  "cli/batch",
  "docs/walkthrough",
  "reliability/kills",
  "cli/examples",
  "package",
  "docs/blocks",
  "cli/loadFiles",
  "layers/PglitePostgres",
  "cli/paginate"
]

class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return at < 0 ? long.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  // What examples and pages import from "skein" are the sources, not the last build.
  ssr: { resolve: { conditions: ["skein:source", "module", "node", "development|production"] } },
  test: {
    include: live ? ["test/**/*.live.test.ts"] : ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: live ? [] : ["test/**/*.live.test.ts"],
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Modules keep no state that tests could share; to load Effect again for every file took a third of the time.
    isolate: false,
    env: {
      // Processes that tests start from the sources load these in half the time.
      NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache/compiled"),
      // The snapshot of the embedded Postgres takes seconds to make: once is enough.
      XDG_CACHE_HOME: cacheHome
    },
    globalSetup: ["test/support/builtCommand.ts"],
    ...(soak ? { setupFiles: ["test/support/soak.ts"] } : {}),
    testTimeout: soak ? 600_000 : 120_000,
    hookTimeout: 120_000
  }
})
