/**
 * skein as a library: programs, the scenario language, and the live layers. It never touches the process: no signal handlers,
 * no exit, no output. `skein/testing` has the fakes.
 */
export * as CodeFrame from "./core/CodeFrame.ts"
export { Masking } from "./core/Masking.ts"
export * as Skein from "./layers/Live.ts"
export * as Report from "./programs/report/Report.ts"
export * as ReportFold from "./programs/report/ReportFold.ts"
export * as Runner from "./programs/Runner.ts"
export * as Action from "./scenario/Action.ts"
export { builtin } from "./scenario/actions/builtin.ts"
export * as Scenario from "./scenario/Build.ts"
export * as Fields from "./scenario/Fields.ts"
export { StopSignal } from "./services/StopSignal.ts"
