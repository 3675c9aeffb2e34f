import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as GoTemplate from "../../../src/scenario/data/GoTemplate.ts"
import { processorMillis } from "../../support/processorTime.ts"

const data: ValueRecord = {
  Name: "Ada",
  Empty: "",
  Zero: 0,
  Amount: 1234.5,
  Count: 3,
  Items: [{ Sku: "A1", Tags: ["x", "y"] }, { Sku: "B2", Tags: [] }],
  Sender: { BIC: "DEUTDEFF", Party: { City: "Frankfurt" } },
  Tricky: "{{.Name}} <&>",
  "odd key": 1
}

const render = (text: string, from: ValueRecord = data) =>
  Result.match(GoTemplate.render(text, from), {
    onFailure: (problem) => `! ${problem.message}`,
    onSuccess: (text) => text
  })

describe("GoTemplate", () => {
  const rows: ReadonlyArray<readonly [template: string, text: string]> = [
    ["no actions { } }} }", "no actions { } }} }"],
    ["{{.Name}}", "Ada"],
    ["{{ .Name }}", "Ada"],
    ["{1:F01{{.Sender.BIC}}0000}{2:I103{{.Sender.Party.City}}N}", "{1:F01DEUTDEFF0000}{2:I103FrankfurtN}"],
    ["{{.Tricky}}", "{{.Name}} <&>"],
    ["{{.Amount}} {{.Count}} {{.Zero}}", "1234.5 3 0"],
    ["{{/* a comment with }} and 'quotes */}}x", "x"],
    ["a {{- /* trimmed */ -}} b", "ab"],
    ["a\n  {{- .Name -}}\n  b", "aAdab"],
    ["{{if .Name}}yes{{else}}no{{end}}", "yes"],
    ["{{if .Empty}}yes{{else}}no{{end}}", "no"],
    ["{{if .Zero}}yes{{end}}", ""],
    ["{{if .Nosuch}}yes{{else if .Name}}else if{{else}}no{{end}}", "else if"],
    ["{{if .Nosuch.Deeper}}yes{{else}}no{{end}}", "no"],
    ["{{if and .Name .Count}}both{{end}}{{if or .Zero .Empty}}either{{end}}{{if not .Zero}}not{{end}}", "bothnot"],
    ["{{range .Items}}{{.Sku}},{{end}}", "A1,B2,"],
    [
      "{{range $i, $item := .Items}}{{$i}}={{$item.Sku}}{{range .Tags}}:{{.}}{{else}}:none{{end}};{{end}}",
      "0=A1:x:y;1=B2:none;"
    ],
    ["{{range $item := .Items}}{{$item.Sku}}{{$.Name}}{{end}}", "A1AdaB2Ada"],
    ["{{range .Nosuch}}x{{else}}nothing{{end}}", "nothing"],
    ["{{range $key, $value := .Sender.Party}}{{$key}}-{{$value}}{{end}}", "City-Frankfurt"],
    ["{{range .Count}}{{.}}{{end}}", "012"],
    ["{{with .Sender.Party}}{{.City}}{{end}}{{with .Nosuch}}x{{else}}none{{end}}", "Frankfurtnone"],
    ["{{$x := .Name}}{{if true}}{{$x = \"Bob\"}}{{$y := 1}}{{end}}{{$x}}", "Bob"],
    ["{{.Name | upper}} {{.Name | lower | printf \"%s!\"}}", "ADA ada!"],
    [
      "{{printf \"%08.2f|%-5s|%5d|%+d|%x|%q|%t|%%\" .Amount .Name .Count 7 255 \"a\" true}}",
      "01234.50|Ada  |    3|+7|ff|\"a\"|true|%"
    ],
    [
      "{{eq .Name \"Ada\"}} {{eq .Count 1 2 3}} {{ne .Count 3}} {{lt .Count 4}} {{ge .Amount 1234.5}}",
      "true true false true true"
    ],
    ["{{len .Items}} {{len .Name}} {{index .Items 1 \"Sku\"}} {{index . \"odd key\"}}", "2 3 B2 1"],
    ["{{(index .Items 0).Sku}} {{if (and .Name (not .Empty))}}ok{{end}}", "A1 ok"],
    ["{{.Nosuch | default \"none\"}} {{default 5 .Count}}", "none 3"],
    ["{{html .Tricky}} {{urlquery \"a b&c\"}} {{js \"it's\"}}", "{{.Name}} &lt;&amp;&gt; a+b%26c it\\'s"],
    ["{{join \", \" .Sender.Nosuch | default `x`}}", "! line 1: join takes a list, found null"],
    ["{{`raw \"text\"`}}{{'a'}}{{1.5}}{{nil | default true}}", "raw \"text\"971.5true"],
    ["{{title \"new york\"}}{{trim \" x \"}}{{replace \"a\" \"b\" \"banana\"}}{{print 1 2}}", "New Yorkxbbnbnb1 2"]
  ]
  for (const [template, text] of rows) it(template, () => assert.strictEqual(render(template), text))

  it("names the line of a mistake", () => {
    const mistakes: ReadonlyArray<readonly [template: string, message: string]> = [
      ["a\n{{.Nosuch}}", "! line 2: there is no .Nosuch"],
      ["{{.Sender.Nosuch}}", "! line 1: there is no .Sender.Nosuch"],
      ["{{$x}}", "! line 1: there is no variable $x"],
      ["{{nosuch .Name}}", "! line 1: there is no function nosuch"],
      ["a\nb {{.Name", "! line 2: {{ without its }}"],
      ["{{\"unclosed}}", "! line 1: {{ without its }}"],
      ["{{if .Name}}x", "! line 1: if without its end"],
      ["x{{end}}", "! line 1: unexpected {{end}}"],
      ["{{if .Name}}{{else}}{{else}}{{end}}", "! line 1: else without its end"],
      ["{{}}", "! line 1: a value is missing"],
      ["{{.Name .Count}}", "! line 1: arguments are for functions only"],
      ["{{(.Name}}", "! line 1: ( without its )"],
      ["{{.Name)}}", "! line 1: unexpected \")\""],
      ["{{.Name ? 1}}", "! line 1: unexpected \"? 1\""],
      ["{{template \"x\"}}", "! line 1: template is left out here"],
      ["{{range .Name}}{{end}}", "! line 1: range takes a list or an object, found \"Ada\""],
      ["{{lt .Name 3}}", "! line 1: \"Ada\" (text) and 3 (number) have no order"],
      ["{{printf \"%d\" .Name}}", "! line 1: printf: %d does not write \"Ada\""],
      ["{{printf \"%s\"}}", "! line 1: printf: %s has no value"],
      ["{{printf \"x\" 1}}", "! line 1: printf: there are 1 values for 0 verbs"],
      ["{{printf \"%99999d\" 1}}", "! line 1: printf: %99999d is wider than 10000"]
    ]
    for (const [template, message] of mistakes) assert.strictEqual(render(template), message, template)
  })

  it("R03 reads own fields only", () => {
    assert.strictEqual(render("{{.constructor}}"), "! line 1: there is no .constructor")
    assert.strictEqual(render("{{.Sender.__proto__.x}}"), "! line 1: there is no .Sender.__proto__.x")
    assert.strictEqual(render("{{constructor}}"), "! line 1: there is no function constructor")
  })

  it("bounds steps, output and nesting", () => {
    const start = processorMillis()
    assert.include(render("{{range 9999}}{{range 9999}}x{{end}}{{end}}"), "! line 1: it takes more than 1000000 steps")
    assert.include(
      render("{{range 2000}}{{$.Text}}{{end}}", { Text: "x".repeat(10_000) }),
      "! line 1: it writes more than"
    )
    assert.include(render("{{if true}}".repeat(1_000)), "! line 1: nested deeper than 100 levels")
    assert.include(render(`{{${"(".repeat(1_000)}}}`), "! line 1: nested deeper than 100 levels")
    assert.isBelow(processorMillis() - start, 3_000)
  })

  it("R09 reads broken templates in linear time", () => {
    const start = processorMillis()
    render(`{{${"/**/".repeat(20_000)}`)
    render("{{'".repeat(20_000))
    render(`{{${"\"\\".repeat(20_000)}`)
    render(`{{${"a ".repeat(20_000)}}}`)
    assert.isBelow(processorMillis() - start, 1_000)
  })
})
