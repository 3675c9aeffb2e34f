/**
 * Keeps the secrets of a Robogo case out of what is told about it. That tool printed them: variables called `password` or
 * `api_key`, and the fields that a step calls sensitive. Here the values of both are hidden from the moment they are known,
 * whatever step shows them. What a file declares as a secret goes through the masking sink of the run anyway.
 */
import * as Masking from "../../core/Masking.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import type { CompiledStep } from "../compile/Compiled.ts"
import { Event } from "../Event.ts"

export interface RobogoMasking {
  /** Looks at a variable that has been set, and at all that is in it. */
  readonly learn: (name: string, value: Value) => void
  /** Hides what is known by now in plain data. */
  readonly value: <A>(value: A) => A
  /** Hides it in the texts of a step. */
  readonly event: (event: Event) => Event
}

/** Begins a case with these steps. */
export const make = (steps: ReadonlyArray<CompiledStep>): RobogoMasking => {
  const all = steps.flatMap(withInner)
  const fields = [...new Set(all.flatMap(({ step }) => step.sensitiveFields.map((field) => field.toLowerCase())))]
  // A name that stands so in the file is no secret, though a weak password may be a word of it.
  const plainNames = new Set(all.map(({ label, name }) => name?.constant === undefined ? label : String(name.constant)))
  let known: Masking.Masking["Service"] | undefined
  const isSecret = (name: string): boolean =>
    secretName.test(name) || fields.some((field) => name.toLowerCase().includes(field))
  const learn = (name: string, value: Value): void => {
    if (isRecord(value)) { for (const [key, item] of Object.entries(value)) learn(isSecret(name) ? name : key, item) }
    else if (isArray(value)) { for (const item of value) learn(name, item) }
    else if (value !== null && typeof value !== "boolean" && isSecret(name)) {
      known ??= Masking.make()
      known.add(value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value))
    }
  }
  return {
    learn,
    value: (value) => known === undefined ? value : known.deep(value),
    event: (event) => known === undefined ? event : masked(event, known, plainNames)
  }
}

const secretName = /(password|passwd|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key|credentials?)$/i

const withInner = (step: CompiledStep): ReadonlyArray<CompiledStep> => {
  const { body } = step
  const inner = body._tag === "Group" ? body.steps : body._tag === "Branch" ? [...body.then, ...body.else] : []
  return [step, ...inner.flatMap(withInner)]
}

const masked = (event: Event, known: Masking.Masking["Service"], plainNames: ReadonlySet<string>): Event => {
  const nameOf = (name: string): string => plainNames.has(name) ? name : known.text(name)
  switch (event._tag) {
    case "Log":
      return { ...event, text: known.text(event.text) }
    case "StepRetried":
      return { ...event, failure: known.deep(event.failure) }
    case "StepStarted":
      return { ...event, name: nameOf(event.name) }
    case "StepFinished":
      return {
        ...event,
        name: nameOf(event.name),
        failures: known.deep(event.failures),
        attachments: known.deep(event.attachments),
        ...event.output === undefined ? {} : { output: known.text(event.output) }
      }
    default:
      return event
  }
}
