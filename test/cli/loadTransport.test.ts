/** `skein load` over HTTP/2 and through proxies. The generator of a busy machine may call itself too slow (exit code 6): then the figures stand all the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import { LoadResult } from "../../src/programs/load/LoadResult.ts"
import * as HttpServers from "../support/HttpServers.ts"
import { call, folder } from "./commandLine.ts"

const read = Schema.decodeUnknownSync(Schema.fromJsonString(LoadResult))
const password = "r1ght-pa55word"
const login = `ada:${password}`

/** Answers `hello`, and counts. */
const counting = () => {
  const versions: Array<string> = []
  return {
    versions,
    listener: (request: { readonly httpVersion: string }, response: { readonly end: (text: string) => unknown }) => {
      versions.push(request.httpVersion)
      response.end("hello")
    },
    listener2: (request: Http2ServerRequest, response: Http2ServerResponse) => {
      versions.push(request.httpVersion)
      response.end("hello")
    }
  }
}

/** Runs `skein load`, in an empty folder unless there are files. */
const load = (
  args: ReadonlyArray<string>,
  { environment = {}, files = {} }: {
    readonly environment?: Readonly<Record<string, string>>
    readonly files?: Readonly<Record<string, string>>
  } = {}
) =>
  Effect.promise(async () => {
    using here = folder(files)
    const ended = await call(["load", ...args], here.path, environment)
    for (const output of [ended.stdout, ended.stderr]) {
      for (const secret of [password, Buffer.from(login).toString("base64")]) assert.notInclude(output, secret)
    }
    return ended
  })

const measured = (...given: Parameters<typeof load>) =>
  Effect.map(load(["--format", "json", ...given[0]], given[1]), (ended) => {
    assert.oneOf(ended.code, [0, 6], ended.stderr)
    return { ...ended, result: read(ended.stdout) }
  })

const withLogin = (url: string, as = login): string => url.replace("//", `//${as}@`)

describe("skein load --http2", () => {
  it.live.each([["over TLS", true], ["without TLS, by prior knowledge", false]] as const)(
    "%s",
    ([, secure]) =>
      Effect.gen(function*() {
        const { listener2, versions } = counting()
        const target = secure
          ? yield* HttpServers.http2(HttpServers.identity("server"), listener2)
          : yield* HttpServers.h2c(listener2)

        for (const more of [[], ["--threads", "2"], ["--no-keepalive"]]) {
          versions.length = 0
          const { result, stderr } = yield* measured([
            "--http2",
            "--insecure",
            "-n",
            "40",
            "-c",
            "4",
            ...more,
            target.url
          ])

          assert.deepInclude(result.requests, { total: 40, failed: 0 })
          assert.deepStrictEqual(versions, Array(40).fill("2.0"))
          assert.strictEqual(result.generator.transport, "undici: HTTP/2 was asked for")
          assert.include(stderr, "sent over undici: HTTP/2 was asked for (undici is slower than bare sockets)")
        }
        const { stdout } = yield* load(["--http2", "--insecure", "-n", "40", "-c", "4", target.url])
        assert.match(stdout, /· undici: HTTP\/2 was asked for$/m)
      })
  )

  it.live("ends before the load where the target does not speak it", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const plain = yield* HttpServers.http(listener)
      const tls = yield* HttpServers.https(HttpServers.identity("server"), listener)

      const [without, over] = [
        yield* load(["--http2", "-n", "10", plain.url]),
        yield* load(["--http2", "--insecure", "-n", "10", tls.url])
      ]

      assert.deepStrictEqual([without.code, over.code, without.stdout, over.stdout], [5, 5, "", ""])
      assert.include(without.stderr, `127.0.0.1:${plain.port} does not speak HTTP/2 without TLS`)
      assert.include(over.stderr, `localhost:${tls.port} does not speak HTTP/2: over TLS it takes http/1.1`)
      assert.deepStrictEqual(versions, [])
    }))
})

describe("skein load --proxy", () => {
  it.live("counts what goes through a tunnel, and what is forwarded, as the server counts it", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const secure = yield* HttpServers.https(HttpServers.identity("server"), listener)
      const plain = yield* HttpServers.http(listener)
      const tunnels = yield* HttpServers.proxy(() => secure.port, { login })
      const forwards = yield* HttpServers.proxy(() => plain.port, { login, forwards: true })

      for (const [proxy, url] of [[tunnels, secure.url], [forwards, plain.url]] as const) {
        for (const more of [[], ["--threads", "2"], ["--rate", "200"]]) {
          versions.length = 0
          const { result } = yield* measured(
            ["--proxy", withLogin(proxy.url), "--insecure", "-n", "40", "-c", "4", ...more, url]
          )

          assert.deepInclude(result.requests, { total: 40, failed: 0 })
          assert.strictEqual(versions.length, 40)
          assert.strictEqual(
            result.generator.transport,
            `undici: the requests go through the proxy ${proxy.url}`
          )
          assert.include(JSON.stringify(result.configuration), `"proxy":"${proxy.url}"`)
        }
      }
      assert.isAtLeast(tunnels.seen.filter((line) => line.startsWith("CONNECT localhost:")).length, 12)
      assert.strictEqual(forwards.seen.filter((line) => line.startsWith(`GET ${plain.url}/ Basic `)).length, 120)
    }))

  it.live("speaks HTTP/2 through a tunnel", () =>
    Effect.gen(function*() {
      const { listener2, versions } = counting()
      const target = yield* HttpServers.http2(HttpServers.identity("server"), listener2)
      const proxy = yield* HttpServers.proxy(() => target.port, { login })

      const { result } = yield* measured(
        ["--http2", "--proxy", withLogin(proxy.url), "--insecure", "-n", "20", "-c", "2", target.url]
      )

      assert.deepStrictEqual(versions, Array(20).fill("2.0"))
      assert.strictEqual(
        result.generator.transport,
        `undici: HTTP/2 was asked for, and the requests go through the proxy ${proxy.url}`
      )
    }))

  it.live("names a proxy that refuses or is not there, and not its password; nothing is sent", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const target = yield* HttpServers.http(listener)
      const proxy = yield* HttpServers.proxy(() => target.port, { login: "ada:another-one", forwards: true })
      const closed = yield* Effect.scoped(HttpServers.http(listener))

      for (const url of [target.url, "https://shop.test/"]) {
        const refused = yield* load(["--proxy", withLogin(proxy.url), "-n", "10", url])
        assert.deepStrictEqual([refused.code, refused.stdout], [5, ""])
        assert.include(refused.stderr, `the proxy ${proxy.url} wants another user and password (407)`)
        const unreached = yield* load(["--proxy", withLogin(closed.url), "-n", "10", url])
        assert.deepStrictEqual([unreached.code, unreached.stdout], [5, ""])
        assert.include(
          unreached.stderr,
          `the proxy ${closed.url} is not reached: nothing accepts connections at 127.0.0.1:${closed.port}`
        )
      }
      assert.deepStrictEqual(versions, [])
    }))

  it.live("is the one of the environment where the flag names none, as for skein run", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const target = yield* HttpServers.http(listener)
      const proxy = yield* HttpServers.proxy(() => target.port, { login, forwards: true })
      const environment = { http_proxy: withLogin(proxy.url), no_proxy: "direct.test" }

      const through = yield* measured(["-n", "10", "-c", "2", "http://shop.test/"], { environment })
      assert.strictEqual(through.result.generator.transport, `undici: the requests go through the proxy ${proxy.url}`)
      assert.deepStrictEqual([versions.length, proxy.seen.filter((line) => line.startsWith("GET")).length], [10, 10])

      const loopback = yield* measured(["-n", "10", "-c", "2", target.url], { environment })
      const excepted = yield* measured(
        ["-n", "10", "-c", "2", "--resolve", "direct.test=127.0.0.1", `http://direct.test:${target.port}/`],
        { environment }
      )
      const directly = yield* measured([
        "-n",
        "10",
        "-c",
        "2",
        "--proxy",
        "false",
        "--resolve",
        "shop.test=127.0.0.1",
        `http://shop.test:${target.port}/`
      ], { environment })
      for (const { result, stderr } of [loopback, excepted, directly]) {
        assert.strictEqual(result.generator.transport, "bare sockets")
        assert.notInclude(stderr, "undici")
      }
      assert.strictEqual(proxy.seen.filter((line) => line.startsWith("GET")).length, 10)
    }))

  const refused: ReadonlyArray<readonly [args: ReadonlyArray<string>, said: string]> = [
    [
      ["--proxy", `socks5://${login}@127.0.0.1:1`, "http://127.0.0.1/"],
      "--proxy: the proxy is socks5:, only http: and https:"
    ],
    [["--proxy", "http://ada:50%@p:1", "http://127.0.0.1/"], "of the proxy http://p:1 holds a bare %: write it as %25"],
    [
      ["--proxy", `p.test:3128`, "--resolve", "a.test=127.0.0.1", "http://a.test/"],
      "--resolve: the proxy http://p.test:3128 looks names up itself"
    ],
    [["a.yaml", "--http2", "--proxy", "http://p:1"], "--http2, --proxy: only for the load of a URL"]
  ]
  it.live.each(refused)("is refused before anything runs: %j", ([args, said]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* load(args, { files: { "a.yaml": "steps: [log: x]" } })

      assert.strictEqual(code, 2)
      assert.include(stderr, said)
    }))
})

describe("skein load FILE", () => {
  it.live("sends each step as it says, and names the ways", () =>
    Effect.gen(function*() {
      const { listener2, versions } = counting()
      const h2c = yield* HttpServers.h2c(listener2)
      const plain = counting()
      const target = yield* HttpServers.http(plain.listener)
      const proxy = yield* HttpServers.proxy(() => target.port, { login, forwards: true })
      const files = {
        "a.yaml": `
vars: { proxy: "${withLogin(proxy.url)}" }
load: { iterations: 6, vus: 2 }
steps:
  - { name: Straight, http: "${target.url}/straight" }
  - { name: Proxied, http: { url: "${target.url}/proxied", proxy: "\${proxy}" } }
  - { name: Two, http: { url: "${h2c.url}/two", http2: required } }
`
      }

      for (const more of [[], ["--threads", "2"]]) {
        versions.length = 0
        plain.versions.length = 0
        const before = proxy.seen.length
        const { result, stderr } = yield* measured(["a.yaml", ...more], { files })

        assert.deepStrictEqual(result.errors.kinds, [])
        assert.deepStrictEqual(versions, Array(6).fill("2.0"))
        assert.strictEqual(plain.versions.length, 12)
        assert.strictEqual(proxy.seen.slice(before).filter((line) => line.startsWith("GET")).length, 6)
        assert.strictEqual(
          result.generator.transport,
          `bare sockets; undici for Proxied: the requests go through the proxy ${proxy.url}; undici for Two: HTTP/2 was asked for`
        )
        assert.include(stderr, `sent over ${result.generator.transport}`)
      }
    }))

  it.live("goes through the proxies that skein run goes through", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const target = yield* HttpServers.http(listener)
      const proxy = yield* HttpServers.proxy(() => target.port, { login, forwards: true })
      const step = `load: { iterations: 4, vus: 2 }\nsteps: [http: "http://shop.test/\${row.id}"]\ndata: [{ id: 1 }]\n`
      const named = { files: { "a.yaml": step, "skein.yaml": `http: { proxy: "${withLogin(proxy.url)}" }` } }
      const around = { files: { "a.yaml": step }, environment: { http_proxy: withLogin(proxy.url) } }

      for (const given of [named, around]) {
        const { result } = yield* measured(["a.yaml"], given)
        assert.deepStrictEqual(result.errors.kinds, [])
        assert.include(result.generator.transport, `undici: the requests go through the proxy ${proxy.url}`)
      }
      assert.strictEqual(versions.length, 8)
    }))

  it.live("ends before the load where no way leads to what a step asks in any case", () =>
    Effect.gen(function*() {
      const { listener, versions } = counting()
      const target = yield* HttpServers.http(listener)
      const files = {
        "a.yaml": `
load: { iterations: 4, vus: 2 }
steps: [{ name: Two, http: { url: "${target.url}", http2: required } }]
`,
        "b.yaml": `
name: B
load: { iterations: 4, vus: 2 }
steps: [{ name: Far, http: { url: "${target.url}", proxy: "http://${login}@127.0.0.1:1" } }]
`
      }
      const [two, far] = [yield* load(["a.yaml"], { files }), yield* load(["b.yaml"], { files })]

      assert.deepStrictEqual([two.code, far.code], [5, 5])
      assert.include(two.stderr, `step "Two": 127.0.0.1:${target.port} does not speak HTTP/2 without TLS`)
      assert.include(
        far.stderr,
        `B: step "Far": the proxy http://127.0.0.1:1 is not reached: nothing accepts connections`
      )
      assert.deepStrictEqual(versions, [])
    }))

  it.live("finds URLs that are not spoken before anything runs, with their place", () =>
    Effect.gen(function*() {
      const files = {
        "ws.yaml": "steps:\n  - http: wss://127.0.0.1/events\n",
        "grpc.yaml": "steps:\n  - http: { url: grpc://127.0.0.1:1/x }\n"
      }
      const [ws, grpc] = [yield* load(["ws.yaml"], { files }), yield* load(["grpc.yaml"], { files })]

      assert.deepStrictEqual([ws.code, grpc.code], [2, 2])
      assert.include(ws.stderr, "http: speaks http: and https:, not wss:; WebSocket and gRPC are not spoken")
      assert.match(ws.stderr, /ws\.yaml:2:5/)
      assert.include(grpc.stderr, "not grpc:; WebSocket and gRPC are not spoken")
      assert.match(grpc.stderr, /grpc\.yaml:2:5/)
    }))
})
