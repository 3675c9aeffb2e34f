/** The style sheet of the load reports. */
import * as Shared from "../../../report/html/Style.ts"

export const text = String.raw`${Shared.shared}
:root {
  --response: light-dark(#5b45d6, #a394ff); --service: light-dark(#0f8f8a, #3fd0c9);
  --p50: light-dark(#0f8f8a, #3fd0c9); --p95: light-dark(#c77700, #f0b849); --p99: light-dark(#cf3a2e, #ff8a7f); --max: light-dark(#9a9aa8, #6c6c7a);
  --completed: light-dark(#5b45d6, #a394ff); --due: light-dark(#62626f, #9a9aa8); --errors: light-dark(#cf222e, #ff7b72); --dropped: light-dark(#c77700, #f0b849);
  --vus: light-dark(#0a6aa8, #58b5f4); --cpu: light-dark(#0f8f8a, #3fd0c9); --lag_ms: light-dark(#c77700, #f0b849);
  --before: light-dark(#0a6aa8, #58b5f4); --after: light-dark(#c2410c, #ff9f5a); --invalid: var(--flaky); --unreachable: var(--failed)
}
.invalid { --s: var(--invalid) } .unreachable { --s: var(--unreachable) }
.response { --c: var(--response) } .service { --c: var(--service) } .p50 { --c: var(--p50) } .p95 { --c: var(--p95) } .p99 { --c: var(--p99) }
.max { --c: var(--max) } .completed { --c: var(--completed) } .due { --c: var(--due) } .errors { --c: var(--errors) } .dropped { --c: var(--dropped) }
.vus { --c: var(--vus) } .cpu { --c: var(--cpu) } .lag_ms { --c: var(--lag_ms) } .before { --c: var(--before) } .after { --c: var(--after) }
header { border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 5 }
header h1 { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 46vw; font-weight: 600; unicode-bidi: isolate }
main { max-width: 1320px; margin: 0 auto; padding: 20px 24px 70px; display: grid; gap: 16px; grid-template-columns: repeat(12, minmax(0, 1fr)) }
main > * { grid-column: 1 / -1 }
main > .half { grid-column: span 6 } main > .third { grid-column: span 4 }
.lead { font-size: 13.5px; color: var(--dim); display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline }
.lead span { overflow-wrap: anywhere; min-width: 0 }
.lead b { color: var(--text); font-weight: 600 }
.model { border: 1px solid var(--line); border-radius: 99px; padding: 1px 10px; color: var(--accent); font-weight: 600; white-space: nowrap }
.model.closed { color: var(--flaky) }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 10px }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 11px; padding: 12px 15px 11px }
.tile .what { font-size: 12px; color: var(--dim) }
.tile .much { font-size: 25px; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; line-height: 1.25; white-space: nowrap }
.tile .much small { font-size: 14px; font-weight: 550; color: var(--dim); letter-spacing: 0; margin-left: 1px }
.tile .more { font-size: 12px; color: var(--dim) }
.tile.bad .much { color: var(--failed) }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 11px; padding: 14px 16px 12px; min-width: 0 }
.panel > h2 { font-size: 14px; font-weight: 620; margin: 0 0 2px }
.panel > p.note { margin: 0 0 8px; font-size: 12.5px; color: var(--dim) }
.alert { border-left: 3px solid var(--s); background: color-mix(in srgb, var(--s) 7%, var(--panel)) }
.alert ul { margin: 6px 0 0; padding-left: 18px } .alert li { margin: 3px 0; overflow-wrap: anywhere } .alert .advice { color: var(--dim) }
.plot { display: block; width: 100%; overflow: visible; touch-action: pan-y; user-select: none }
.over .plot { cursor: crosshair }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 12.5px; color: var(--dim); min-height: 20px; align-items: center }
.legend .item { display: inline-flex; align-items: center }
.legend b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; margin-left: 5px }
.legend .when { margin-left: auto; font-variant-numeric: tabular-nums }
.key { display: inline-flex; align-items: center; gap: 6px } .key i { width: 14px; height: 0; border-top: 2.5px solid var(--c); border-radius: 2px }
.key.dashed i { border-top-style: dotted }
.ramp { display: inline-block; width: 54px; height: 9px; border-radius: 3px; margin-right: 7px; vertical-align: 0; background: linear-gradient(90deg, color-mix(in srgb, var(--accent) 10%, transparent), var(--accent)) }
.axis { fill: var(--dim); font: 11px var(--sans); font-variant-numeric: tabular-nums }
.grid { stroke: var(--line); stroke-width: 1; stroke-dasharray: 1 3 } .base, .tick { stroke: var(--line) }
.line { fill: none; stroke: var(--c); stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round } .line.dashed { stroke-dasharray: 1.5 4; stroke-width: 1.5 }
.area { fill: var(--c); fill-opacity: .13; stroke: none }
.bar { fill: var(--c); fill-opacity: .55 } .bar.hot { fill-opacity: .9 }
.dot { fill: var(--c); stroke: var(--panel); stroke-width: 1.5 }
.cells rect { fill: var(--accent); shape-rendering: crispEdges }
.cursor { stroke: var(--dim); stroke-width: 1 } .drag { fill: var(--accent); fill-opacity: .15 } .warmup { fill: var(--dim); fill-opacity: .08 }
.mark { stroke: var(--dim); stroke-dasharray: 3 3 } .marktext { font: 11px var(--sans); fill: var(--text); paint-order: stroke; stroke: var(--panel); stroke-width: 3px; font-variant-numeric: tabular-nums }
.side { border-left: 3px solid var(--c) } .side .target { font-size: 15px; font-weight: 600; overflow-wrap: anywhere; unicode-bidi: isolate }
.forest { display: block; --c: var(--dim) } .forest .band { fill: var(--dim); fill-opacity: .12 } .forest .zero { stroke: var(--dim); stroke-opacity: .6 }
.forest .interval { stroke: var(--c); stroke-width: 2 } .forest .point { fill: var(--c) }
.forest.worse { --c: var(--failed) } .forest.better { --c: var(--passed) } .forest.same { --c: var(--accent) } .forest.cannot_tell { --c: var(--flaky) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
th { text-align: right; font-weight: 500; color: var(--dim); font-size: 12px; padding: 4px 10px 5px; border-bottom: 1px solid var(--line); white-space: nowrap }
td { text-align: right; padding: 5px 10px; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent); white-space: nowrap }
tr:last-child > td { border-bottom: 0 }
th.l, td.l { text-align: left; white-space: normal; overflow-wrap: anywhere; unicode-bidi: isolate } th:first-child, td:first-child { padding-left: 2px }
th.l, td.l { min-width: 8.5em }
td.l .sub { white-space: nowrap }
td.n { text-align: left } td.mono { font-family: var(--mono); font-size: 12.5px } td.wide { width: 100% }
td .sub { color: var(--dim); font-size: 12px; margin-left: 6px }
.yes { color: var(--passed); font-weight: 600 } .no { color: var(--failed); font-weight: 600 } .warn { color: var(--flaky); font-weight: 600 }
tr.sum td { font-weight: 600 }
.chips { display: flex; flex-wrap: wrap; gap: 6px } .chip { border: 1px solid var(--line); border-radius: 8px; padding: 3px 10px; font-size: 13px; font-variant-numeric: tabular-nums }
.chip b { margin-right: 7px } .chip.bad b { color: var(--failed) } .chip.good b { color: var(--passed) }
pre { font: 12.5px/1.5 var(--mono); background: var(--raised); border-radius: 7px; padding: 10px 12px; margin: 6px 0 0; overflow: auto; max-height: 420px; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext }
details > summary { cursor: pointer; font-weight: 620 }
footer { color: var(--dim); font-size: 12.5px; text-align: center; padding: 0 20px 30px }
.progress { height: 3px; background: var(--line) } .progress i { display: block; height: 100%; width: 0; background: var(--accent); transition: width .9s linear }
[hidden] { display: none !important }
noscript { display: block; padding: 14px 24px; color: var(--dim) }
@media (max-width: 860px) { header { position: static } td .sub { display: block; margin-left: 0 } main > .half, main > .third { grid-column: 1 / -1 } main { padding: 14px } header h1 { max-width: 60vw } }
@media print { header { position: static } .panel, .tile { break-inside: avoid } }
`
