/** The options of `connect` with their defaults: the one place that has them. */
import { Duration } from "effect"
import type { ConnectOptions } from "../../../services/MessageBroker.ts"

export interface Settings {
  readonly connectMillis: number
  /** Absent when only the URL may say it. */
  readonly heartbeatSeconds: number | undefined
  readonly confirmMillis: number
  readonly maxUnconfirmed: number
  readonly maxChannels: number
  readonly minChannels: number
  readonly idleMillis: number
  readonly lifeMillis: number
  readonly acquireMillis: number
  readonly healthMillis: number
  /** Infinity when a lost connection is waited for however long it takes. */
  readonly reconnectMillis: number
  readonly delayMillis: number
  readonly maxDelayMillis: number
  readonly applicationName: string
}

export const defaultHeartbeatSeconds = 10

export const of = (options: ConnectOptions): Settings => ({
  connectMillis: millis(options.connectTimeout ?? "10 seconds"),
  heartbeatSeconds: options.heartbeat === undefined
    ? undefined
    : Math.max(1, Math.round(millis(options.heartbeat) / 1_000)),
  confirmMillis: millis(options.confirmTimeout ?? "10 seconds"),
  maxUnconfirmed: Math.max(1, options.maxUnconfirmed ?? 1_024),
  maxChannels: Math.max(1, options.maxChannels ?? 10),
  minChannels: options.minChannels ?? 2,
  idleMillis: millis(options.idleTimeout ?? "1 hour"),
  lifeMillis: millis(options.maxLifetime ?? "2 hours"),
  acquireMillis: millis(options.acquireTimeout ?? "15 seconds"),
  healthMillis: millis(options.healthInterval ?? "30 minutes"),
  reconnectMillis: options.reconnectTimeout === undefined ? Infinity : millis(options.reconnectTimeout),
  delayMillis: millis(options.reconnectDelay ?? "100 millis"),
  maxDelayMillis: millis(options.maxReconnectDelay ?? "10 seconds"),
  applicationName: options.applicationName ?? "skein"
})

const millis = (duration: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(duration))
