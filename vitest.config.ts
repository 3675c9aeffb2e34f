import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { defineConfig } from "vitest/config"

const live = process.env["SKEIN_LIVE"] === "1"
/** Random tests go on for longer. */
const soak = process.env["SKEIN_SOAK"] === "1"
/** Where to leave a report for a machine, beside the one on the terminal. */
const report = process.env["SKEIN_TEST_REPORT"]

const include = live ? ["test/**/*.live.test.ts"] : ["test/**/*.test.ts", "examples/**/*.test.ts"]
const exclude = live ? [] : ["test/**/*.live.test.ts"]

/** Files that start the command as a process. It is built for these, and once. */
const starting = globSync(include, { exclude })
  .filter((file) => readFileSync(file, "utf8").includes("/commandLine.ts\""))

export default defineConfig({
  // What examples and pages import from "skein" are the sources, not the last build.
  ssr: { resolve: { conditions: ["skein:source", "module", "node", "development|production"] } },
  test: {
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    pool: "threads",
    maxWorkers: 2,
    // Modules keep no state that tests could share; to load Effect again for every file took a third of the time.
    isolate: false,
    // Processes that tests start from the sources load these in half the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache/compiled") },
    ...(soak ? { setupFiles: ["test/support/soak.ts"] } : {}),
    testTimeout: soak ? 600_000 : 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "command", include: starting, globalSetup: ["test/support/builtCommand.ts"] } },
      { extends: true, test: { name: "parts", include, exclude: [...exclude, ...starting] } }
    ]
  }
})
