/** The report formats of a comparison, by name and by extension. */
import { Effect } from "effect"
import type { Comparison } from "../compare/Comparison.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as CompareHtml from "./CompareHtml.ts"
import * as CompareMarkdown from "./CompareMarkdown.ts"

export interface Format {
  readonly name: string
  readonly extension: string
  /** The runs of both sides are those of the comparison, in their order. */
  readonly write: (
    comparison: Comparison,
    before: ReadonlyArray<LoadResult>,
    after: ReadonlyArray<LoadResult>
  ) => Effect.Effect<string>
}

export const formats: ReadonlyArray<Format> = [
  {
    name: "json",
    extension: "json",
    write: (comparison) => Effect.succeed(`${JSON.stringify(comparison)}\n`)
  },
  { name: "html", extension: "html", write: CompareHtml.write },
  {
    name: "markdown",
    extension: "md",
    write: (comparison) => Effect.sync(() => CompareMarkdown.write(comparison))
  }
]
