/** The last part of the HTML report's script: header, filters, the list (only the rows in view exist), keys, and the start. */
export const text = String.raw`
const rowHeight = 46
const state = { status: "all", query: "", sort: "problems", picked: undefined, rows: [] }
const list = $("list")
const rowsBox = $("rows")
const search = $("search")
const longest = Math.max(1, ...cases.map((one) => one.duration))
const severity = Object.fromEntries(statuses.map((status, i) => [status, i]))

const orders = {
  problems: (a, b) => severity[a.status] - severity[b.status] || a.index - b.index,
  file: (a, b) => a.index - b.index,
  slowest: (a, b) => b.duration - a.duration || a.index - b.index,
  start: (a, b) => a.start - b.start || a.index - b.index
}

const update = () => {
  const words = state.query.toLowerCase().split(/\s+/).filter((word) => word !== "")
  const found = cases.filter((one) =>
    (state.status === "all" || one.status === state.status) && words.every((word) => one.text.includes(word)))
  found.sort(orders[state.sort])
  state.rows = []
  let file
  for (const one of found) {
    if (state.sort === "file" && one.file !== file) state.rows.push({ head: one.file })
    file = one.file
    state.rows.push(one)
  }
  $("space").style.height = state.rows.length * rowHeight + "px"
  $("none").hidden = found.length > 0
  $("found").textContent = plural(found.length, "case") + " shown"
  for (const chip of document.querySelectorAll(".chip")) chip.setAttribute("aria-pressed", String(chip.dataset.status === state.status))
  renderRows()
}

const marked = (text) => {
  const lower = text.toLowerCase()
  const words = state.query.toLowerCase().split(/\s+/).filter((word) => word !== "")
  const found = words.map((word) => [lower.indexOf(word), word.length]).filter(([at]) => at !== -1).sort((a, b) => a[0] - b[0])
  // Some letters change their length in lower case; then places do not fit and nothing is marked.
  if (lower.length !== text.length) return [text]
  const parts = []
  let done = 0
  for (const [at, length] of found) {
    if (at < done) continue
    parts.push(text.slice(done, at), h("mark", {}, text.slice(at, at + length)))
    done = at + length
  }
  return [...parts, text.slice(done)]
}

const rowView = (one) => {
  if (one.head !== undefined) return h("div", { class: "head", role: "presentation" }, h("span", { class: "grow cut" }, one.head))
  const fill = h("i")
  fill.style.width = Math.max(3, one.duration / longest * 100) + "%"
  return h("div", {
    class: "row " + one.status, role: "option", id: "row-" + one.index, "aria-selected": one === state.picked,
    "aria-label": one.status + ": " + show(one.name), onclick: () => { select(one, false); document.body.classList.add("open") }
  },
    icon(one.status),
    h("div", { class: "grow" },
      h("div", { class: "name cut" }, marked(one.name || "(no name)")),
      h("div", { class: "sub cut" }, one.why && h("span", { class: "why" }, one.why + " · "), marked(one.file), ":" + one.line,
        one.tags.length > 0 && " · " + one.tags.map((tag) => "#" + tag).join(" "))),
    h("span", { class: "meter " + one.status }, fill),
    h("span", { class: "took" }, time(one.duration)))
}

const renderRows = () => {
  const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 8)
  const last = Math.min(state.rows.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 8)
  rowsBox.style.transform = "translateY(" + first * rowHeight + "px)"
  rowsBox.replaceChildren(...state.rows.slice(first, last).map(rowView))
  if (state.picked === undefined) list.removeAttribute("aria-activedescendant")
  else list.setAttribute("aria-activedescendant", "row-" + state.picked.index)
}

const reveal = (one) => {
  const at = state.rows.indexOf(one) * rowHeight
  if (at < 0) return
  if (at < list.scrollTop) list.scrollTop = at
  else if (at + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = at + rowHeight - list.clientHeight
}

const select = (one, scroll, dim = true) => {
  state.picked = one
  timeline.picked = one
  timeline.dim = dim
  if (scroll && !state.rows.includes(one)) {
    state.status = "all"
    state.query = search.value = ""
    update()
  }
  if (scroll) reveal(one)
  history.replaceState(null, "", "#" + encodeURIComponent(one.id.toWellFormed()))
  renderRows()
  drawTimeline()
  showDetails(one)
}

const searchFor = (text) => {
  state.query = search.value = text
  state.status = "all"
  document.body.classList.remove("open")
  update()
}

const move = (by) => {
  const only = state.rows.filter((row) => row.head === undefined)
  if (only.length === 0) return
  const at = only.indexOf(state.picked)
  select(only[at === -1 ? 0 : Math.max(0, Math.min(only.length - 1, at + by))], true)
}

const typing = (target) => target instanceof Element && target.matches("input, select, textarea")

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "Escape") {
    timeline.dim = false
    drawTimeline()
    if (document.body.classList.contains("open")) document.body.classList.remove("open")
    else { state.query = search.value = ""; update() }
    search.blur()
  } else if (typing(event.target)) {
    if (event.target === search && (event.key === "ArrowDown" || event.key === "Enter")) { event.preventDefault(); list.focus(); move(0) }
  } else if (event.key === "/") { event.preventDefault(); search.focus(); search.select() }
  else if (event.key === "j" || (event.key === "ArrowDown" && document.activeElement !== panel)) { event.preventDefault(); move(1) }
  else if (event.key === "k" || (event.key === "ArrowUp" && document.activeElement !== panel)) { event.preventDefault(); move(-1) }
  else if (event.key === "n") {
    const rows = state.rows.filter((row) => row.head === undefined)
    const next = rows.slice(rows.indexOf(state.picked) + 1).concat(rows).find((one) => isBad(one.status))
    if (next !== undefined) select(next, true)
  } else if (event.key === "PageDown" && document.activeElement === list) { event.preventDefault(); move(10) }
  else if (event.key === "PageUp" && document.activeElement === list) { event.preventDefault(); move(-10) }
  else if (event.key === "Enter" && document.activeElement === list) { document.body.classList.add("open"); panel.focus() }
})

const chips = $("chips")
for (const status of ["all", ...statuses]) {
  const n = status === "all" ? cases.length : cases.filter((one) => one.status === status).length
  if (n === 0 && status !== "all") continue
  chips.append(h("button", {
    class: "chip " + status, type: "button", "data-status": status, onclick: () => { state.status = status; list.scrollTop = 0; update() }
  }, status !== "all" && h("i"), status === "all" ? "All" : status[0].toUpperCase() + status.slice(1), h("b", {}, count(n))))
}
for (const status of statuses.slice().reverse()) {
  const n = cases.filter((one) => one.status === status).length
  if (n === 0) continue
  const part = h("i", { class: status, title: count(n) + " " + status })
  part.style.flexGrow = String(n)
  $("ratio").append(part)
}
$("started").textContent = new Date(data.started).toLocaleString()
if (cases.length === 0) $("timeline").hidden = true

startTheme(drawTimeline)
search.addEventListener("input", () => { state.query = search.value; list.scrollTop = 0; update() })
$("sort").addEventListener("change", (event) => { state.sort = event.target.value; list.scrollTop = 0; update() })
list.addEventListener("scroll", () => requestAnimationFrame(renderRows), { passive: true })
new ResizeObserver(() => { renderRows(); drawTimeline() }).observe(document.body)

update()
drawTimeline()
performance.mark("skein-first-row")
const wanted = (() => { try { return decodeURIComponent(location.hash.slice(1)) } catch { return "" } })()
const first = cases.find((one) => one.id.toWellFormed() === wanted) || state.rows.find((one) => one.head === undefined && isBad(one.status))
const open = () => first !== undefined && select(first, true, false)
// The details stand behind this script in the file, so that the list is there before they are read.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", open)
else open()
`
