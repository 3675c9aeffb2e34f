/** The README's walk-through of a remote API: what it says is typed, in two terminals. */
import { assert, it } from "@effect/vitest"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { folder, shell } from "../cli/commandLine.ts"

const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")
const soak = process.env["SKEIN_SOAK"] === "1"
const terminals = [...readme.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, text]) =>
  text!.replaceAll(/^\$ /gm, "").replaceAll(/\bskein (?=[a-z])/g, "$SKEIN ").trim()
)

interface Counts {
  readonly byRoute: Readonly<Record<string, number>>
  readonly duplicateStarts: number
  readonly starts: number
}

it("the walk-through works as it is typed, and starts nothing twice", { timeout: 120_000 }, async () => {
  const [first, second] = terminals
  if (first === undefined || second === undefined) return assert.fail("two blocks of commands")
  using own = folder({})
  // A home of its own, so that no login of the real API is met.
  const home = "HOME=$PWD; export HOME; unset TERMINUS_TOKEN"
  // `exec` is for Ctrl-C: of a pipe, the shell would get it.
  // On a port of its own: the usual one may be taken. Only a soak waits for workflows as long as a reader does.
  const serve = first.replace("fake pantheon", "fake pantheon --port 0").replace(/\| tee /, "> ")
    .replace("workflow_duration=3s", soak ? "workflow_duration=3s" : "workflow_duration=300ms")
  const server = shell(`${home}; exec ${serve}`, own.path)
  try {
    await Promise.race([once(server.child.stderr!, "data"), server.ended])
    const done = await shell(`${home}; set -e\n${second}`, own.path).ended

    assert.strictEqual(done.code, 0, done.stderr)
    assert.match(done.stdout, /^name +plan_name +tags +frozen$/m)
    assert.match(done.stdout, /deploy code to site-001\.live \(November\)/)
    assert.lengthOf(readFileSync(join(own.path, "deployed.csv"), "utf8").trim().split("\n"), 5)
    const files = readdirSync(join(own.path, "backups"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".gz"))
    assert.lengthOf(files, 6)
    for (const name of files) assert.isNotEmpty(gunzipSync(readFileSync(join(own.path, "backups", name))))

    const [, url = ""] = /^# (\S+)$/m.exec(readFileSync(join(own.path, "pantheon.env"), "utf8")) ?? []
    const counts = await (await fetch(`${url}/_fake/counters`)).json() as Counts
    assert.deepInclude(counts, { starts: 6, duplicateStarts: 0 })
    assert.strictEqual(counts.byRoute["POST authorize/machine-token"], 1)
  } finally {
    server.child.kill("SIGINT")
  }
  assert.strictEqual((await server.ended).code, 130)
})
