/** Paths with holes, whose values cannot leave their place: `sites/${site}` with a slash in the site has two parts all the same. */
import { Result } from "effect"
import type { Problem } from "../core/SourceText.ts"
import * as Code from "../scenario/compile/Code.ts"
import type * as Expression from "../scenario/expression/Expression.ts"
import * as Template from "../scenario/expression/Template.ts"
import * as Text from "../scenario/expression/Text.ts"
import type * as Node from "../scenario/read/Node.ts"

/** Compiles a text in which the value of each hole is percent-encoded. Problems are added to `problems`. */
export const encoded = (node: Node.Node, problems: Array<Problem>): Code.Code =>
  Code.template(node, "native", problems, (text) =>
    Result.map(Template.parse(text), (template) =>
      // The empty text keeps a path that is one hole a text.
      Template.make(text, ["", ...template.parts.map((part) => typeof part === "string" ? part : encode(part))])))

const encode = (hole: Expression.Expression): Expression.Expression => {
  const write = (run: Expression.Expression["run"]): Expression.Expression["run"] => (names, machine) =>
    segment(Text.write(run(names, machine)))
  return {
    ...hole,
    constant: hole.constant === undefined ? undefined : segment(Text.write(hole.constant)),
    run: write(hole.run)
  }
}

/** A value of dots alone would climb. */
const segment = (text: string): string => /^\.+$/.test(text) ? text.replaceAll(".", "%2E") : encodeURIComponent(text)
