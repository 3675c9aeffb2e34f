/**
 * Stub APIs without a socket: {@link FakeHttpClient} answers for them, so that a `delay` passes by the clock of the test. They have
 * addresses like real ones, but only that client can reach them.
 */
import { Effect, Layer, Result } from "effect"
import * as MockRoutes from "../../services/http/MockRoutes.ts"
import { type Definition, MockServer, MockServerError } from "../../services/MockServer.ts"
import { FakeHttpClient } from "./FakeHttpClient.ts"

export const layer: Layer.Layer<MockServer, never, FakeHttpClient> = Layer.effect(
  MockServer,
  Effect.gen(function*() {
    const client = yield* FakeHttpClient
    let port = 20_000

    return MockServer.of({
      start: Effect.fn("MockServer.start")(function*(definition: Definition) {
        const routes = MockRoutes.make(definition)
        if (Result.isFailure(routes)) {
          return yield* new MockServerError({ reason: "Invalid", problems: routes.failure })
        }
        port++
        const url = `http://127.0.0.1:${port}`
        yield* client.mount(url, routes.success)
        return { url, calls: routes.success.calls }
      })
    })
  })
)
