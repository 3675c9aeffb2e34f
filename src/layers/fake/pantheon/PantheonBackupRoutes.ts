/** Routes of backups: catalog, signed URLs, schedule, and those that only the new API has. */
import { emptyRecord, field, isRecord, type Value } from "../../../core/Value.ts"
import { type Answer, json, refused } from "./PantheonAnswer.ts"
import { bodyText, type Call, notFound, type Routes, withEnvironment } from "./PantheonCall.ts"
import * as Files from "./PantheonFiles.ts"
import { startAs } from "./PantheonWorkflowRoutes.ts"
import { type BackupElement, type Element, elements, type Environment, type Site } from "./PantheonWorld.ts"

const at = "sites/:site/environments/:environment/backups"

export const routes: Routes = {
  [`GET ${at}/catalog`]: withEnvironment((call, _, { backups }) => {
    const catalog = emptyRecord()
    for (const [key, one] of backups) catalog[key] = shapeOf(call, one)
    return json(catalog)
  }),
  [`POST ${at}/catalog/:folder/:element/s3token`]: withEnvironment((call, site, environment) => {
    const { element, folder } = call.params
    if (bodyText(call, "method") !== "get") return refused(400, "The method is get.")
    return sign(call, site, environment, environment.backups.get(`${folder}_${element}`))
  }),
  [`POST ${at}/:backup/:element/download-url`]: withEnvironment((call, site, environment) => {
    const { backup, element } = call.params
    return sign(call, site, environment, environment.backups.get(`${backup}_${element}`))
  }),
  [`POST ${at}`]: withEnvironment((call, site, environment) => {
    const chosen = bodyText(call, "element") ?? "all"
    const days = isRecord(call.body) ? field(call.body, "keep_for") : undefined
    const flags = Object.fromEntries(elements.map((one) => [one, chosen === "all" || chosen === one]))
    return startAs(call, { site, environment }, "do_export", {
      ...flags,
      entry_type: "backup",
      ttl: 86_400 * (typeof days === "number" ? days : 365)
    })
  }),
  [`POST ${at}/:backup/restore`]: withEnvironment((call, site, environment) =>
    startAs(call, { site, environment }, `restore_${bodyText(call, "element") ?? "database"}`, {
      backup_id: call.params["backup"]!
    })
  ),
  [`GET ${at}/schedule`]: withEnvironment((_, __, { schedule }) => json(Object.fromEntries(schedule))),
  [`DELETE ${at}/schedule/:day`]: withEnvironment(({ params }, _, { schedule }) => {
    schedule.delete(params["day"]!)
    return json("Ok")
  })
}

/** Of a file that is there; sizes come with the end of the backup. */
const shapeOf = (call: Call, one: BackupElement): Value => {
  const { element, filename, finished, folder, started, task, ttl } = one
  const common = {
    folder,
    ttl,
    start_time: started,
    finish_time: finished ?? null,
    timestamp: finished === undefined ? 0 : Math.floor(finished),
    task_id: task,
    endpoint_uuid: task,
    BUILD_URL: "",
    BUILD_TAG: `fake-${element}`
  }
  if (element === "manifest") return { ...common, total_files: 120, total_dirs: 12, total_size: 1_000_000 }
  const size = finished === undefined ? 0 : Files.sizeOf(call, one) + call.switches.get("wrong_size")
  return { ...common, filename, size }
}

const sign = (call: Call, site: Site, environment: Environment, one: BackupElement | undefined): Answer => {
  if (one === undefined || one.element === "manifest" || one.finished === undefined) return notFound
  const element: Element = one.element
  const url = Files.sign(call, `${site.id}/${environment.id}/${one.folder}/${element}/${one.filename}`)
  return json(
    call.isV0
      ? { url }
      : { url, bucket: "fake", access_key: "fake", signature: "fake", policy: "", encryption_passphrase: null }
  )
}
