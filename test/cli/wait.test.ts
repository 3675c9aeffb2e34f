/** `skein wait` in one process, on an API by script and in virtual time. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { cli, run } from "./waiting.ts"

const states = (...states: ReadonlyArray<string>) => states.map((status) => ({ json: { id: "t1", status } }))
const task = (id: string, state: string) => ({ uuid: id, state, part: 40, last: `${id} is ${state}` })
const flags = ["--state", "body.status", "--done", "ok,succeeded", "--failed", "failed,aborted"]
const url = ["--url", "http://api/tasks/{id}", ...flags]

interface Answer {
  readonly verdict: string
  readonly done: number
  readonly polls: number
  readonly items: ReadonlyArray<
    {
      readonly handle: string
      readonly outcome: string
      readonly text?: string
      readonly message?: string
      readonly progress?: number
    }
  >
}
const parse = (text: string) => JSON.parse(text) as Answer

/** The code of a call that nobody answers, and the end of what it says. */
const said = (...args: ReadonlyArray<string>) =>
  Effect.map(run({}, args), ({ code, stderr }) => `${code} ${stderr.split("\n").slice(-2).join(" ")}`)

describe("skein wait", () => {
  cli("waits for tasks of an API without a profile, and ends with 0 when all are done", () =>
    Effect.gen(function*() {
      const routes = { "/tasks/t1": states("queued", "running", "ok"), "/tasks/t2": states("succeeded") }
      const { code, stderr, stdout } = yield* run(routes, [...url, "t1", "t2"])

      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /^handle {2}outcome {2}state +took +message\nt1 +done +ok +/)
      assert.match(stdout, /\n2 done$/)
      assert.match(stderr, /^done {7}t2 .*\ndone {7}t1 /)
    }))

  cli(
    "asks once for all tasks of a parent, and one by one for those that the list does not have",
    () =>
      Effect.gen(function*() {
        const routes = {
          "/sites/blog/tasks": [
            { json: { items: [task("a", "running"), task("b", "failed")] } },
            { json: { items: [task("a", "ok")] } }
          ],
          "/sites/blog/tasks/old": { json: task("old", "ok") }
        }
        const { calls, code, stdout } = yield* run(routes, [
          "--list=http://api/sites/{parent}/tasks",
          "--url=http://api/sites/{parent}/tasks/{id}",
          "--rows=body.items",
          "--id=body.uuid",
          "--state=body.state",
          "--done=ok",
          "--failed=failed",
          "--progress=body.part",
          "--message=body.last",
          "--parent=blog",
          "--format=json",
          "a",
          "b",
          "old"
        ])
        const { items } = parse(stdout)

        assert.strictEqual(code, 3)
        assert.deepStrictEqual(
          items.map(({ handle, message, outcome, progress }) => [handle, outcome, message, progress]),
          [
            ["a", "done", "a is ok", 0.4],
            ["b", "failed", "b is failed", 0.4],
            ["old", "done", "old is ok", 0.4]
          ]
        )
        assert.strictEqual(calls.length, 3)
      })
  )

  cli(
    "ends with 1 when none is done, 3 when some are, 4 when time is up, 5 when nobody answers",
    () =>
      Effect.gen(function*() {
        const routes = {
          "/tasks/bad": states("aborted"),
          "/tasks/ok": states("ok"),
          "/tasks/slow": states("running"),
          "/tasks/down": { status: 500 }
        }
        const code = (...args: ReadonlyArray<string>) => Effect.map(run(routes, [...url, ...args]), ({ code }) => code)

        assert.deepStrictEqual(
          [
            yield* code("bad"),
            yield* code("bad", "ok"),
            yield* code("--timeout", "1m", "slow", "ok"),
            yield* code("down"),
            yield* code("gone"),
            yield* code("--any", "bad", "ok", "slow"),
            yield* code("--quorum", "2", "bad", "bad2", "ok"),
            yield* code("--fail-fast", "slow", "bad")
          ],
          [1, 3, 4, 5, 1, 0, 3, 1]
        )
      })
  )

  cli("R39 a state that is not described is told with its text, and no success", () =>
    Effect.gen(function*() {
      const routes = { "/tasks/t1": states("running", "mystic\u001b[2J") }
      const { code, stderr, stdout } = yield* run(routes, [...url, "--running", "running", "--timeout", "1m", "t1"])

      assert.strictEqual(code, 4)
      assert.include(stderr, "unknown    t1: its state is \"mystic")
      assert.notInclude(stderr + stdout, "\u001b")
      assert.match(stdout, /t1 +timed out +mystic.* it did not end within 1m/)
    }))

  cli(
    "R39 a 401 midway is told, and the wait goes on; headers come from the environment",
    () =>
      Effect.gen(function*() {
        const routes = {
          "/tasks/t1": [...states("running"), { status: 401, json: { message: "session ended" } }, ...states("ok")]
        }
        const { calls, code, stderr } = yield* run(
          routes,
          [...url, "--header", "authorization: Bearer ${env.TOKEN}", "t1"],
          { environment: { TOKEN: "s3cret" } }
        )

        assert.strictEqual(code, 0)
        assert.include(stderr, "GET http://api/tasks/t1: status 401, session ended")
        assert.deepStrictEqual(calls.map((call) => (call["headers"] as { authorization: string }).authorization), [
          "Bearer s3cret",
          "Bearer s3cret",
          "Bearer s3cret"
        ])
      })
  )

  cli("reads handles from files: lines, JSON lines, and what batch prints", () =>
    Effect.gen(function*() {
      const routes = { "/tasks/:id": states("ok") }
      const { stdout } = yield* run(
        routes,
        [...url, "--format", "json", "--file", "lines.txt", "--file", "batch.json", "--file", "items.jsonl", "x"],
        {
          files: {
            "lines.txt": "# two\na\n\nb\n",
            "batch.json": "{\"handles\": [\"c\", \"a\"], \"failures\": []}",
            "items.jsonl":
              "{\"item\": 1, \"output\": {\"handles\": [\"d\"]}}\n{\"handle\": \"e\", \"id\": \"no\"}\n\"f\"\n"
          }
        }
      )

      assert.deepStrictEqual(parse(stdout).items.map(({ handle }) => handle), ["x", "a", "b", "c", "d", "e", "f"])
    }))

  cli(
    "a handle file has the outcomes, and a wait that goes on from it does not look at those again",
    () =>
      Effect.gen(function*() {
        const stopped = yield* run({ "/tasks/t1": states("ok"), "/tasks/t2": states("running") }, [
          ...url,
          "--handles",
          "wait.json",
          "t1",
          "t2"
        ], { stopAfter: 30 })
        const text = yield* stopped.read("wait.json")
        assert.strictEqual(stopped.code, 130, stopped.stderr)
        assert.match(stopped.stdout, /t1 +done.*\nt2 +not awaited/)

        const again = yield* run({ "/tasks/t2": states("running", "ok") }, [
          "--handles",
          "wait.json",
          "--format",
          "json"
        ], { files: { "wait.json": text } })
        const answer = again.stdout.slice(again.stdout.indexOf("{"))

        assert.strictEqual(again.code, 0, again.stderr)
        assert.deepStrictEqual(parse(answer).items.map(({ handle, outcome }) => [handle, outcome]), [["t1", "done"], [
          "t2",
          "done"
        ]])
        assert.isTrue(again.calls.every((call) => call["path"] === "/tasks/t2"))
      })
  )

  cli("says what is wrong with the flags, with 2", () =>
    Effect.gen(function*() {
      assert.include(yield* said("t1"), "2 error: \"t1\" is no workflow of a profile")
      assert.include(yield* said("--url", "http://api/{id}", "t1"), "it takes --state and --done")
      assert.include(yield* said("--url", "http://api/", ...flags, "t1"), "--url has no {id}")
      assert.include(
        yield* said("--url", "http://a/{id}", "--state", "bdy.x", "--done", "ok", "t1"),
        "did you mean body?"
      )
      assert.include(yield* said(...url), "there is nothing to wait for")
      assert.include(yield* said("--handles", "new.json"), "there is nothing to wait for: new.json is not there yet")
      assert.include(yield* said(...url, "--file", "none.txt"), "cannot read --file none.txt: no such file")
      assert.include(yield* said(...url, "--quorum", "3", "a", "b"), "--quorum 3 cannot happen: 2 are waited for")
      assert.include(yield* said(...url, "--any", "--quorum", "2", "t1"), "only one can be")
      assert.include(yield* said(...url, "--header", "nonsense", "t1"), "--header is not like name: value")
      assert.include(yield* said("--list", "http://a/{parent}", ...flags, "t1"), "write parent/id, or give --parent")
    }))

  cli("is quiet when it is to be", () =>
    Effect.gen(function*() {
      const { stderr } = yield* run({ "/tasks/t1": states("running", "ok") }, [...url, "-q", "t1"])

      assert.strictEqual(stderr, "")
    }))
})
