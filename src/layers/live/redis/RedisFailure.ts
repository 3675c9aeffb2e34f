/** What went wrong between us and a Redis server, without values and passwords. */
import { CacheError } from "../../../services/CacheStore.ts"

/** Reads an error of the driver, or of the server, which begins with a code such as `NOAUTH`. */
export const of = (shown: string, error: unknown): CacheError => {
  const { code, message, name }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  // The server's answers are its own sentences; what it repeats of a command may be a value.
  const said = message.replace(/,? with args beginning.*$/is, "").split("\n")[0]!.slice(0, 200)
  const [word = ""] = /^[A-Z]{3,}/.exec(said) ?? []
  if (["NOAUTH", "WRONGPASS", "NOPERM"].includes(word)) {
    return new CacheError({
      reason: "Authentication",
      message: `${shown}: ${said}`,
      hint: word === "NOPERM" ? "see what the user may do (ACL WHOAMI)" : "see the user and the password in the URL"
    })
  }
  const isAnswer = /^(?:Simple|Blob|Multi)?Error(?:Reply)?$/.test(name) && word !== ""
  if (isAnswer && !["LOADING", "MASTERDOWN", "CLUSTERDOWN"].includes(word)) {
    return new CacheError({ reason: "Refused", message: `${shown}: ${said}` })
  }
  return new CacheError({
    reason: "Connection",
    message: `${shown}: ${code === "ECONNREFUSED" ? "nobody listens there (ECONNREFUSED)" : said || name}`,
    hint: "see that the server runs and can be reached; the cache goes on with its memory level meanwhile"
  })
}
