/** `skein wait` in this process, in virtual time. */
import { it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer, type Scope } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import { setTimeout } from "node:timers/promises"
import { Machine, type MachineServices } from "../../src/cli/Machine.ts"
import { main } from "../../src/cli/main.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import type { Definition } from "../../src/services/MockServer.ts"
import * as Testing from "../../src/testing.ts"
import * as VirtualTime from "../support/virtualTime.ts"
import { invocation } from "./invocation.ts"

type Routes = NonNullable<Definition["routes"]>

/** Runs `skein wait` in a folder that has `files`, for an hour and more of virtual time. */
export const run = (
  routes: Routes,
  args: ReadonlyArray<string>,
  options: {
    readonly files?: Readonly<Record<string, string>>
    readonly environment?: Readonly<Record<string, string>>
    /** Looks that an API has seen which is served beside the routes. */
    readonly looks?: Effect.Effect<number>
    /** Seconds until Ctrl-C. */
    readonly stopAfter?: number
  } = {}
) =>
  Effect.gen(function*() {
    const http = yield* Testing.FakeHttpClient
    yield* http.setRoutes(routes)
    const looks = options.looks ?? Effect.map(http.calls, ({ length }) => length)
    const before = yield* looks
    const directory = yield* Testing.write(options.files ?? {})
    const context = yield* Effect.context<Testing.Services | Testing.Controls>()
    // What else a machine has, waiting does not ask for.
    const services = () => Layer.succeedContext(context) as unknown as Layer.Layer<MachineServices>
    const machine = Layer.succeed(Machine, {
      services,
      modules: Layer.empty as never,
      load: Layer.empty as never,
      fakeServers: Layer.empty as never,
      staySmall: Effect.void,
      bundled: false
    })
    const { environment } = options
    const fiber = yield* main(["wait", ...args]).pipe(
      Effect.provide(
        Layer.merge(invocation(environment === undefined ? { directory } : { directory, environment }), machine)
      ),
      Effect.forkChild
    )
    const control = yield* Testing.FakeStopSignal
    // Modules are real: virtual time begins with the first look.
    while (fiber.pollUnsafe() === undefined && (yield* looks) === before) {
      yield* Effect.promise(() => setTimeout(5))
    }
    for (let second = 0; fiber.pollUnsafe() === undefined; second++) {
      if (second === options.stopAfter) yield* control.stop()
      yield* VirtualTime.files
      yield* TestClock.adjust("1 second")
    }
    const code = yield* Fiber.join(fiber)
    const files = yield* FileSystem.FileSystem
    return {
      code,
      directory,
      stdout: (yield* TestConsole.logLines).join("\n"),
      stderr: (yield* TestConsole.errorLines).join("\n"),
      calls: yield* http.calls,
      read: (name: string) => files.readFileString(`${directory}/${name}`)
    }
  }).pipe(Effect.provide(FakeStopSignal.layer, { local: true }))

type Needs = Testing.Services | Testing.Controls | Scope.Scope

/** A test of the command line on fakes. */
export const cli = (name: string, body: () => Effect.Effect<void, unknown, Needs>) =>
  it.effect(name, () => Effect.suspend(body).pipe(Effect.scoped, Effect.provide(Testing.layer())))
