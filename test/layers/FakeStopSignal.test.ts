import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import { suite } from "../services/StopSignalSuite.ts"

suite("fake", FakeStopSignal.layer, (signal) => FakeStopSignal.FakeStopSignal.use(({ stop }) => stop(signal)))
