/** The part of the HTML report's script that shows one case: what went wrong, its steps, what they exchanged, what ran beside it. */
export const text = String.raw`
const panel = $("details")

const copyButton = (text, label) => {
  const button = h("button", { class: "plain copy", type: "button", onclick: () => {
    const done = () => { button.textContent = "Copied"; setTimeout(() => button.textContent = label, 1500) }
    const byHand = () => {
      const area = h("textarea", { readonly: true })
      area.value = text
      document.body.append(area)
      area.select()
      document.execCommand("copy")
      area.remove()
      done()
    }
    if (navigator.clipboard === undefined) byHand()
    else navigator.clipboard.writeText(text).then(done, byHand)
  } }, label)
  return button
}

const isMarked = (line) => line !== undefined && /^\s*\|\s*\^/.test(line)
const frameView = (frame) => frame.split("\n").map((line, i, all) =>
  h("span", { class: isMarked(line) ? "hot" : isMarked(all[i + 1]) ? "" : "dim" }, line + "\n"))

const failureView = (failure) =>
  h("div", { class: "failure " + (failure.kind === "error" ? "error" : "failed") },
    h("div", { class: "msg" }, failure.message || failure.reason),
    failure.location && h("div", { class: "mono dim" }, failure.location.file + ":" + failure.location.line + ":" + failure.location.column),
    failure.frame && h("pre", {}, frameView(failure.frame)),
    failure.values && failure.values.length > 0 &&
      h("table", {}, failure.values.map((one) => h("tr", {}, h("td", {}, one.expression), h("td", {}, one.value)))),
    failure.hint && h("div", { class: "hint" }, h("b", {}, "Hint "), failure.hint))

const pretty = (text) => {
  if (text.length > 200000 || !/^\s*[[{]/.test(text)) return text
  // Numbers beyond 2^53 would change, so such a body stays as it came.
  if (/\d{16}/.test(text)) return text
  try { return JSON.stringify(JSON.parse(text), null, 2) } catch { return text }
}

const messageView = (title, message, open) => {
  const headers = Object.entries(message.headers)
  if (headers.length === 0 && !message.body) return undefined
  return h("details", { class: "part", open },
    h("summary", {}, title + " · " + plural(headers.length, "header") + (message.body ? " · body" : "")),
    headers.length > 0 && h("table", {}, headers.map(([key, value]) => h("tr", {}, h("td", {}, key), h("td", {}, value)))),
    message.body && h("pre", { class: "wrap" }, pretty(message.body)))
}

const attachmentView = (one, open) => {
  if (one._tag === "Http") {
    const { request, response } = one
    return h("div", { class: "exchange" },
      h("div", { class: "top" },
        h("b", {}, request.method), h("span", { class: "grow cut", title: show(request.url) }, request.url),
        response
          ? h("span", { class: "code" + (response.status >= 400 ? " bad" : "") }, response.status)
          : h("span", { class: "dim" }, "no response"),
        response && h("span", { class: "dim" }, time(response.duration_ms)),
        one.insecure && h("span", { class: "tag" }, "certificate not checked"),
        copyButton(one.curl, "Copy as curl")),
      messageView("Request", request, open),
      response && messageView("Response", response, open))
  }
  if (one._tag === "Sql") {
    return h("div", { class: "exchange" },
      h("div", { class: "top" }, h("b", {}, "SQL"),
        h("span", { class: "grow dim" }, one.rows === undefined ? "" : plural(one.rows, "row")),
        h("span", { class: "dim" }, time(one.duration_ms))),
      h("div", { class: "part" }, h("pre", { class: "wrap" }, one.statement),
        one.params.length > 0 && h("table", {}, one.params.map((value, i) => h("tr", {}, h("td", {}, "$" + (i + 1)), h("td", {}, value))))))
  }
  if (one._tag === "Operation") {
    return h("div", { class: "exchange" },
      h("div", { class: "top" }, h("b", {}, one.service + " " + one.operation),
        h("span", { class: "grow cut", title: show(one.target) }, one.target),
        one.received === undefined && h("span", { class: "dim" }, "no answer"),
        h("span", { class: "dim" }, time(one.duration_ms))),
      one.sent && h("details", { class: "part", open }, h("summary", {}, "Sent"), h("pre", { class: "wrap" }, pretty(one.sent))),
      one.received && h("details", { class: "part", open }, h("summary", {}, "Received"), h("pre", { class: "wrap" }, pretty(one.received))))
  }
  return h("details", { class: "fold", open }, h("summary", {}, one.name || "text"), h("pre", { class: "wrap" }, one.text))
}

const stepView = (step, one, open) => {
  const span = Math.max(1, one.duration_ms)
  const fill = h("i")
  const offset = Math.max(0, Date.parse(step.started_at) - Date.parse(one.started_at))
  fill.style.left = Math.min(98, offset / span * 100) + "%"
  fill.style.width = Math.min(100 - Math.min(98, offset / span * 100), step.duration_ms / span * 100) + "%"
  const body = () => [
    step.skip_reason && h("div", { class: "hint" }, h("b", {}, "Skipped "), step.skip_reason),
    step.failures.map(failureView),
    step.retries.map((retry) =>
      h("details", { class: "fold" }, h("summary", {}, "Attempt " + retry.attempt + " did not pass; next after " + time(retry.delay_ms)), failureView(retry.failure))),
    step.attachments.map((attachment) => attachmentView(attachment, open)),
    step.output && h("details", { class: "fold", open: step.attachments.length === 0 }, h("summary", {}, "Output"), h("pre", { class: "wrap" }, pretty(step.output))),
    step.logs.length > 0 && h("pre", { class: "wrap" }, step.logs.map((log) => log.text).join("\n")),
    h("div", { class: "mono dim hint" }, step.location.file + ":" + step.location.line + ":" + step.location.column + " · " + step.id)
  ]
  const inside = h("div", { class: "inside" })
  const fillIn = () => inside.childNodes.length === 0 && inside.append(...body().flat(3).filter((child) => child instanceof Node))
  if (open) fillIn()
  return h("details", { class: "step " + step.status, open, ontoggle: fillIn },
    h("summary", {}, icon(step.status),
      h("span", { class: "grow cut", title: show(step.name) }, step.name),
      step.continued && h("span", { class: "tag" }, "continued"),
      step.attempts > 1 && h("span", { class: "tag" }, plural(step.attempts, "attempt")),
      h("span", { class: "act cut" }, step.action),
      h("span", { class: "water " + step.status }, fill),
      h("span", { class: "took" }, time(step.duration_ms))),
    inside)
}

const isBad = (status) => status === "failed" || status === "error" || status === "interrupted"
const titles = { setup: "Setup", steps: "Steps", teardown: "Teardown" }

const stepsView = (one) => ["setup", "steps", "teardown"].map((phase) => {
  const steps = one.steps.filter((step) => step.phase === phase)
  if (steps.length === 0) return undefined
  const left = phase === "steps" && one.steps_left_out ? [h("p", { class: "dim" }, plural(one.steps_left_out, "passed step") + " left out of this report")] : []
  return [h("h3", {}, titles[phase]), ...steps.slice(0, 500).map((step) => stepView(step, one, isBad(step.status) && step.failures.length > 0)),
    steps.length > 500 && h("p", { class: "dim" }, plural(steps.length - 500, "more step") + " in the JSON report"), ...left]
})

const besideView = (one) => {
  const others = cases.filter((other) => other !== one && overlap(other, one))
  if (others.length === 0) return undefined
  return [h("h3", {}, "Ran beside"), h("div", { class: "beside" },
    others.slice(0, 12).map((other) => h("button", { class: "tag cut", type: "button", onclick: () => select(other, true) }, other.name)),
    others.length > 12 && h("span", { class: "dim" }, "and " + count(others.length - 12) + " more"))]
}

const showDetails = (picked) => {
  const one = detailsOf(picked.index)
  panel.replaceChildren(h("div", {},
    h("button", { class: "plain back", type: "button", onclick: () => document.body.classList.remove("open") }, "← All cases"),
    h("h2", {}, one.name || "(no name)"),
    h("div", { class: "facts2" },
      h("span", { class: "verdict " + one.status }, icon(one.status), one.status),
      h("span", { class: "mono" }, one.file + ":" + one.line),
      h("span", {}, time(one.duration_ms)),
      one.attempts > 1 && h("span", {}, plural(one.attempts, "attempt")),
      h("span", {}, new Date(one.started_at).toLocaleTimeString()),
      one.suite && h("span", {}, one.suite),
      one.tags.map((tag) => h("button", { class: "tag cut", type: "button", title: "Search for this tag", onclick: () => searchFor(tag) }, "#" + tag))),
    one.reason && h("div", { class: "reason " + one.status }, one.reason),
    one.failures.length > 0 && [h("h3", {}, "Outside of its steps"), one.failures.map(failureView)],
    stepsView(one),
    one.logs.length > 0 && [h("h3", {}, "Log"), h("pre", { class: "wrap" }, one.logs.map((log) => log.text).join("\n"))],
    one.earlier.length > 0 && [h("h3", {}, "Earlier attempts"), one.earlier.map((attempt) =>
      h("details", { class: "step " + attempt.status, open: one.status === "flaky" },
        h("summary", {}, icon(attempt.status), h("span", { class: "grow" }, "Attempt " + attempt.attempt), h("span", { class: "took" }, time(attempt.duration_ms))),
        h("div", { class: "inside" }, attempt.reason && h("div", { class: "hint" }, attempt.reason), attempt.failures.map(failureView),
          attempt.steps.map((step) => h("div", {}, h("h3", {}, step.name), step.failures.map(failureView), step.attachments.map((a) => attachmentView(a, false)))))))],
    besideView(picked)))
  panel.scrollTop = 0
}
`
