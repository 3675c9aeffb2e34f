/** The embedded Postgres for tests. */
import { tmpdir } from "node:os"
import { join } from "node:path"

export const entry = new URL("../../src/worker.ts", import.meta.url)

/** `XDG_CACHE_HOME` of all tests and of what they start: one snapshot for all, also from one run to the next. */
export const cacheHome = join(tmpdir(), "skein-test-cache")
