/**
 * Names for files whose names come from elsewhere: of one file, in one folder, that any system takes. Pure.
 *
 * What a server suggests is made to fit ({@link suggested}); what somebody wrote is taken as it is or refused ({@link fault}).
 */

/** Bytes of a name. Systems allow 255; what is not whole yet has a longer one. */
const maxBytes = 240

/** Returns why a file cannot be called that, as the end of a sentence; `undefined` for a good name. */
export const fault = (name: string): string | undefined => {
  if (name === "" || name === "." || name === "..") return "it names no file"
  if (/[/\\]/.test(name)) return "it leads to another folder"
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return "it holds a control character"
  if (!name.isWellFormed()) return "it is no valid text"
  if (bytesOf(name) > maxBytes) return `it is longer than ${maxBytes} bytes`
  if (device.test(name)) return "it is the name of a device on Windows"
  if (/[<>:"|?*]/.test(name)) return "it holds a character that Windows does not allow"
  if (/[. ]$/.test(name)) return "it ends with a dot or a space, which Windows drops"
  return /\.part$/i.test(name) ? "names that end with .part are for files that are not whole yet" : undefined
}

/** Makes a good name of one that a server or a URL suggests; `undefined` when nothing is left of it. */
export const suggested = (text: string): string | undefined => {
  const last = text.toWellFormed().split(/[/\\]/).at(-1)!
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const plain = last.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[<>:"|?*]/g, "_").trim().replace(/[. ]+$/, "")
  if (plain === "") return undefined
  const named = device.test(plain) || /\.part$/i.test(plain) ? `_${plain.replace(/\.part$/i, "_part")}` : plain
  return shortened(named)
}

/** Takes from the middle, so that the ending stays. */
const shortened = (name: string): string => {
  if (bytesOf(name) <= maxBytes) return name
  const ending = /(\.[A-Za-z0-9]{1,10}){1,2}$/.exec(name)?.[0] ?? ""
  let beginning = name.slice(0, name.length - ending.length)
  while (bytesOf(beginning) + ending.length > maxBytes) beginning = beginning.slice(0, -1)
  return beginning.toWellFormed().replace(/\ufffd$/, "") + ending
}

/** The last part of a URL's path, decoded. */
export const fromUrl = (url: URL): string | undefined => {
  const last = url.pathname.split("/").findLast((part) => part !== "") ?? ""
  return suggested(decoded(last) ?? last)
}

/**
 * The file name of a `content-disposition`, in its plain or its extended form, which goes first.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6266
 */
export const fromDisposition = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined
  const extended = /(?:^|;)\s*filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header)?.[1]
  const text = extended === undefined ? undefined : decoded(extended)
  if (text !== undefined) return suggested(text)
  const plain = /(?:^|;)\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header)
  return plain === null ? undefined : suggested(plain[1]?.replace(/\\(.)/g, "$1") ?? plain[2]!)
}

/** Equal for names that are one file on a disk that does not tell capital letters apart. */
export const key = (name: string): string => name.normalize("NFC").toLowerCase().normalize("NFC")

const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
