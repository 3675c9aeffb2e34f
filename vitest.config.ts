import { defineConfig } from "vitest/config"

const live = process.env["SKEIN_LIVE"] === "1"

export default defineConfig({
  test: {
    include: live ? ["test/**/*.live.test.ts"] : ["test/**/*.test.ts"],
    exclude: live ? [] : ["test/**/*.live.test.ts"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000
  }
})
