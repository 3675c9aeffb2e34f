/**
 * The run as one HTML file for people: a list to search, a time line, every step with what it exchanged.
 *
 * Needs no network and allows none: the policy in the file forbids everything but its own style and script, by their
 * hashes. An index of all cases comes first and draws the list; the details follow in chunks that are read when asked for.
 */
import * as FailureText from "./FailureText.ts"
import * as Base from "./html/Base.ts"
import * as Details from "./html/Details.ts"
import * as Elements from "./html/Elements.ts"
import * as List from "./html/List.ts"
import * as Page from "./html/Page.ts"
import * as Style from "./html/Style.ts"
import * as Timeline from "./html/Timeline.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"
import * as SummaryText from "./SummaryText.ts"

/** Cases per chunk of details. */
const chunkSize = 100

/** Returns the file in pieces, so that a big one never stands in memory as a whole. */
export const write = function*(report: Report.Report): Generator<string> {
  yield Page.head({ title: `${verdict(report).label}: ${SummaryText.sentence(report)}`, style: Style.text, script })
  yield page(report)
  yield Page.dataBlock("index", index(report))
  yield `<script>${script}</script>\n`
  for (let from = 0; from < report.cases.length; from += chunkSize) {
    yield Page.dataBlock(`details-${from / chunkSize}`, report.cases.slice(from, from + chunkSize))
  }
  yield "</body>\n</html>\n"
}

const script = `"use strict";(() => {${Elements.text}${Base.text}${Timeline.text}${Details.text}${List.text}})()`

/** What the list, the search and the time line need of each case; `Base.ts` reads it back by position. */
const index = (report: Report.Report) => {
  const started = Date.parse(report.started_at)
  return {
    started,
    duration: report.duration_ms,
    chunk: chunkSize,
    cases: report.cases.map((one) => [
      one.id,
      one.name,
      one.file,
      one.line,
      one.suite ?? "",
      one.tags,
      one.status,
      one.duration_ms,
      Math.max(0, Date.parse(one.started_at) - started),
      one.status === "passed" || one.status === "flaky" ? "" : ReportText.oneLine(FailureText.headline(one), 200)
    ])
  }
}

const verdict = (report: Report.Report): { readonly label: string; readonly status: string } =>
  report.interrupted
    ? { label: "Interrupted", status: "interrupted" }
    : report.cases.some((one) => Report.isBad(one.status))
    ? { label: "Failed", status: "failed" }
    : { label: "Passed", status: "passed" }

const page = (report: Report.Report): string => {
  const { label, status } = verdict(report)
  const warnings = report.warnings.map((text) =>
    `<p><b>Warning</b> ${ReportText.escapeMarkup(ReportText.oneLine(text))}</p>`
  )
  const cases = report.cases.length === 1 ? "1 case" : `${report.cases.length.toLocaleString("en")} cases`
  return `<body>
<header>
<span class="brand">${Page.mark}skein</span>
<span class="verdict ${status}">${label}</span>
<h1>${cases} in ${FailureText.time(report.duration_ms)}</h1>
<div class="facts dim"><span id="started"></span><span>seed ${report.seed}</span><span>${report.concurrency} at a time</span>
${Page.themeButton}</div>
</header>
<div class="ratio" id="ratio" aria-hidden="true"></div>
${warnings.length === 0 ? "" : `<div class="warnings">${warnings.join("")}</div>`}
<div class="timeline" id="timeline" role="img" aria-label="Time line of all cases"><canvas id="lanes"></canvas><button class="plain reset" id="reset" type="button" hidden>Whole run</button></div>
<div class="bar">
<label class="search"><svg viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d="M6.8 0a6.8 6.8 0 1 0 4.1 12.2l3.3 3.3a.9.9 0 0 0 1.3-1.3l-3.3-3.3A6.8 6.8 0 0 0 6.8 0Zm0 1.8a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z"/></svg><input id="search" type="search" placeholder="Search name, file, tag, message" aria-label="Search cases" autocomplete="off" spellcheck="false"><kbd>/</kbd></label>
<div class="chips" id="chips" role="group" aria-label="Show only"></div>
<select class="sort" id="sort" aria-label="Order"><option value="problems">Problems first</option><option value="file">By file</option><option value="slowest">Slowest first</option><option value="start">As started</option></select>
</div>
<main>
<div class="list" id="list" role="listbox" tabindex="0" aria-label="Cases"><div id="space"></div><div class="rows" id="rows"></div><div class="none" id="none" hidden>No case matches.</div></div>
<section class="details" id="details" tabindex="-1" aria-label="Details"><div class="empty"><p>Pick a case to see its steps.</p><p><kbd>/</kbd> search &nbsp; <kbd>j</kbd> <kbd>k</kbd> next, previous &nbsp; <kbd>n</kbd> next problem &nbsp; <kbd>Esc</kbd> clear</p></div></section>
</main>
<div id="found" role="status" hidden></div>
<div class="tip" id="tip" hidden></div>
<noscript>This report needs JavaScript. In short: ${SummaryText.sentence(report)}.</noscript>
`
}
