/**
 * The part of the script of the load reports that draws: lines over time that share a cursor and a zoom, a heat map, a distribution, a
 * percentile plot.
 */
export const text = String.raw`
const svgns = "http://www.w3.org/2000/svg"
const s = (tag, props, ...children) => {
  const element = document.createElementNS(svgns, tag)
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === false) continue
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, String(value))
  }
  for (const child of children.flat(4)) if (child) element.append(child instanceof Node ? child : String(child))
  return element
}

const digits = (value) => {
  const size = Math.abs(value)
  return size >= 99.95 ? count(Math.round(value)) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}
const ms = (value) => {
  if (value === 0) return "0ms"
  if (value < 0.9995) return digits(value * 1000) + "us"
  if (value < 999.5) return digits(value) + "ms"
  return value < 59995 ? digits(value / 1000) + "s" : clock(value / 1000)
}
const tidy = (text) => text.replace(/(\.\d*?)0+(?=[a-z/]|$)/, "$1").replace(/\.(?=[a-z/]|$)/, "")
const clock = (seconds) => {
  const sign = seconds < 0 ? "-" : ""
  const all = Math.abs(Math.round(seconds))
  const two = (n) => String(n).padStart(2, "0")
  return sign + (all < 3600 ? Math.floor(all / 60) + ":" + two(all % 60)
    : Math.floor(all / 3600) + ":" + two(Math.floor(all / 60) % 60) + ":" + two(all % 60))
}
const percent = (ratio) => ratio === 0 || ratio === 1 ? ratio * 100 + "%"
  : ratio > 0 && ratio < 0.0001 ? "<0.01%" : Number((ratio * 100).toFixed(ratio < 0.01 || ratio > 0.99 ? 2 : 1)) + "%"
const share = (q) => Number((q * 100).toPrecision(Math.max(2, Math.ceil(-Math.log10(Math.max(1e-9, 1 - q))) + 1))) + "%"

const niceTicks = (from, to, wanted) => {
  const rough = Math.max(1e-9, (to - from) / wanted)
  const power = Math.pow(10, Math.floor(Math.log10(rough)))
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999)
  const result = []
  for (let i = Math.ceil(from / step); i * step <= to * 1.000001 && result.length < 60; i++) result.push(i * step)
  return result
}
const clockTicks = (from, to, wanted) => {
  const rough = (to - from) / wanted
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400].find((n) => n >= rough) || 86400
  const result = []
  for (let at = Math.ceil(from / step) * step; at <= to && result.length < 60; at += step) result.push(at)
  return result
}
const logTicks = (from, to) => {
  const result = []
  for (let e = Math.floor(Math.log10(from)) - 1; e <= Math.ceil(Math.log10(to)); e++)
    for (const n of to / from > 300 ? [1] : to / from > 20 ? [1, 3] : [1, 2, 5]) {
      const at = n * Math.pow(10, e)
      if (at >= from * 0.999 && at <= to * 1.001) result.push(at)
    }
  return result
}

/** A scale from values to places. */
const scale = (from, to, low, high, log) => {
  if (log) {
    const a = Math.log10(from), b = Math.log10(Math.max(to, from * 1.0001))
    return (value) => low + (Math.log10(Math.max(value, from)) - a) / (b - a) * (high - low)
  }
  const span = to - from || 1
  return (value) => low + (value - from) / span * (high - low)
}

const redraws = []
const redrawAll = () => { for (const draw of redraws) draw() }
let queued = false
const soon = () => {
  if (queued) return
  queued = true
  requestAnimationFrame(() => { queued = false; redrawAll() })
}
const margin = { left: 58, right: 14, top: 10, bottom: 22 }

const frame = (host, label, height) => {
  const legend = h("div", { class: "legend" })
  const plot = s("svg", { class: "plot", role: "img", "aria-label": label })
  plot.style.height = height + "px"
  host.append(legend, plot)
  return { legend, plot }
}
const key = (name, text, dashed) => h("span", { class: "key " + name + (dashed ? " dashed" : "") }, h("i"), text)

const axes = (plot, width, height, x, xTicks, xText, y, yTicks, yText) => {
  const right = width - margin.right, bottom = height - margin.bottom
  for (const tick of yTicks) {
    const at = Math.round(y(tick)) + 0.5
    plot.append(s("line", { class: "grid", x1: margin.left, x2: right, y1: at, y2: at }),
      s("text", { class: "axis", x: margin.left - 8, y: at + 4, "text-anchor": "end" }, yText(tick)))
  }
  for (const tick of xTicks) {
    const at = Math.round(x(tick)) + 0.5
    plot.append(s("line", { class: "tick", x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
      s("text", { class: "axis", x: at, y: bottom + 16, "text-anchor": at > right - 24 ? "end" : at < margin.left + 10 ? "start" : "middle" }, xText(tick)))
  }
  plot.append(s("line", { class: "base", x1: margin.left, x2: right, y1: bottom + 0.5, y2: bottom + 0.5 }))
}

/** The part of the time that all charts over time show, and where the cursor is. */
const view = { from: 0, to: 1, whole: [0, 1], hover: undefined, drag: undefined }

const overTime = (plot) => {
  const xOf = (event) => {
    const box = plot.getBoundingClientRect()
    const width = box.width - margin.left - margin.right
    return view.from + Math.min(1, Math.max(0, (event.clientX - box.left - margin.left) / width)) * (view.to - view.from)
  }
  plot.addEventListener("pointermove", (event) => { view.hover = xOf(event); if (view.drag !== undefined) view.drag.to = view.hover; soon() })
  plot.addEventListener("pointerleave", () => { view.hover = undefined; soon() })
  plot.addEventListener("pointerdown", (event) => { view.drag = { from: xOf(event), to: xOf(event) }; plot.setPointerCapture(event.pointerId) })
  plot.addEventListener("pointerup", () => {
    const drag = view.drag
    view.drag = undefined
    if (drag !== undefined && Math.abs(drag.to - drag.from) > (view.to - view.from) / 60)
      [view.from, view.to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]
    soon()
  })
  plot.addEventListener("dblclick", () => { [view.from, view.to] = view.whole; soon() })
}

const drawCursor = (plot, width, height, x) => {
  const bottom = height - margin.bottom
  if (view.drag !== undefined && view.drag.to !== view.drag.from) {
    const [a, b] = [x(Math.min(view.drag.from, view.drag.to)), x(Math.max(view.drag.from, view.drag.to))]
    plot.append(s("rect", { class: "drag", x: a, width: b - a, y: margin.top, height: bottom - margin.top }))
  } else if (view.hover !== undefined) {
    plot.append(s("line", { class: "cursor", x1: x(view.hover), x2: x(view.hover), y1: margin.top, y2: bottom }))
  }
}
const zero = (plot, x, height) => view.from < 0 && plot.append(
  s("rect", { class: "warmup", x: margin.left, y: margin.top, width: Math.max(0, x(0) - margin.left), height: height - margin.bottom - margin.top }),
  s("text", { class: "axis", x: margin.left + 6, y: margin.top + 12 }, "warm-up"))

/** Lines over time. "series" has { name, text, values, format, area, dashed }; several runs may each have their own "at". */
const timeChart = (host, { at, step = 1, height = 180, label, log = false, series, format, most }) => {
  // A value is of the time from "at" on, so it stands in the middle of it.
  const middle = (i) => at[i] + step / 2
  const { legend, plot } = frame(host, label, height)
  overTime(plot)
  redraws.push(() => {
    const width = plot.clientWidth
    if (width === 0) return
    plot.replaceChildren()
    const inside = []
    for (let i = 0; i < at.length; i++) if (at[i] >= view.from - 2 * step && at[i] <= view.to + step) inside.push(i)
    const values = series.flatMap((one) => inside.map((i) => one.values[i])).filter((value) => value !== undefined && (!log || value > 0))
    let top = Math.max(most || 0, ...values, 0) || 1
    let low = 0
    if (log) {
      low = Math.min(...values, top)
      low = Math.pow(10, Math.floor(Math.log10(low) * 3) / 3)
      top = top * 1.15
    } else top = top * 1.06
    const x = scale(view.from, view.to, margin.left, width - margin.right)
    const y = scale(low, top, height - margin.bottom, margin.top, log)
    axes(plot, width, height, x, clockTicks(view.from, view.to, Math.max(2, width / 90)), clock,
      y, log ? logTicks(low, top) : niceTicks(0, top, 4), (value) => tidy(format(value)))
    zero(plot, x, height)
    const clip = "clip" + redraws.length + Math.random().toString(36).slice(2)
    plot.append(s("clipPath", { id: clip }, s("rect", { x: margin.left, y: 0, width: Math.max(0, width - margin.left - margin.right), height: height - margin.bottom + 1 })))
    const inner = s("g", { "clip-path": "url(#" + clip + ")" })
    for (const one of series) {
      const points = inside.filter((i) => one.values[i] !== undefined).map((i) => [x(middle(i)).toFixed(1), y(Math.max(log ? low : 0, one.values[i])).toFixed(1)])
      if (points.length === 0) continue
      const path = points.map(([a, b], i) => (i === 0 ? "M" : "L") + a + " " + b).join("")
      if (one.area) inner.append(s("path", { class: "area " + one.name, d: path + "L" + points.at(-1)[0] + " " + y(low) + "L" + points[0][0] + " " + y(low) + "Z" }))
      inner.append(s("path", { class: "line " + one.name + (one.dashed ? " dashed" : ""), d: path }))
      if (points.length === 1) inner.append(s("circle", { class: "dot " + one.name, cx: points[0][0], cy: points[0][1], r: 3 }))
    }
    plot.append(inner)
    drawCursor(plot, width, height, x)
    const near = view.hover === undefined ? undefined : at.reduce((best, _, i) => Math.abs(middle(i) - view.hover) < Math.abs(middle(best) - view.hover) ? i : best, 0)
    if (near !== undefined) for (const one of series) {
      if (one.values[near] === undefined || middle(near) < view.from || middle(near) > view.to) continue
      plot.append(s("circle", { class: "dot " + one.name, cx: x(middle(near)), cy: y(Math.max(low, one.values[near])), r: 3 }))
    }
    legend.replaceChildren(...series.map((one) => h("span", { class: "item" }, key(one.name, one.text, one.dashed),
      near !== undefined && one.values[near] !== undefined && h("b", {}, (one.format || format)(one.values[near])))),
      near === undefined ? "" : h("span", { class: "when" }, clock(at[near])))
  })
}

/** How many responses took how long, when: the darker, the more. */
const heatChart = (host, heat, label) => {
  const height = 230
  const { legend, plot } = frame(host, label, height)
  overTime(plot)
  const most = heat.counts.reduce((a, column) => Math.max(a, ...column), 1)
  const bottomOf = (row) => Math.pow(10, heat.low + row / heat.perDecade)
  redraws.push(() => {
    const width = plot.clientWidth
    if (width === 0 || heat.rows === 0) return
    plot.replaceChildren()
    const x = scale(view.from, view.to, margin.left, width - margin.right)
    const y = scale(bottomOf(0), bottomOf(heat.rows), height - margin.bottom, margin.top, true)
    axes(plot, width, height, x, clockTicks(view.from, view.to, Math.max(2, width / 90)), clock, y, logTicks(bottomOf(0), bottomOf(heat.rows)), (value) => tidy(ms(value)))
    const cells = s("g", { class: "cells" })
    heat.counts.forEach((column, i) => {
      const a = Math.max(margin.left, x(heat.from + i * heat.seconds)), b = Math.min(width - margin.right, x(heat.from + (i + 1) * heat.seconds))
      if (b <= margin.left || a >= width - margin.right || b <= a) return
      column.forEach((n, row) => n > 0 && cells.append(s("rect", {
        x: a.toFixed(2), width: (b - a).toFixed(2), y: y(bottomOf(row + 1)).toFixed(2), height: (y(bottomOf(row)) - y(bottomOf(row + 1))).toFixed(2),
        "fill-opacity": (0.1 + 0.9 * Math.pow(n / most, 0.4)).toFixed(3)
      })))
    })
    plot.append(cells)
    drawCursor(plot, width, height, x)
    const at = view.hover === undefined ? undefined : heat.counts[Math.floor((view.hover - heat.from) / heat.seconds)]
    const all = at === undefined ? 0 : at.reduce((a, b) => a + b, 0)
    const top = at === undefined ? 0 : at.findLastIndex((n) => n > 0)
    legend.replaceChildren(h("span", { class: "item" }, h("span", { class: "ramp" }), "few to many responses"),
      at === undefined ? "" : h("span", { class: "when" }, clock(view.hover) + " · " + plural(all, "response") + (all > 0 ? ", the slowest below " + ms(bottomOf(top + 1)) : "")))
  })
}

/** How often which latency was seen. "runs" has { name, text, distribution }; the first is drawn as bars. */
const distributionChart = (host, { label, marks = [], runs }) => {
  const height = 230
  const { legend, plot } = frame(host, label, height)
  const total = (run) => run.distribution.bars.reduce((a, b) => a + b, 0)
  let hover
  plot.addEventListener("pointermove", (event) => { hover = event.clientX - plot.getBoundingClientRect().left; soon() })
  plot.addEventListener("pointerleave", () => { hover = undefined; soon() })
  redraws.push(() => {
    const width = plot.clientWidth
    const shown = runs.filter((run) => run.distribution.bars.length > 0)
    if (width === 0 || shown.length === 0) return
    plot.replaceChildren()
    const { perDecade } = shown[0].distribution
    const low = Math.min(...shown.map((run) => run.distribution.low))
    const high = Math.max(...shown.map((run) => run.distribution.low + run.distribution.bars.length / perDecade))
    const top = Math.max(...shown.map((run) => Math.max(...run.distribution.bars) / total(run)))
    const from = Math.pow(10, low), to = Math.pow(10, high)
    const x = scale(from, to, margin.left, width - margin.right, true)
    const y = scale(0, top * 1.12, height - margin.bottom, margin.top)
    axes(plot, width, height, x, logTicks(from, to), (value) => tidy(ms(value)), y, niceTicks(0, top * 1.12, 4), percent)
    const place = hover === undefined ? undefined : Math.floor((low + (hover - margin.left) / (width - margin.left - margin.right) * (high - low)) * perDecade + 1e-9)
    shown.forEach((run, n) => {
      const { bars, low: first } = run.distribution
      const all = total(run)
      const edge = (i) => x(Math.pow(10, first + i / perDecade))
      if (n === 0) bars.forEach((value, i) => value > 0 && plot.append(s("rect", {
        class: "bar " + run.name + (place === Math.round(first * perDecade) + i ? " hot" : ""), x: (edge(i) + 0.5).toFixed(2), width: Math.max(0.5, edge(i + 1) - edge(i) - 1).toFixed(2),
        y: Math.min(y(value / all), height - margin.bottom - 1).toFixed(2), height: Math.max(1, height - margin.bottom - y(value / all)).toFixed(2), rx: 1.5
      })))
      else plot.append(s("path", { class: "line " + run.name, d: bars.map((value, i) => (i === 0 ? "M" + edge(0) + " " + y(0) : "") +
        "L" + edge(i).toFixed(1) + " " + y(value / all).toFixed(1) + "L" + edge(i + 1).toFixed(1) + " " + y(value / all).toFixed(1)).join("") + "L" + edge(bars.length) + " " + y(0) }))
    })
    marks.forEach(([text, value], i) => {
      const at = x(value)
      const end = at > width - 90
      plot.append(s("line", { class: "mark", x1: at, x2: at, y1: margin.top, y2: height - margin.bottom }),
        s("text", { class: "marktext", x: at + (end ? -5 : 5), y: margin.top + 9 + i % 4 * 14, "text-anchor": end ? "end" : "start" }, text + " " + ms(value)))
    })
    const values = (run) => {
      const i = place === undefined ? -1 : place - Math.round(run.distribution.low * perDecade)
      return place === undefined ? undefined : h("b", {}, percent((run.distribution.bars[i] || 0) / total(run)))
    }
    legend.replaceChildren(...shown.map((run) => h("span", { class: "item" }, key(run.name, run.text), values(run))),
      place === undefined ? "" : h("span", { class: "when" }, ms(Math.pow(10, place / perDecade)) + " to " + ms(Math.pow(10, (place + 1) / perDecade))))
  })
}

/** Latency by the share of responses that were at least as fast; every further nine has the same room. */
const percentileChart = (host, { label, runs, log = true }) => {
  const height = 230
  const { legend, plot } = frame(host, label, height)
  const shown = runs.filter((run) => run.distribution.quantiles.length > 0)
  if (shown.length === 0) return
  const nines = (q) => -Math.log10(1 - Math.min(q, 1 - 1e-9))
  const most = Math.max(...shown.map((run) => nines(run.distribution.quantiles.at(-1)[0])))
  const values = shown.flatMap((run) => run.distribution.quantiles.map((point) => point[1])).filter((value) => value > 0)
  const low = Math.pow(10, Math.floor(Math.log10(Math.min(...values)) * 3) / 3), top = Math.max(...values) * 1.2
  let hover
  plot.addEventListener("pointermove", (event) => { hover = event.clientX - plot.getBoundingClientRect().left; soon() })
  plot.addEventListener("pointerleave", () => { hover = undefined; soon() })
  redraws.push(() => {
    const width = plot.clientWidth
    if (width === 0) return
    plot.replaceChildren()
    const x = scale(0, most, margin.left, width - margin.right)
    const y = scale(low, top, height - margin.bottom, margin.top, log)
    const ticks = [0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999].filter((q) => nines(q) <= most)
    // Every further nine first, then what there is room for between.
    const between = [0.5, 0.95, 0.75]
    const roomy = []
    for (const q of [...ticks.filter((q) => !between.includes(q)), ...between.filter((q) => ticks.includes(q))])
      if (roomy.every((other) => Math.abs(x(nines(other)) - x(nines(q))) > 34)) roomy.push(q)
    axes(plot, width, height, (q) => x(nines(q)), roomy, share, y, logTicks(low, top), (value) => tidy(ms(value)))
    for (const run of shown) plot.append(s("path", { class: "line " + run.name, d: run.distribution.quantiles.map(([q, value], i) => (i === 0 ? "M" : "L") + x(nines(q)).toFixed(1) + " " + y(value).toFixed(1)).join("") }))
    const at = hover === undefined ? undefined : Math.min(most, Math.max(0, (hover - margin.left) / (width - margin.left - margin.right) * most))
    const pointOf = (run) => run.distribution.quantiles.reduce((best, point) => Math.abs(nines(point[0]) - at) < Math.abs(nines(best[0]) - at) ? point : best)
    if (at !== undefined) for (const run of shown) {
      const [q, value] = pointOf(run)
      plot.append(s("circle", { class: "dot " + run.name, cx: x(nines(q)), cy: y(value), r: 3.5 }))
    }
    legend.replaceChildren(...shown.map((run) => h("span", { class: "item" }, key(run.name, run.text), at !== undefined && h("b", {}, ms(pointOf(run)[1])))),
      at === undefined ? "" : h("span", { class: "when" }, share(pointOf(shown[0])[0]) + " were at least as fast"))
  })
}
`
