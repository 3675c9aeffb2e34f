/** Texts, events and reports made to break writers, terminals and browsers which trust their input. */
import * as fc from "fast-check"
import type * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import type { Attachment, Event, Failure, Status } from "../../../src/scenario/Event.ts"
import { caseEvents, type CaseOptions, run, type StepOptions } from "./fixtures.ts"

/** One of each kind. */
export const hostileTexts: ReadonlyArray<string> = [
  "",
  " ",
  "]]>",
  "<![CDATA[x]]>",
  "\u0000\u0001\u0008\u000b\u000c\u000e\u001b\u001f\u007f\u0085\u009b",
  "\ud800",
  "\udc00 alone",
  "a\ud83d",
  "\ufffe\uffff",
  "\u2028\u2029",
  "\u202egnp.exe\u2066",
  "\u001b]52;c;aGFja2Vk\u0007\u001b[2J\u001b]0;title\u0007",
  "</script><script>window.hacked=1</script>",
  "<img src=x onerror=\"window.hacked=1;alert(1)\">",
  "<svg/onload=alert(1)>",
  "\"><script>alert(1)</script>",
  "'-alert(1)-'",
  "javascript:alert(1)",
  "<!--<script>",
  "-->",
  "${alert(1)} {{7*7}}",
  "::error file=a::b",
  "x\n::set-output name=a::b",
  "%0A::error::x",
  "##[error]x ##vso[task.complete result=Failed;]",
  "a,b:c%d",
  "# SKIP # TODO",
  "\\# \\",
  "ok 1 - forged\nnot ok 2 - forged\n1..0\nBail out!",
  "---\n  ...\n",
  "| a | b |\n|---|---|",
  "```\n# heading\n```````",
  "[x](javascript:alert(1)) ![y](http://127.0.0.1/z) <b>@everyone</b>",
  "__proto__",
  "line\r\nline\rline\ttab",
  "日本語 🧶 👩‍👩‍👧 é",
  "a".repeat(3_000)
]

/** Any text a server or a file may bring, the hostile ones often. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...hostileTexts), { maxLength: 4 }).map((texts) => texts.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme" }) }
)

const status: fc.Arbitrary<Status> = fc.constantFrom("passed", "failed", "error", "skipped", "flaky", "interrupted")

const failure: fc.Arbitrary<Failure> = fc.record({
  kind: fc.constantFrom("failed" as const, "error" as const),
  reason: hostileText,
  message: hostileText,
  hint: hostileText,
  frame: hostileText,
  location: fc.record({ file: hostileText, line: fc.nat(), column: fc.nat() }),
  values: fc.array(fc.record({ expression: hostileText, value: hostileText }), { maxLength: 2 })
}, { requiredKeys: ["kind", "reason", "message"] })

const headers = fc.array(fc.tuple(hostileText, hostileText), { maxLength: 2 }).map((entries) =>
  Object.fromEntries(entries)
)

const attachment: fc.Arbitrary<Attachment> = fc.oneof(
  fc.record({
    _tag: fc.constant("Http" as const),
    request: fc.record({ method: hostileText, url: hostileText, headers, body: hostileText }),
    response: fc.record({ status: fc.nat(999), headers, body: hostileText, duration_ms: fc.nat(1_000) }),
    curl: hostileText,
    insecure: fc.boolean()
  }),
  fc.record({
    _tag: fc.constant("Sql" as const),
    statement: hostileText,
    params: fc.array(hostileText, { maxLength: 2 }),
    rows: fc.nat(),
    duration_ms: fc.nat(1_000)
  }),
  fc.record({
    _tag: fc.constant("Operation" as const),
    service: hostileText,
    operation: hostileText,
    target: hostileText,
    sent: hostileText,
    received: hostileText,
    duration_ms: fc.nat(1_000)
  }, { requiredKeys: ["_tag", "service", "operation", "target", "duration_ms"] }),
  fc.record({ _tag: fc.constant("Text" as const), name: hostileText, text: hostileText })
)

const step: fc.Arbitrary<StepOptions> = fc.record({
  name: hostileText,
  action: hostileText,
  status,
  failures: fc.array(failure, { maxLength: 2 }),
  attachments: fc.array(attachment, { maxLength: 2 }),
  output: hostileText,
  skipReason: hostileText,
  logs: fc.array(hostileText, { maxLength: 2 }),
  retries: fc.array(failure, { maxLength: 1 })
})

const hostileCase: fc.Arbitrary<CaseOptions> = fc.record({
  name: hostileText,
  file: hostileText,
  suite: hostileText,
  tags: fc.array(hostileText, { maxLength: 2 }),
  status,
  reason: hostileText,
  failures: fc.array(failure, { maxLength: 1 }),
  steps: fc.array(step, { maxLength: 3 })
})

/** The events of a run in which every text is hostile. */
export const hostileRun: fc.Arbitrary<ReadonlyArray<Event>> = fc.tuple(
  fc.array(hostileCase, { maxLength: 4 }),
  fc.array(hostileText, { maxLength: 2 }),
  fc.boolean()
).map(([cases, warnings, interrupted]) =>
  run(cases.map((one, i) => caseEvents({ ...one, id: `${one.file}#${i}` })), { warnings, interrupted })
)

/** A run in which every hostile text stands everywhere once, without chance. */
export const hostileEvents: ReadonlyArray<Event> = run(
  hostileTexts.map((text, i) =>
    caseEvents({
      id: `${text}#${i}`,
      name: text,
      file: text,
      suite: text,
      tags: [text],
      status: (["failed", "error", "skipped", "flaky", "interrupted", "passed"] as const)[i % 6]!,
      reason: text,
      failures: [{ kind: "failed", reason: text, message: text, hint: text }],
      steps: [{
        name: text,
        action: text,
        status: "failed",
        failures: [{
          kind: "error",
          reason: text,
          message: text,
          hint: text,
          frame: text,
          location: { file: text, line: 1, column: 1 },
          values: [{ expression: text, value: text }]
        }],
        attachments: [
          {
            _tag: "Http",
            request: { method: text, url: text, headers: { [text]: text }, body: text },
            response: { status: 200, headers: { [text]: text }, body: text, duration_ms: 1 },
            curl: text,
            insecure: true
          },
          { _tag: "Sql", statement: text, params: [text], rows: 1, duration_ms: 1 },
          {
            _tag: "Operation",
            service: text,
            operation: text,
            target: text,
            sent: text,
            received: text,
            duration_ms: 1
          },
          { _tag: "Text", name: text, text }
        ],
        output: text,
        skipReason: text,
        logs: [text]
      }]
    })
  ),
  { warnings: hostileTexts }
)

export const hostile: Report.Report = ReportFold.fromEvents(hostileEvents)
