/** How things of profiles are written on the command line: `pantheon:sites`, `pantheon:env:clear-cache`, `./shop.yaml:orders`. */

export interface Thing {
  /** The name of a profile or the path of its file. */
  readonly profile: string
  /** The name of a list, operation, workflow or download in it; may hold colons. */
  readonly name: string
}

/** Takes the two apart; `undefined` for a URL, a file and whatever else is no such thing. */
export const parse = (text: string): Thing | undefined => {
  const file = /^[a-z]+:\/\//i.test(text) ? null : /^(.*?\.ya?ml):(.+)$/.exec(text)
  const named = /^([A-Za-z][\w-]*):(?!\/\/)(.+)$/.exec(text)
  const [, profile, name] = file ?? named ?? []
  return profile === undefined || name === undefined ? undefined : { profile, name }
}
