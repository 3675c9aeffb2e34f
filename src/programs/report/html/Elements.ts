/**
 * The part that the scripts of all HTML reports begin with: making elements, counting, light and dark.
 *
 * Pages are built with `createElement` and text nodes only, so nothing in a report can become markup.
 */
export const text = String.raw`
const $ = (id) => document.getElementById(id)
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const show = (text) => text.replace(/\r\n/g, "\n").replace(unseen, (c) => {
  const code = c.charCodeAt(0)
  return code < 32 ? String.fromCharCode(0x2400 + code) : "\ufffd"
})

/** Makes an element. Strings become text nodes, "on..." properties listeners, all others attributes. */
const h = (tag, props, ...children) => {
  const element = document.createElement(tag)
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === false) continue
    if (key === "class") element.className = value
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value))
  }
  for (const child of children.flat(4)) {
    if (child === undefined || child === null || child === false) continue
    element.append(child instanceof Node ? child : show(String(child)))
  }
  return element
}

const svg = (d, name) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  element.setAttribute("viewBox", "0 0 16 16")
  element.setAttribute("fill", "currentColor")
  element.setAttribute("aria-hidden", "true")
  element.setAttribute("class", name)
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", d)
  element.append(path)
  return element
}
const count = (n) => n.toLocaleString("en")
const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s")

/** Light or dark: as remembered, else as the system has it; the button changes it. */
const startTheme = (redraw) => {
  const remembered = { read: () => { try { return localStorage.getItem("skein-theme") } catch { return null } },
    write: (theme) => { try { localStorage.setItem("skein-theme", theme) } catch {} } }
  if (remembered.read() === "dark" || remembered.read() === "light") document.documentElement.dataset.theme = remembered.read()
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches
    document.documentElement.dataset.theme = dark ? "light" : "dark"
    remembered.write(document.documentElement.dataset.theme)
    redraw()
  })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw)}
`
