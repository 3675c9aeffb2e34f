/** The embedded Postgres for tests, with its snapshot in a cache folder that all test files share. */
import { tmpdir } from "node:os"
import { join } from "node:path"

export const entry = new URL("../../src/worker.ts", import.meta.url)

/** For `XDG_CACHE_HOME`, where a test cannot say `cacheFolder`. */
export const cacheHome = join(tmpdir(), "skein-test-cache")
export const cacheFolder = join(cacheHome, "skein")
