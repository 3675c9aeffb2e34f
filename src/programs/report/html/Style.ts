/** The style sheet of the HTML reports. Light and dark come from the reader's system, or from the button in the corner. */

/** What all of them share: colours, header, buttons. */
export const shared = String.raw`
:root {
  color-scheme: light dark;
  --bg: light-dark(#f6f6f9, #101014); --panel: light-dark(#fff, #17171d); --raised: light-dark(#f3f3f7, #1f1f27);
  --line: light-dark(#e3e3ea, #2b2b35); --text: light-dark(#1b1b22, #ececf1); --dim: light-dark(#62626f, #9a9aa8);
  --accent: light-dark(#5b45d6, #a394ff); --pick: light-dark(#ece9ff, #2a2546); --mark: light-dark(#ffe58a, #6b5600);
  --passed: light-dark(#16803c, #4cc37a); --failed: light-dark(#cf222e, #ff7b72); --error: light-dark(#a3219c, #ee8af0);
  --skipped: light-dark(#767683, #85858f); --flaky: light-dark(#9a6200, #f0b849); --interrupted: light-dark(#0a6aa8, #58b5f4);
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif;
}
:root[data-theme="light"] { color-scheme: light } :root[data-theme="dark"] { color-scheme: dark }
* { box-sizing: border-box }
html, body { margin: 0 }
body { background: var(--bg); color: var(--text); font: 14px/1.45 var(--sans) }
button, input, select { font: inherit; color: inherit }
button { cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
.passed { --s: var(--passed) } .failed { --s: var(--failed) } .error { --s: var(--error) } .skipped { --s: var(--skipped) }
.flaky { --s: var(--flaky) } .interrupted { --s: var(--interrupted) }
.icon { width: 16px; height: 16px; flex: none; color: var(--s) }
.mono { font-family: var(--mono); font-size: 12.5px }
.dim { color: var(--dim) }
.grow { flex: 1; min-width: 0 }
.cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate }

header { display: flex; align-items: center; gap: 14px; padding: 12px 20px 10px; background: var(--panel); flex-wrap: wrap }
.brand { display: flex; align-items: center; gap: 8px; font-weight: 650; font-size: 16px; letter-spacing: -.01em }
.brand svg { width: 24px; height: 24px; color: var(--accent) }
.verdict { display: inline-flex; align-items: center; gap: 7px; padding: 3px 11px 3px 8px; border-radius: 99px; font-weight: 600;
  color: var(--s); background: color-mix(in srgb, var(--s) 12%, transparent) }
header h1 { font-size: 14px; font-weight: 500; margin: 0 }
header .facts { margin-left: auto; display: flex; gap: 16px; align-items: center; font-size: 13px }
.plain { border: 1px solid var(--line); background: var(--panel); border-radius: 7px; padding: 4px 10px }
.plain:hover { border-color: var(--dim) }
.square { width: 30px; height: 30px; padding: 0; display: grid; place-items: center }
.square svg { width: 16px; height: 16px }
.tip { position: fixed; z-index: 9; pointer-events: none; max-width: 420px; background: var(--text); color: var(--bg); border-radius: 7px;
  padding: 6px 10px; font-size: 12.5px; box-shadow: 0 4px 18px rgb(0 0 0 / .25) }
.tip[hidden] { display: none }
`

/** Of the report of a run. */
export const text = String.raw`${shared}
html, body { height: 100% }
body { display: flex; flex-direction: column; overflow: hidden }
.ratio { display: flex; height: 4px; background: var(--line); gap: 1px }
.ratio i { background: var(--s); min-width: 2px }
.warnings { margin: 0; padding: 8px 20px; background: color-mix(in srgb, var(--flaky) 12%, var(--panel)); font-size: 13px; max-height: 84px; overflow: auto }
.warnings p { margin: 0 }
.warnings b { color: var(--flaky) }

.timeline { position: relative; background: var(--panel); border-bottom: 1px solid var(--line); padding: 6px 20px 4px }
.timeline canvas { display: block; width: 100%; cursor: crosshair }
.timeline .reset { position: absolute; right: 24px; top: 26px; font-size: 12px; padding: 2px 8px }

.bar { display: flex; gap: 8px; align-items: center; padding: 10px 20px; flex-wrap: wrap; border-bottom: 1px solid var(--line) }
.search { position: relative; flex: 0 1 330px; min-width: 190px }
.search input { width: 100%; padding: 6px 34px 6px 32px; border: 1px solid var(--line); border-radius: 8px; background: var(--panel) }
.search input::-webkit-search-cancel-button { display: none }
.search svg { position: absolute; left: 10px; top: 9px; width: 15px; height: 15px; color: var(--dim); pointer-events: none }
kbd { font: 11px var(--mono); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; color: var(--dim); background: var(--panel) }
.search kbd { position: absolute; right: 9px; top: 8px }
.chips { display: flex; gap: 4px; flex-wrap: wrap }
.chip { display: inline-flex; align-items: center; gap: 6px; border: 1px solid transparent; background: none; border-radius: 8px; padding: 5px 10px; color: var(--dim); white-space: nowrap }
.chip:hover { background: var(--raised) }
.chip[aria-pressed="true"] { background: var(--panel); border-color: var(--line); color: var(--text); font-weight: 550 }
.chip i { width: 8px; height: 8px; border-radius: 50%; background: var(--s) }
.chip b { font-weight: 600; font-variant-numeric: tabular-nums }
.sort { margin-left: auto; border: 1px solid var(--line); background: var(--panel); border-radius: 8px; padding: 5px 8px }

main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(340px, 5fr) 7fr }
.list { overflow: auto; position: relative; background: var(--panel); border-right: 1px solid var(--line); outline-offset: -1px; contain: strict }
.list:focus-visible { outline: 1px solid var(--accent); outline-offset: -1px }
.rows { position: absolute; left: 0; right: 0; top: 0 }
.row { display: flex; align-items: center; gap: 10px; height: 46px; padding: 0 16px 0 20px; cursor: pointer; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent) }
.row:hover { background: var(--raised) }
.row[aria-selected="true"] { background: var(--pick); box-shadow: inset 3px 0 var(--accent) }
.row .name { font-weight: 500 }
.row .sub { font-size: 12px; color: var(--dim) }
.row .sub .why { color: var(--s) }
.row .took { font-size: 12.5px; font-variant-numeric: tabular-nums; color: var(--dim); text-align: right; width: 62px; flex: none }
.row .meter { width: 54px; height: 4px; border-radius: 2px; background: var(--line); flex: none; overflow: hidden }
.row .meter i { display: block; height: 100%; background: color-mix(in srgb, var(--s) 70%, var(--line)); border-radius: 2px }
.head { display: flex; align-items: center; gap: 10px; height: 46px; padding: 12px 16px 0 20px; font: 600 12px var(--mono); color: var(--dim) }
.head .grow { unicode-bidi: isolate }
mark { background: var(--mark); color: inherit; border-radius: 2px }
.none { padding: 60px 20px; text-align: center; color: var(--dim) }

.details { overflow: auto; padding: 22px 28px 60px; outline-offset: -2px }
.details h2 { font-size: 20px; line-height: 1.3; margin: 0 0 6px; letter-spacing: -.01em; overflow-wrap: anywhere; unicode-bidi: isolate }
.facts2 { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--dim); font-size: 13px; align-items: center }
.tag { background: var(--raised); border-radius: 5px; padding: 1px 7px; font-size: 12px; color: var(--dim); border: 0; max-width: 260px }
button.tag:hover { color: var(--text); background: var(--line) }
.details h3 { font-size: 12px; text-transform: uppercase; letter-spacing: .06em; color: var(--dim); margin: 26px 0 8px; font-weight: 600 }
.reason { margin: 14px 0 0; padding: 10px 14px; border-radius: 8px; border-left: 3px solid var(--s); background: color-mix(in srgb, var(--s) 7%, var(--panel)); white-space: pre-wrap; overflow-wrap: anywhere }
.step { background: var(--panel); border: 1px solid var(--line); border-radius: 9px; margin-bottom: 6px; overflow: hidden }
.step.failed, .step.error { border-color: color-mix(in srgb, var(--s) 45%, var(--line)) }
.step > summary { display: flex; align-items: center; gap: 10px; padding: 8px 12px; list-style: none; cursor: pointer }
.step > summary::-webkit-details-marker { display: none }
.step > summary:hover { background: var(--raised) }
.step > summary:focus-visible { outline-offset: -2px }
.step .act { font: 12px var(--mono); color: var(--dim); background: var(--raised); padding: 1px 6px; border-radius: 4px; max-width: 140px }
.step > summary .took { font-size: 12.5px; color: var(--dim); font-variant-numeric: tabular-nums; width: 58px; text-align: right }
.water { position: relative; width: 110px; height: 6px; border-radius: 3px; background: var(--raised); flex: none }
.water i { position: absolute; top: 0; bottom: 0; border-radius: 3px; background: var(--s); min-width: 2px }
.inside { padding: 2px 14px 14px; border-top: 1px solid var(--line) }
.failure { margin-top: 12px }
.failure .msg { color: var(--failed); font-weight: 550; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext }
.failure.error .msg { color: var(--error) }
pre { font: 12.5px/1.5 var(--mono); background: var(--raised); border-radius: 7px; padding: 10px 12px; margin: 8px 0 0; overflow: auto; max-height: 420px; tab-size: 2; unicode-bidi: plaintext }
.hot { color: var(--failed) }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse; margin-top: 8px; font: 12.5px/1.5 var(--mono); width: 100% }
td { padding: 2px 14px 2px 0; vertical-align: top; overflow-wrap: anywhere; unicode-bidi: plaintext }
td:first-child { color: var(--dim); width: 1%; white-space: nowrap; max-width: 320px; overflow: hidden; text-overflow: ellipsis }
.hint { margin-top: 8px; color: var(--dim); white-space: pre-wrap; overflow-wrap: anywhere }
.hint b { color: var(--accent); font-weight: 600 }
.exchange { margin-top: 14px; border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
.exchange > .top { display: flex; gap: 10px; align-items: center; padding: 7px 12px; background: var(--raised); font: 12.5px var(--mono) }
.exchange > .top b { color: var(--accent) }
.exchange .code { font-weight: 650; color: var(--passed) } .exchange .code.bad { color: var(--failed) }
.exchange .part { padding: 4px 12px 10px; border-top: 1px solid var(--line) }
.exchange .part > summary, .fold > summary { cursor: pointer; font-size: 12.5px; color: var(--dim); padding: 5px 0 }
.fold { margin-top: 10px }
.copy { font-size: 12px; padding: 2px 9px; flex: none }
.beside { display: flex; flex-wrap: wrap; gap: 5px }
.empty { display: grid; place-content: center; text-align: center; gap: 10px; height: 100%; color: var(--dim) }
.empty p { margin: 0 }
.back { display: none; margin-bottom: 14px }
noscript { padding: 30px; display: block }
@media (max-width: 900px) {
  main { grid-template-columns: 1fr }
  .details { position: fixed; inset: 0; background: var(--bg); z-index: 5; display: none; padding: 16px }
  .open .details { display: block } .back { display: inline-block }
  .water, .search kbd, .row .meter { display: none } header .facts span { display: none }
}
@media print { body { overflow: visible; display: block } .list, .details { overflow: visible; contain: none } }
`
