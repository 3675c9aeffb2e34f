/** `Testing.run` for the tests of skein itself: mocks on real sockets, and services that a test has to bring if it uses them. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Masking } from "../../src/core/Masking.ts"
import * as NodeMockServer from "../../src/layers/embedded/NodeMockServer.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import type * as Action from "../../src/scenario/Action.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"
import { DocumentStore } from "../../src/services/DocumentStore.ts"
import { Jq } from "../../src/services/Jq.ts"
import { MessageBroker } from "../../src/services/MessageBroker.ts"
import { Postgres } from "../../src/services/Postgres.ts"
import * as Testing from "../../src/testing.ts"

export type { Outcome } from "../../src/testing.ts"

/** What the runner needs, without jq and stores: tests that use those bring their own. */
export const layer = Layer.mergeAll(
  NodeMockServer.layer,
  FakeSecrets.layer,
  FakeStopSignal.layer,
  Layer.mock(Jq)({}),
  Layer.mock(Postgres)({}),
  Layer.mock(DocumentStore)({}),
  Layer.mock(MessageBroker)({}),
  Layer.mock(CacheStore)({})
).pipe(Layer.provideMerge(Masking.layer), Layer.provideMerge(NodeServices.layer))

/** Writes files into a folder of their own; answers with its absolute path. */
export const write = (files: Readonly<Record<string, string>>) => Effect.orDie(Testing.write(files))

/** Runs all scenarios of a set of files. Files with errors are a defect: such tests look at `Runner.plan`. */
export const run = <A extends Action.Any>(
  files: Readonly<Record<string, string>>,
  actions: ReadonlyArray<A>,
  options: Omit<Testing.Options<A>, "actions"> = {}
) => Effect.orDie(Testing.run(files, { ...options, actions }))
