import { layer } from "@effect/vitest"
import { Layer } from "effect"
import * as UndiciFileTransfer from "../../src/layers/live/UndiciFileTransfer.ts"
import { tests } from "../services/FileTransferSuite.ts"
import { files } from "../support/testFiles.ts"

layer(Layer.merge(UndiciFileTransfer.layer(), files), { excludeTestServices: true })(
  "downloads over undici",
  (it) => tests(it)
)
