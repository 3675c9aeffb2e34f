import { defineConfig } from "vitest/config"

const live = process.env["SKEIN_LIVE"] === "1"
/** Random tests go on for longer. */
const soak = process.env["SKEIN_SOAK"] === "1"
/** Where to leave a report for a machine, beside the one on the terminal. */
const report = process.env["SKEIN_TEST_REPORT"]

export default defineConfig({
  // What examples and pages import from "skein" are the sources, not the last build.
  ssr: { resolve: { conditions: ["skein:source", "module", "node", "development|production"] } },
  test: {
    include: live ? ["test/**/*.live.test.ts"] : ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: live ? [] : ["test/**/*.live.test.ts"],
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    pool: "threads",
    maxWorkers: 2,
    ...(soak ? { setupFiles: ["test/support/soak.ts"] } : {}),
    testTimeout: soak ? 600_000 : 60_000,
    hookTimeout: 60_000
  }
})
