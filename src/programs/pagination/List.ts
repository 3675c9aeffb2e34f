/** A list of a remote API, as it is told to `Pagination`. */
import type { Request } from "../../services/HttpExchange.ts"
import type { Path } from "./PageBody.ts"
import type { Style } from "./Style.ts"

/** Only the request has to be told; the rest is seen from the first answer. */
export interface List {
  /** The request of the first page. */
  readonly request: Request
  readonly style?: Style | undefined
  /** Where the rows are in the body: names between dots, empty for the body itself. */
  readonly rows?: Path | undefined
  /** The field that tells rows apart. */
  readonly id?: string | undefined
  /** Where the body says how many rows there are in all; `false` when what looks like it is something else. */
  readonly total?: Path | false | undefined
  /** Rows of every page but the last. @default the `limit` of the request, when the first page has as many */
  readonly size?: number | undefined
  /** The cursor of a page is a row's id, and that row comes again. @default seen, where the id is the cursor */
  readonly inclusive?: boolean | undefined
}
