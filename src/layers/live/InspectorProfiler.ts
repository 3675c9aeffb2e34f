/** Profiles through `node:inspector`, one session per recording; nothing listens on a port. */
import { Effect, Layer } from "effect"
import { Session } from "node:inspector"
import { type ProfileKind, Profiler, ProfilerError } from "../../services/Profiler.ts"

const commands = {
  cpu: { start: ["Profiler.enable", "Profiler.start"], stop: "Profiler.stop" },
  heap: { start: ["HeapProfiler.enable", "HeapProfiler.startSampling"], stop: "HeapProfiler.stopSampling" }
} as const

const send = (session: Session, kind: ProfileKind, command: string) =>
  Effect.callback<{ readonly profile?: unknown }, ProfilerError>((resume) =>
    session.post(
      command,
      (cause: Error | null, result?: object) =>
        resume(cause === null ? Effect.succeed(result ?? {}) : Effect.fail(new ProfilerError({ kind, cause })))
    )
  )

const connect = (kind: ProfileKind) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const session = new Session()
        session.connect()
        return session
      },
      catch: (cause) => new ProfilerError({ kind, cause })
    }),
    (session) => Effect.sync(() => session.disconnect())
  )

export const layer: Layer.Layer<Profiler> = Layer.succeed(Profiler, {
  record: (kind) =>
    connect(kind).pipe(
      Effect.tap((session) => Effect.forEach(commands[kind].start, (command) => send(session, kind, command))),
      Effect.map((session) =>
        Effect.map(send(session, kind, commands[kind].stop), ({ profile }) => JSON.stringify(profile))
      )
    )
})
