/**
 * What one thread has to tell of one second, as bytes: the port between those who make load and the one who adds it up, be they threads
 * or machines.
 */
import { Histogram } from "../../../core/Histogram.ts"
import { Reader, Writer } from "../../../core/Varint.ts"
import type { HealthSample } from "../../../services/GeneratorHealth.ts"
import type { Recorder } from "./Recorder.ts"

export interface FrameHead {
  /** Seconds since the end of the warm-up, rounded down: negative ones are warm-up. */
  readonly at: number
  /** Seconds since the end of the warm-up at which the frame was made. */
  readonly until: number
  readonly health: Health
}

/** How the thread fared in that second. */
export interface Health extends HealthSample {
  /** Since the thread began, and at this moment. */
  readonly socketsOpened: number
  readonly socketsOpen: number
}

/** Raised with every change of the bytes: all who take part in a run are of one version. */
const version = 1

export const encode = ({ at, health, until }: FrameHead, recorder: Recorder): Uint8Array<ArrayBuffer> => {
  const writer = new Writer()
  writer.number(version)
  writer.float(at)
  writer.float(until)
  for (const field of floatFields) writer.float(health[field])
  health.lag.write(writer)
  recorder.write(writer)
  return writer.done()
}

/** Reads the head of a frame, and adds its figures to each of `recorders`. Throws `RangeError` for bytes that are no frame. */
export const decode = (bytes: Uint8Array, recorders: (at: number) => ReadonlyArray<Recorder>): FrameHead => {
  const reader = new Reader(bytes)
  const found = reader.number()
  if (found !== version) throw new RangeError(`a frame of version ${found} cannot be read by version ${version}`)
  const at = reader.float()
  const until = reader.float()
  const health = {
    cpu: reader.float(),
    gcCount: reader.float(),
    gcMillis: reader.float(),
    rssBytes: reader.float(),
    heapBytes: reader.float(),
    socketsOpened: reader.float(),
    socketsOpen: reader.float()
  }
  const lag = new Histogram()
  lag.addFrom(reader)
  for (const recorder of recorders(at)) recorder.addFrom(reader.fork())
  return { at, until, health: { ...health, lag } }
}

/** In the order in which `decode` reads them. */
const floatFields = ["cpu", "gcCount", "gcMillis", "rssBytes", "heapBytes", "socketsOpened", "socketsOpen"] as const
