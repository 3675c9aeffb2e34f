/**
 * The part of the HTML report's script that reads the data and formats it.
 *
 * The parts (`Elements`, `Base`, `Timeline`, `Details`, `List`) are texts that `Html.ts` joins in one function, in that order.
 */
export const text = String.raw`
const data = JSON.parse($("index").textContent)
const statuses = ["failed", "error", "interrupted", "flaky", "skipped", "passed"]
const cases = data.cases.map(([id, name, file, line, suite, tags, status, duration, start, why], index) => ({
  index, id, name, file, line, suite, tags, status, duration, start, why,
  text: [name, id, file, suite, why, tags.join(" ")].join("\n").toLowerCase()
}))

const parsed = new Map()
const detailsOf = (index) => {
  const chunk = Math.floor(index / data.chunk)
  if (!parsed.has(chunk)) parsed.set(chunk, JSON.parse($("details-" + chunk).textContent))
  return parsed.get(chunk)[index % data.chunk]
}

const paths = {
  passed: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm3.8 6.3-4.4 4.6a.9.9 0 0 1-1.3 0L4.2 9a.9.9 0 1 1 1.3-1.2l1.2 1.2 3.8-4a.9.9 0 1 1 1.3 1.3Z",
  failed: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm3.1 10a.8.8 0 1 1-1.1 1.1L8 9.1l-2 2A.8.8 0 1 1 4.9 10l2-2-2-2A.8.8 0 1 1 6 4.9l2 2 2-2A.8.8 0 1 1 11.1 6l-2 2 2 2Z",
  error: "M8.9.7a1 1 0 0 0-1.8 0L.2 13.5A1 1 0 0 0 1.1 15h13.8a1 1 0 0 0 .9-1.5L8.9.7ZM7.2 5.5a.8.8 0 0 1 1.6 0v4a.8.8 0 0 1-1.6 0v-4ZM8 13a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z",
  skipped: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm3.5 8.8h-7a.8.8 0 0 1 0-1.6h7a.8.8 0 0 1 0 1.6Z",
  flaky: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm4 7.5c-.7 1.5-1.7 2.3-2.9 2.3-1 0-1.6-.6-2.2-1.2-.4-.5-.7-.8-1-.8-.4 0-.8.5-1.1 1.2a.8.8 0 1 1-1.5-.7c.7-1.5 1.6-2.1 2.6-2.1s1.7.7 2.2 1.3c.4.5.7.7 1 .7.5 0 1-.4 1.4-1.4a.8.8 0 1 1 1.5.7Z",
  interrupted: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm-1.5 10.5a.8.8 0 0 1-1.6 0v-5a.8.8 0 0 1 1.6 0v5Zm4.6 0a.8.8 0 0 1-1.6 0v-5a.8.8 0 0 1 1.6 0v5Z"
}
const icon = (status) => svg(paths[status], "icon " + status)

const time = (ms) => {
  if (ms < 1) return "0ms"
  if (ms < 1000) return Math.round(ms) + "ms"
  if (ms < 60000) return Number((ms / 1000).toFixed(ms < 10000 ? 2 : 1)) + "s"
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return Math.floor(seconds / 60) + "m" + (seconds % 60 ? " " + seconds % 60 + "s" : "")
  const minutes = Math.round(seconds / 60)
  return Math.floor(minutes / 60) + "h" + (minutes % 60 ? " " + minutes % 60 + "m" : "")
}
`
