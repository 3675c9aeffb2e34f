/** Under `npm run soak`: random tests that do not say how often they run, run so often. */
import { configureGlobal } from "fast-check"

configureGlobal({ numRuns: 3_000 })
