/** The part of the HTML report's script that draws the time line: lanes of cases, so that one sees what ran beside what. */
export const text = String.raw`
const lanes = []
const laneOf = new Int32Array(cases.length)
for (const one of cases.slice().sort((a, b) => a.start - b.start || a.index - b.index)) {
  let lane = lanes.findIndex((end) => end <= one.start)
  if (lane === -1) lane = lanes.length < 400 ? lanes.length : one.index % 400
  lanes[lane] = Math.max(lanes[lane] || 0, one.start + Math.max(one.duration, 0.001))
  laneOf[one.index] = lane
}
const wholeSpan = Math.max(1, data.duration, ...lanes)
const overlap = (a, b) => a.start < b.start + b.duration && b.start < a.start + a.duration
const timeline = { from: 0, to: wholeSpan, drag: undefined, picked: undefined, dim: false }
const axis = 20
const laneHeight = Math.max(2, Math.min(14, Math.floor(132 / Math.max(1, lanes.length))))

const canvas = $("lanes")
const tip = $("tip")
const reset = $("reset")
const xOf = (ms, width) => (ms - timeline.from) / (timeline.to - timeline.from) * width
const msOf = (x, width) => timeline.from + x / width * (timeline.to - timeline.from)

const drawTimeline = () => {
  const width = canvas.clientWidth
  const height = axis + lanes.length * laneHeight + 4
  const scale = window.devicePixelRatio || 1
  canvas.style.height = height + "px"
  canvas.width = width * scale
  canvas.height = height * scale
  const style = getComputedStyle(document.documentElement)
  const color = (name) => {
    canvas.style.color = "var(--" + name + ")"
    return getComputedStyle(canvas).color
  }
  const colors = Object.fromEntries(statuses.map((status) => [status, color(status)]))
  const draw = canvas.getContext("2d")
  draw.scale(scale, scale)
  draw.font = "11px " + style.getPropertyValue("--sans")
  const line = color("line"), dim = color("dim"), accent = color("accent")
  for (const tick of ticks(timeline.from, timeline.to, Math.max(2, width / 110))) {
    const x = Math.round(xOf(tick, width)) + 0.5
    draw.fillStyle = line
    draw.fillRect(x, 14, 1, height - 14)
    draw.fillStyle = dim
    draw.fillText(tick === 0 ? "0" : time(tick), Math.min(x + 3, width - 34), 11)
  }
  const picked = timeline.picked
  const gap = laneHeight > 5 ? 2 : laneHeight > 2 ? 1 : 0
  for (const one of cases) {
    const x = xOf(one.start, width), end = xOf(one.start + one.duration, width)
    if (end < 0 || x > width) continue
    draw.globalAlpha = picked === undefined || one === picked || !timeline.dim ? 1 : overlap(one, picked) ? 0.9 : 0.3
    draw.fillStyle = colors[one.status]
    const w = Math.max(1.5, end - x - (end - x > 4 ? 1 : 0))
    draw.fillRect(x, axis + laneOf[one.index] * laneHeight, w, laneHeight - gap)
  }
  draw.globalAlpha = 1
  if (picked !== undefined) {
    const x = xOf(picked.start, width), w = Math.max(2, xOf(picked.start + picked.duration, width) - x)
    draw.strokeStyle = accent
    draw.lineWidth = 2
    draw.strokeRect(x - 1.5, axis + laneOf[picked.index] * laneHeight - 1.5, w + 2, laneHeight - gap + 3)
  }
  if (timeline.drag !== undefined && timeline.drag.moved) {
    draw.fillStyle = accent
    draw.globalAlpha = 0.18
    draw.fillRect(Math.min(timeline.drag.from, timeline.drag.to), 0, Math.abs(timeline.drag.to - timeline.drag.from), height)
  }
  reset.hidden = timeline.from === 0 && timeline.to === wholeSpan
}

const ticks = (from, to, wanted) => {
  const rough = Math.max(1, (to - from) / wanted)
  const power = Math.pow(10, Math.floor(Math.log10(rough)))
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)
  const result = []
  for (let at = Math.ceil(from / step) * step; at <= to && result.length < 100; at += step) result.push(at)
  return result
}

const caseAt = (event) => {
  const box = canvas.getBoundingClientRect()
  const ms = msOf(event.clientX - box.left, box.width)
  const slack = (timeline.to - timeline.from) / box.width * 2
  const lane = Math.floor((event.clientY - box.top - axis) / laneHeight)
  return cases.find((one) =>
    laneOf[one.index] === lane && one.start - slack <= ms && ms <= one.start + one.duration + slack)
}

const zoomTo = (from, to) => {
  timeline.from = Math.max(0, from)
  timeline.to = Math.min(wholeSpan, Math.max(to, from + 0.01))
  drawTimeline()
}

canvas.addEventListener("pointerdown", (event) => {
  const x = event.clientX - canvas.getBoundingClientRect().left
  timeline.drag = { from: x, to: x, moved: false }
  canvas.setPointerCapture(event.pointerId)
})
canvas.addEventListener("pointermove", (event) => {
  if (timeline.drag !== undefined) {
    timeline.drag.to = event.clientX - canvas.getBoundingClientRect().left
    timeline.drag.moved = timeline.drag.moved || Math.abs(timeline.drag.to - timeline.drag.from) > 4
    drawTimeline()
    return
  }
  const one = caseAt(event)
  tip.hidden = one === undefined
  if (one === undefined) return
  tip.replaceChildren(h("b", {}, one.name), h("div", {}, one.status + " in " + time(one.duration) + ", at " + time(one.start)))
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px"
  tip.style.top = event.clientY + 16 + "px"
})
canvas.addEventListener("pointerleave", () => tip.hidden = true)
canvas.addEventListener("pointerup", (event) => {
  const drag = timeline.drag
  timeline.drag = undefined
  if (drag === undefined) return
  if (drag.moved) {
    const width = canvas.clientWidth
    zoomTo(msOf(Math.min(drag.from, drag.to), width), msOf(Math.max(drag.from, drag.to), width))
  } else {
    const one = caseAt(event)
    if (one !== undefined) select(one, true)
  }
})
canvas.addEventListener("dblclick", () => zoomTo(0, wholeSpan))
reset.addEventListener("click", () => zoomTo(0, wholeSpan))
`
