/** Reads the contract files that steps name before anything runs, so that a wrong one is a problem at its place. */
import { Effect, type FileSystem, type Path } from "effect"
import type { Problem } from "../../core/SourceText.ts"
import type { CompiledScenario, CompiledStep } from "../../scenario/compile/Compiled.ts"
import { innerSteps } from "../../scenario/compile/StepWork.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as SafePath from "../../scenario/SafePath.ts"
import type { Expectation } from "../../scenario/Scenario.ts"

type ContractFile = Extract<Expectation, { readonly _tag: "JsonSchema" | "OpenApi" }>

/** One problem per contract that cannot be used: no such file, no such operation, a schema that is none. */
export const problems = (
  scenarios: ReadonlyArray<CompiledScenario>,
  options: { readonly root: string; readonly allowOutside: boolean }
): Effect.Effect<ReadonlyArray<Problem>, never, FileSystem.FileSystem | Path.Path> => {
  const named = scenarios.flatMap((compiled) =>
    contractsOf([...compiled.setup, ...compiled.steps, ...compiled.teardown]).map((contract) => ({
      compiled,
      contract
    }))
  )
  // The validators are large: they are loaded only where a file names a contract.
  if (named.length === 0) return Effect.succeed([])
  return Effect.gen(function*() {
    const contracts = yield* Contract.Contracts
    const found = yield* Effect.forEach(named, ({ compiled: { directory }, contract }) => {
      const bounds = {
        directory,
        root: SafePath.rootOf(directory, options.root),
        allowOutside: options.allowOutside
      }
      const read = contract._tag === "JsonSchema"
        ? Effect.asVoid(contracts.schema(contract.file, bounds))
        : Effect.asVoid(contracts.operation(contract.file, contract.operation, bounds))
      return Effect.match(read, {
        onSuccess: (): ReadonlyArray<Problem> => [],
        onFailure: (
          { hint, message }
        ): ReadonlyArray<Problem> => [{ code: "contract", message, hint, severity: "error", span: contract.span }]
      })
    }, { concurrency: 8 })
    return found.flat()
  }).pipe(Effect.provide(Contract.layer, { local: true }))
}

const contractsOf = (steps: ReadonlyArray<CompiledStep>): ReadonlyArray<ContractFile> =>
  steps.flatMap((step) => [
    ...step.expect.flatMap(({ expectation }) =>
      expectation._tag === "JsonSchema" || expectation._tag === "OpenApi" ? [expectation] : []
    ),
    ...contractsOf(innerSteps(step.body))
  ])
