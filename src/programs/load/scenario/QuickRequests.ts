/** The requests of an `http` step of which little changes from iteration to iteration, made from the head of the first one. */
import { Result } from "effect"
import * as Json from "../../../core/Json.ts"
import type * as Code from "../../../scenario/compile/Code.ts"
import { buildUrl, type Prepared } from "../../../services/http/Request.ts"
import { type Keep, requests } from "../../../services/LoadTransport.ts"
import { type Make, unsendable } from "./Ready.ts"

/** Inputs whose values may change without the headers of the request being made anew. */
const light: ReadonlySet<string> = new Set(["url", "json"])

/**
 * Makes requests of which only URL and JSON body change: the first one by all rules, those after it from its head. Whatever is unusual
 * (another host, credentials in the URL, a value that is no text) goes by all rules again.
 */
export const make = (codes: ReadonlyArray<readonly [key: string, code: Code.Code]>, slowly: Make, keep: Keep): Make => {
  const isLight = codes.every(([key, code]) => code.constant !== undefined || light.has(key))
  if (!isLight) return slowly
  const constants = new Map(codes.flatMap(([key, { constant }]) => constant === undefined ? [] : [[key, constant]]))
  const [base, query] = [constants.get("base"), constants.get("query")]
  if (query !== undefined || base !== undefined && typeof base !== "string") return slowly
  const code = new Map(codes)
  const [url, json] = [code.get("url"), code.get("json")]
  let last: { readonly head: Prepared; readonly send: ReturnType<typeof sending> } | undefined
  return (names, machine) => {
    if (last === undefined) {
      return Result.map(slowly(names, machine), (ready) => {
        last = { head: ready.prepared, send: sending(ready.prepared, keep) }
        return ready
      })
    }
    const { head, send } = last
    const text = url?.run(names, machine)
    const target = typeof text === "string" ? buildUrl({ url: text, base }) : undefined
    if (target === undefined || Result.isFailure(target) || Result.isFailure(send)) return slowly(names, machine)
    const { host, protocol, username } = target.success
    if (host !== head.url.host || protocol !== head.url.protocol || username !== "") return slowly(names, machine)
    const body = json === undefined ? head.body : encoder.encode(Json.stringify(json.run(names, machine)))
    return Result.mapBoth(send.success(target.success, body), {
      onFailure: unsendable,
      onSuccess: (request) => ({ prepared: { ...head, url: target.success, body }, request })
    })
  }
}

const sending = ({ body, headers, method, url }: Prepared, keep: Keep) =>
  requests({ method, url, headers: Object.entries(headers), body, keep })

const encoder = new TextEncoder()
