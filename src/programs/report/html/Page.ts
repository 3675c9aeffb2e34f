/** What every HTML report has: one file whose policy allows its own style and script by their hashes, and nothing else. */
import { sha256 } from "@noble/hashes/sha2.js"
import { Base64 } from "effect/encoding"
import * as ReportText from "../ReportText.ts"

/**
 * Returns the file up to its body. `title` is escaped here. A `live` page may ask its own origin for more. Hashing takes some
 * milliseconds.
 */
export const head = (
  { live = false, script, style, title }: {
    readonly title: string
    readonly style: string
    readonly script: string
    readonly live?: boolean | undefined
  }
): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script, style, live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${ReportText.escapeMarkup(ReportText.oneLine(title))} · skein</title>
<link rel="icon" href="${favicon}">
<style>${style}</style>
</head>
`

/** Text for the inside of a `<script>`: nothing in it can end the element or open a comment, and old parsers read it too. */
export const scriptJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Data for the script, found by its id. */
export const dataBlock = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${scriptJson(value)}</script>\n`

export const mark =
  `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" `
  + `aria-hidden="true"><ellipse cx="12" cy="12" rx="9.2" ry="5.6"/>`
  + `<ellipse cx="12" cy="12" rx="9.2" ry="5.6" transform="rotate(60 12 12)"/>`
  + `<ellipse cx="12" cy="12" rx="9.2" ry="5.6" transform="rotate(120 12 12)"/></svg>`

/** The button that `Theme.ts` listens to. */
export const themeButton =
  `<button class="plain square" id="theme" type="button" title="Light or dark" aria-label="Light or dark"><svg viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d="M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm0 14.4V1.6a6.4 6.4 0 0 1 0 12.8Z"/></svg></button>`

const hash = (text: string): string => `'sha256-${Base64.encode(sha256(new TextEncoder().encode(text)))}'`

const policy = (script: string, style: string, live: boolean): string =>
  [
    "default-src 'none'",
    ...(live ? ["connect-src 'self'"] : []),
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'"
  ].join("; ")

const favicon = `data:image/svg+xml,${
  encodeURIComponent(mark.replace("<svg", `<svg xmlns="http://www.w3.org/2000/svg"`).replace("currentColor", "#6d55e8"))
}`
