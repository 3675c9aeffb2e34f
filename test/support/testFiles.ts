/** A server on loopback and real folders for the contract of `FileTransfer`. */
import { Effect, Layer } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { answer, type Answered, type ServedFile } from "../../src/layers/fake/transfer/ServedFile.ts"
import { TestFiles } from "../services/FileTransferSuite.ts"
import * as HttpServers from "./HttpServers.ts"

export const files: Layer.Layer<TestFiles> = Layer.effect(
  TestFiles,
  Effect.gen(function*() {
    const served = new Map<string, ServedFile>()
    const server = yield* HttpServers.http((request, response) => {
      const file = served.get(request.url!)
      if (file === undefined) return void response.writeHead(404).end()
      // Longer than any test.
      if (file.delay !== undefined) return
      send(response, file, answer(file, request.headers as Record<string, string>))
    })
    const root = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-transfer-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    return TestFiles.of({
      serve: (file) =>
        Effect.sync(() => {
          const path = `/${served.size}`
          served.set(path, file)
          return new URL(path, server.url)
        }),
      folder: Effect.sync(() => mkdtempSync(join(root, "folder-"))),
      write: (path, text) => Effect.sync(() => writeFileSync(path, text)),
      read: (path) => Effect.sync(() => readFileSync(path)),
      link: (path) => Effect.sync(() => symlinkSync(root, path)),
      names: (folder) => Effect.sync(() => readdirSync(folder).toSorted())
    })
  })
)

const send = (response: ServerResponse, { cutAfter, silentAfter }: ServedFile, { body, headers, status }: Answered) => {
  response.writeHead(status, headers)
  const comes = Math.min(body.length, cutAfter ?? Infinity, silentAfter ?? Infinity)
  if (comes === body.length) return void response.end(body)
  // Without a pause the end of the connection would overtake the bytes.
  response.write(
    body.subarray(0, comes),
    () => cutAfter === undefined || setTimeout(() => response.socket?.destroy(), 30)
  )
}
