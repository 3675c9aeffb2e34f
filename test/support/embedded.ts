/** The embedded Postgres for tests, with its snapshot in a cache folder that all test files share. */
import { tmpdir } from "node:os"
import { join } from "node:path"

export const entry = new URL("../../src/worker.ts", import.meta.url)
export const cacheFolder = join(tmpdir(), "skein-test-cache")
