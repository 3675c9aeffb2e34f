/** Reports, baselines and comparisons of `skein load`, on a server of this process. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { readdirSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import * as Json from "../../src/programs/load/report/Json.ts"
import { run as simulated } from "../programs/load/simulated.ts"
import { call, folder } from "./commandLine.ts"

let server: Server
let url = ""
let lastAuthorization: string | undefined

beforeAll(async () => {
  server = createServer((request, response) => {
    lastAuthorization = request.headers.authorization
    response.end("hello")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const steady = { seconds: 40, perSecond: 300, memory: 0.2, spread: 0.005 }
const before = Json.write(simulated(1, steady))
const slower = Json.write(simulated(2, { ...steady, slower: 1.3 }))
const short = Json.write(simulated(3, { ...steady, seconds: 5 }))

describe("skein load --report", () => {
  it("writes each format that an extension names, and the text to stdout", async () => {
    using files = folder({})
    const names = ["a.html", "a.json", "a.csv", "a.xml", "a.md", "a.prom", "a.hlog"]
    const flags = names.flatMap((name) => ["--report", join("out", name)])

    const { code, stderr, stdout } = await call(["load", "-n", "50", "-c", "2", ...flags, url], files.path)

    assert.include([0, 6], code, stderr)
    assert.match(stdout, /^closed model: /m)
    assert.sameMembers(readdirSync(join(files.path, "out")), names)
    assert.strictEqual(JSON.parse(readFileSync(join(files.path, "out/a.json"), "utf8")).requests.total, 50)
  })

  it("says before anything runs what is no format, and that two want one file", async () => {
    using files = folder({})

    const [unknown, twice] = [
      await call(["load", "--report", "a.pdf", url], files.path),
      await call(["load", "--report", "a.csv", "--report", "csv=a.csv", url], files.path)
    ]

    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.stderr, "--report a.pdf: that is no report format. Known: json (.json)")
    assert.strictEqual(twice.code, 2)
    assert.include(twice.stderr, "two reports would be written to a.csv")
  })

  it("says before anything runs what is no place for a file, all of it at once", async () => {
    using files = folder({ "file": "" })

    const { code, stderr, stdout } = await call(
      ["load", "-n", "50", "--report", "file/a.csv", "--report", "csv=.", "--report", "b.csv", url],
      files.path
    )

    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /could not be written to .*file\/a\.csv: a part of the path is a file, not a folder/)
    assert.include(stderr, `could not be written to ${files.path}: it is a folder; name a file in it`)
    assert.isFalse(files.has("b.csv"))
  })

  it("goes on when one cannot be written after all, and exits with 5 when all was well otherwise", async () => {
    using files = folder({})

    const { code, stderr } = await call(
      ["load", "-n", "50", "-c", "2", "--report", "csv=/dev/full", "--report", "b.csv", url],
      files.path
    )

    assert.include(stderr, "the csv report could not be written to")
    assert.isTrue(files.has("b.csv"))
    assert.include([5, 6], code)
  })
})

describe("skein schema --of load-result", () => {
  it("is what skein load --format json prints", async () => {
    using files = folder({})
    const [schema, result] = [
      await call(["schema", "--of", "load-result"], files.path),
      await call(["load", "-n", "50", "-c", "2", "--format", "json", url], files.path)
    ]

    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schema.stdout))
    assert.isTrue(validate(JSON.parse(result.stdout)), JSON.stringify(validate.errors))
  })
})

describe("skein schema --of load-comparison", () => {
  it("is what skein load compare --format json prints, and what --report c.json holds", async () => {
    using files = folder({ "before.json": before, "after.json": slower })
    const compare = ["load", "compare", "before.json", "after.json"]
    const [schema, result] = [
      await call(["schema", "--of", "load-comparison"], files.path),
      await call([...compare, "--format", "json", "--report", "c.json"], files.path)
    ]

    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schema.stdout))
    assert.isTrue(validate(JSON.parse(result.stdout)), JSON.stringify(validate.errors))
    assert.deepStrictEqual(JSON.parse(readFileSync(join(files.path, "c.json"), "utf8")), JSON.parse(result.stdout))
    assert.isFalse(validate(JSON.parse(before)))
  })
})

describe("skein load --rate", () => {
  it("takes rates a second, a minute and an hour", async () => {
    using files = folder({})

    for (const rate of ["40", "40/s", "2400/m", "144000/h"]) {
      const { stdout } = await call(["load", "--rate", rate, "-n", "4", "--format", "json", url], files.path)

      assert.strictEqual(JSON.parse(stdout).configuration.loads[0].executor.rate, 40)
      assert.strictEqual(JSON.parse(stdout).iterations.started, 4)
    }
    for (const rate of ["0", "-5", "fast", "2000000/s"]) {
      assert.strictEqual((await call(["load", "--rate", rate, "-n", "4", url], files.path)).code, 2, rate)
    }
  })

  it("says of a host without a scheme how it is written, and of addresses that are none", async () => {
    using files = folder({})

    const [host, address] = [
      await call(["load", "127.0.0.1:8080/x"], files.path),
      await call(["load", "--resolve", "shop.test=nowhere", "--resolve", "a=::1", "http://shop.test/"], files.path)
    ]

    assert.include(host.stderr, "write it as http://127.0.0.1:8080/x")
    assert.strictEqual(host.code, 2)
    assert.include(address.stderr, "--resolve shop.test=nowhere: nowhere is no IP address")
    assert.notInclude(address.stderr, "::1")
    assert.strictEqual(address.code, 2)
  })
})

describe("skein load URL with secrets", () => {
  it("sends the password of the URL as basic authentication, and shows it and secret headers nowhere", async () => {
    using files = folder({})
    const names = ["a.html", "a.json", "a.csv", "a.xml", "a.md", "a.prom", "a.hlog"]
    const target = url.replace("//", "//ann:pass%20word@")
    const [header, query] = ["X-Api-Key: key-4711", "?access_token=tok-0815&page=2"]

    const { stderr, stdout } = await call(
      ["load", "-n", "20", "-c", "2", "-H", header, ...names.flatMap((name) => ["--report", name]), target + query],
      files.path
    )

    assert.strictEqual(lastAuthorization, `Basic ${Buffer.from("ann:pass word").toString("base64")}`)
    const written = names.map((name) => readFileSync(join(files.path, name), "utf8"))
    for (const text of [stderr, stdout, ...written]) {
      assert.notMatch(text, /pass word|pass%20word|key-4711|tok-0815|YW5uOnBhc3Mgd29yZA/)
    }
    assert.include(stdout, "access_token=***&page=2")
  })
})

describe("skein load --dashboard", () => {
  it("says where the page is, and ends with the load", async () => {
    using files = folder({})

    const { code, stderr } = await call(["load", "-n", "50", "-c", "2", "--dashboard", url], files.path)

    assert.match(stderr, /^dashboard: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/m)
    assert.include([0, 6], code)
  })
})

describe("skein load compare", () => {
  it("compares two results: the same is 0, slower 1, what cannot be told 6", async () => {
    using files = folder({ "before.json": before, "after.json": slower, "short.json": short })
    const compare = (after: string, ...flags: ReadonlyArray<string>) =>
      call(["load", "compare", "before.json", after, ...flags], files.path)

    const [same, worse, unclear] = [
      await compare("before.json"),
      await compare("after.json"),
      await compare("short.json")
    ]

    assert.deepStrictEqual(
      [same.code, worse.code, unclear.code],
      [0, 1, 6],
      `${same.stderr}${worse.stderr}${unclear.stderr}`
    )
    assert.match(same.stdout, /^✓ the same$/m)
    assert.match(worse.stdout, /^✗ slower\n {2}rate -2\d\.\d% /m)
    assert.match(unclear.stdout, /^\? cannot tell\n {2}a run was measured for 5 seconds/m)
    assert.strictEqual((await compare("after.json", "--margin", "50%")).code, 0)
  })

  it("writes JSON, Markdown and a page", async () => {
    using files = folder({ "before.json": before, "after.json": slower })

    const { stdout } = await call(
      ["load", "compare", "before.json", "after.json", "--format", "json", "--report", "c.html", "--report", "c.md"],
      files.path
    )

    assert.strictEqual(JSON.parse(stdout).verdict, "slower")
    assert.include(readFileSync(join(files.path, "c.md"), "utf8"), "## ❌ Slower")
    assert.include(readFileSync(join(files.path, "c.html"), "utf8"), "class=\"forest worse\"")
  })

  it("loads two URLs in turns, five times each", async () => {
    using files = folder({})

    const { code, stderr, stdout } = await call([
      "load",
      "compare",
      "-n",
      "40",
      "-c",
      "2",
      url,
      url,
      "--format",
      "json"
    ], files.path)

    assert.include([0, 1, 6], code, stderr)
    const comparison = JSON.parse(stdout)
    assert.deepStrictEqual([comparison.pairs, comparison.method], [5, "pairs"])
    assert.deepStrictEqual([comparison.before.requests, comparison.after.requests], [200, 200])
    assert.strictEqual(stderr.match(/^\d\/5 (before|after )/gm)?.length, 10)
  })

  it("refuses flags that results have no use for", async () => {
    using files = folder({ "before.json": before })

    const { code, stderr } = await call(
      ["load", "compare", "before.json", "before.json", "--rate", "200/s", "--no-keepalive", "--pairs", "6"],
      files.path
    )

    assert.strictEqual(code, 2)
    assert.match(stderr, /--pairs.*only where URLs are compared/)
    assert.match(stderr, /--rate.*--no-keepalive|--no-keepalive.*--rate/)
  })

  it("says what is no result, and takes no URL beside a file", async () => {
    using files = folder({ "before.json": before, "other.json": "{}" })

    const [other, mixed] = [
      await call(["load", "compare", "before.json", "other.json"], files.path),
      await call(["load", "compare", "before.json", url], files.path)
    ]

    assert.strictEqual(other.code, 2)
    assert.match(other.stderr, /other\.json is no result of a load run/)
    assert.strictEqual(mixed.code, 2)
    assert.include(mixed.stderr, "is a URL, and before.json is not")
  })
})

describe("skein load --baseline", () => {
  it("says before anything runs that there is none of that name", async () => {
    using files = folder({})

    const { code, stderr } = await call(["load", "--baseline", "main", "-n", "10", url], files.path)

    assert.strictEqual(code, 2)
    assert.include(stderr, "there is no baseline \"main\"")
    assert.include(stderr, "--save-baseline main")
  })

  it("says before anything runs what is no name, and that a margin has nothing to be the margin of", async () => {
    using files = folder({})

    const [name, margin] = [
      await call(["load", "--save-baseline", "../main", "-n", "10", url], files.path),
      await call(["load", "--margin", "10%", "-n", "10", url], files.path)
    ]

    assert.strictEqual(name.code, 2)
    assert.strictEqual(name.stdout, "")
    assert.include(name.stderr, "\"../main\" is no name of a baseline")
    assert.strictEqual(margin.code, 2)
    assert.include(margin.stderr, "name what to compare with: --baseline name")
  })

  it("compares with what --save-baseline kept", async () => {
    using files = folder({})
    const save = await call(["load", "--save-baseline", "main", "-n", "60", "-c", "2", url], files.path)
    // On a machine this busy the generator itself may have been too slow: then nothing is kept, and that is said.

    if (save.code !== 6) assert.isTrue(files.has(".skein/load/main.json"), save.stderr)
    if (save.code === 6) return assert.include(save.stderr, "is not kept as baseline")

    const { code, stdout } = await call(["load", "--baseline", "main", "-n", "60", "-c", "2", url], files.path)

    assert.strictEqual(code, 6)
    assert.match(
      stdout,
      /\? cannot tell\n[^]*^ {2}a run was measured for (1 second|\d+ seconds); it takes at least 10/m
    )
  })
})
