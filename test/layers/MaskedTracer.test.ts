import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Tracer } from "effect"
import { Masking } from "../../src/core/Masking.ts"
import * as MaskedTracer from "../../src/layers/live/MaskedTracer.ts"

const token = "correct-horse"

/** What a collector sees of each span, once it has ended. */
const collect = Effect.fnUntraced(function*<A, E>(traced: Effect.Effect<A, E>) {
  const seen: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (at, exit) => {
        end(at, exit)
        const why = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
        seen.push([span.name, JSON.stringify([...span.attributes]), JSON.stringify(span.events, text), why].join(" "))
      }
      return span
    }
  })
  const layer = MaskedTracer.layer.pipe(
    Layer.provide(Layer.succeed(Tracer.Tracer, tracer)),
    Layer.provideMerge(Masking.layer)
  )
  yield* Effect.andThen(Masking.use((masking) => Effect.sync(() => masking.add(token))), Effect.exit(traced)).pipe(
    Effect.provide(layer)
  )
  return seen
})

const text = (_: string, value: unknown) => typeof value === "bigint" ? String(value) : value

describe("MaskedTracer", () => {
  it.effect("R15 names, attributes, events and errors of spans hold no secret", () =>
    Effect.gen(function*() {
      const [inner, outer] = yield* collect(
        Effect.fail(new TypeError(`cannot use ${token}`)).pipe(
          Effect.tapError(() => Effect.log(`tried ${token}`)),
          Effect.withSpan(`inner ${token}`, { attributes: { url: `http://a.test/?t=${token}`, n: 1 } }),
          Effect.withSpan("outer")
        )
      )

      assert.match(inner!, /^inner \*\*\* .*\?t=\*\*\*.*\["n",1\].*tried \*\*\*.*TypeError: cannot use \*\*\*/s)
      assert.include(outer!, "TypeError: cannot use ***")
      assert.notInclude(`${inner} ${outer}`, token)
    }))

  it.effect("an interruption stays one", () =>
    Effect.gen(function*() {
      const [span] = yield* collect(Effect.interrupt.pipe(Effect.withSpan("stopped")))

      assert.match(span!, /interrupt/i)
    }))
})
