/** Most tests call the command line within their own process; this one sees that a process does the same. */
import { assert, describe, it } from "@effect/vitest"
import { call, folder, start } from "./commandLine.ts"

const files = {
  "pass.yaml": "name: Pass\nsteps:\n  - log: hello\n",
  "fail.yaml": "name: Fail\nsteps:\n  - assert: 1 == 2\n",
  "broken.yaml": "name: Broken\nstpes: []\n",
  "items.csv": "id\n1\n2\n"
}
const timeless = (text: string) => text.replaceAll(/\b\d+(\.\d+)?m?s\b|\d+\.\d+|\(seed \d+\)/g, "")

describe.concurrent("a process says what a call says, and ends with its code", () => {
  it.each([
    { args: ["run", "pass.yaml", "--quiet"], code: 0 },
    { args: ["run", "fail.yaml", "--quiet"], code: 1 },
    { args: ["check", "broken.yaml"], code: 2 },
    { args: ["run", "pass.yaml", "--report", "junit=/dev/null/x.xml", "--quiet"], code: 5 },
    { args: ["batch", "log", "--with", "message=${item}", "--from", "items.csv", "--rows", "csv", "--quiet"], code: 0 }
  ])("$code: $args", async ({ args, code }) => {
    using here = folder(files)
    using there = folder(files)
    const [process, called] = await Promise.all([start(args, here.path).ended, call(args, there.path)])

    assert.strictEqual(process.code, code, process.stderr)
    assert.strictEqual(timeless(called.stdout), timeless(process.stdout))
    assert.strictEqual(timeless(called.stderr), timeless(process.stderr))
    assert.strictEqual(called.code, process.code)
  })
})
