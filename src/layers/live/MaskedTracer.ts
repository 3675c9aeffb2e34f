/**
 * Hides secrets from whoever collects spans: names, attributes, events and errors pass the masking sink. Spans of skein's own
 * name no values, but what fails inside of one says why, and a client's spans have the URL.
 */
import { Cause, Effect, Exit, Layer, Tracer } from "effect"
import { Masking } from "../../core/Masking.ts"

/** Stands before the tracer that is there. */
export const layer: Layer.Layer<never, never, Masking> = Layer.effect(
  Tracer.Tracer,
  Effect.gen(function*() {
    const tracer = yield* Tracer.Tracer
    const masking = yield* Masking
    return Tracer.make({
      span: (options) => masked(tracer.span({ ...options, name: masking.text(options.name) }), masking),
      context: tracer.context
    })
  })
)

/** The span itself, so that its collector knows it; what it is told goes through the sink. */
const masked = (span: Tracer.Span, masking: Masking["Service"]): Tracer.Span => {
  const attribute = span.attribute.bind(span)
  const event = span.event.bind(span)
  const end = span.end.bind(span)
  span.attribute = (key, value) => attribute(key, masking.deep(value))
  span.event = (name, at, attributes) => event(masking.text(name), at, masking.deep(attributes))
  span.end = (at, exit) => end(at, maskExit(exit, masking))
  return span
}

/** Collectors read errors as text, so text is what is left of them. */
const maskExit = (exit: Exit.Exit<unknown, unknown>, masking: Masking["Service"]): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return exit
  const errors = Cause.prettyErrors(exit.cause, { includeCauseInStack: true })
  return Exit.failCause(Cause.fromReasons(errors.map((error) => Cause.makeFailReason(maskError(error, masking)))))
}

const maskError = ({ message, name, stack }: Error, masking: Masking["Service"]): Error =>
  Object.assign(new Error(masking.text(message)), {
    name,
    ...(stack === undefined ? {} : { stack: masking.text(stack) })
  })
