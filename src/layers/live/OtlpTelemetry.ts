/**
 * Sends traces and metrics to an OpenTelemetry collector, as the usual `OTEL_*` variables say; without them it is not there.
 * What is left is sent when the layer closes, within the time-out of the exporter.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import { ConfigProvider, Effect, Layer } from "effect"
import type { Masking } from "../../core/Masking.ts"
import * as MaskedTracer from "./MaskedTracer.ts"

/** What the specification takes when a variable is not set; Effect's reader would send nothing. */
const defaults = { OTEL_TRACES_EXPORTER: "otlp", OTEL_METRICS_EXPORTER: "otlp", OTEL_SERVICE_NAME: "skein" }

/** True when a collector is named and telemetry is not switched off. */
export const isWanted = (environment: Readonly<Record<string, string>>): boolean =>
  environment["OTEL_SDK_DISABLED"] !== "true" &&
  Object.keys(environment).some((key) => /^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?ENDPOINT$/.test(key))

/** A tracer and a metrics exporter, or nothing. What spans say passes the masking sink. */
export const layer = (environment: Readonly<Record<string, string>>): Layer.Layer<never, never, Masking> =>
  isWanted(environment) ? Layer.unwrap(Effect.promise(() => load(environment, true))) : Layer.empty

/** The metrics exporter alone, or nothing. */
export const metrics = (environment: Readonly<Record<string, string>>): Layer.Layer<never, never, Masking> =>
  isWanted(environment) ? Layer.unwrap(Effect.promise(() => load(environment, false))) : Layer.empty

/** Loaded on demand: a run without a collector pays nothing. */
const load = async (
  environment: Readonly<Record<string, string>>,
  traces: boolean
): Promise<Layer.Layer<never, never, Masking>> => {
  const [{ OtlpMetrics, OtlpSerialization, OtlpTracer }, { FetchHttpClient }] = await Promise.all([
    import("effect/observability"),
    import("effect/http")
  ])
  const serialization = environment["OTEL_EXPORTER_OTLP_PROTOCOL"] === "http/protobuf"
    ? OtlpSerialization.layerProtobuf
    : OtlpSerialization.layerJson
  const tracer = MaskedTracer.layer.pipe(Layer.provide(OtlpTracer.layerFromConfig()))
  return (traces ? Layer.merge(tracer, OtlpMetrics.layerFromConfig()) : OtlpMetrics.layerFromConfig()).pipe(
    Layer.provide([serialization, FetchHttpClient.layer]),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ ...defaults, ...environment })))
  ) as Layer.Layer<never, never, Masking>
}
