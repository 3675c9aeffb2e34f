/** The API that the Robogo files of `test/fixtures/robogo` talk to. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"

/** Answers as each of the paths says; counts are its own. */
export const listener = (): RequestListener => {
  const counts = new Map<string, number>()
  const count = (key: string): number => {
    const next = (counts.get(key) ?? 0) + 1
    counts.set(key, next)
    return next
  }
  return (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => answer(request, Buffer.concat(chunks).toString("utf8"), response, count))
  }
}

const answer = (request: IncomingMessage, body: string, response: ServerResponse, count: (key: string) => number) => {
  const url = new URL(request.url ?? "/", "http://localhost")
  const [first = "", second = ""] = url.pathname.slice(1).split("/")
  const json = (value: unknown, status = 200): void => {
    response.writeHead(status, { "content-type": "application/json", "x-served-by": "mock" })
    response.end(JSON.stringify(value))
  }
  const text = (type: string, value: string): void => {
    response.writeHead(200, { "content-type": type })
    response.end(value)
  }
  switch (first) {
    case "users":
      return json(
        second === "" ? [{ id: 1, name: "Ada" }, { id: 2, name: "Grace" }] : { id: Number(second), name: "Ada" }
      )
    case "anything":
      return json({ method: request.method, headers: request.headers, data: body, json: parsed(body) })
    case "status":
      return json({ status: Number(second) }, Number(second))
    case "redirect":
      response.writeHead(302, { location: "/users/7" })
      return response.end()
    case "flaky": {
      const tries = count(`flaky ${second}`)
      const fails = tries <= Number(url.searchParams.get("fail") ?? 0)
      return json({ tries }, fails ? Number(url.searchParams.get("status") ?? 503) : 200)
    }
    case "count":
      return json({ count: count(`count ${second}`) })
    case "delay":
      return void setTimeout(() => json({ waited: Number(second) }), Number(second))
    case "login":
      return json({ token: `t-${count("login")}` })
    case "logout":
      return json({ logins: count("login") - 1 })
    case "xml":
      return text("application/xml", "<order><item sku=\"A1\"/><item sku=\"B2\"/></order>")
    case "csv":
      return text("text/csv", "name,age\nAda,36\n")
    default:
      return json({ error: "not found" }, 404)
  }
}

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
