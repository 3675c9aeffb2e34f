/** The report itself as one JSON document: `skein run --format json`, and what `skein report merge` reads. */
import type { Report } from "./Report.ts"

/** Returns the report as one line of JSON. Lone surrogates are written as escapes, so the text is always valid UTF-8. */
export const write = (report: Report): string => `${JSON.stringify(report)}\n`
