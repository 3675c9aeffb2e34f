/** A real browser for the pages that skein writes. Tests are skipped where there is none; `SKEIN_CHROMIUM` names one that stands elsewhere. */
import type { TestContext } from "@effect/vitest"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type Browser, chromium } from "playwright-core"

const executablePath = [
  process.env["SKEIN_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
].find((path) => path !== undefined && existsSync(path))

let started: Promise<Browser> | undefined
let folder = ""
let pages = 0

const start = (executablePath: string): Promise<Browser> => {
  folder = mkdtempSync(join(tmpdir(), "skein-html-"))
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
  })
}

/** A page with the file open, and whatever happened that should not: dialogs, errors, requests for anything but the file. */
export const open = async (context: TestContext, html: string) => {
  if (executablePath === undefined) return skip(context)
  await (started ??= start(executablePath))
  const path = join(folder, `${pages++}.html`)
  writeFileSync(path, html)
  return openUrl(context, pathToFileURL(path).href)
}

const skip = (context: TestContext): never =>
  context.skip("no chromium on this machine: set SKEIN_CHROMIUM to its path")

/** The same for a page that is served. */
export const openUrl = async (context: TestContext, url: string) => {
  if (executablePath === undefined) return skip(context)
  const browser = await (started ??= start(executablePath))
  const page = await browser.newPage()
  const alarms: Array<string> = []
  page.on("dialog", (dialog) => {
    alarms.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on("console", (message) => alarms.push(`console: ${message.text()}`))
  page.on("pageerror", (error) => alarms.push(`error: ${error.message}`))
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) alarms.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, alarms }
}

/** For `afterAll`. The next file gets a browser of its own. */
export const close = async (): Promise<void> => {
  await (await started)?.close()
  started = undefined
  if (folder !== "") rmSync(folder, { recursive: true, force: true })
}
