/** Which requests may be sent twice: the one place that decides it, for connections that broke and for tries again. */

/** Methods that may be sent twice. @see https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])

/** Whether doing a request twice is as good as once: by its method, or because an `Idempotency-Key` lets the server see it. */
export const isRepeatable = (request: {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}): boolean =>
  idempotent.has((request.method ?? "GET").toUpperCase()) ||
  Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === "idempotency-key")
