/** The fenced blocks of a page of Markdown, as the tests of the documentation read them. */

export interface Block {
  /** The page, relative to the repository. */
  readonly page: string
  /** 1-based line of the fence. */
  readonly line: number
  /** The word after the fence: `yaml`, `ts`, `sh`, ... */
  readonly language: string
  readonly text: string
  /** From a line before the block that ends in a path in backticks and a colon: the block is that file. */
  readonly file: string | undefined
  /** From a comment before the block, `<!-- checked: it needs the shop -->`: what is done with it, and why. */
  readonly mark: { readonly kind: string; readonly reason: string } | undefined
}

/** Returns the blocks of a page in their order. */
export const blocks = (page: string, text: string): ReadonlyArray<Block> => {
  const found: Array<Block> = []
  const fence = /^(?<fence>`{3,})(?<language>\w*)\n(?<text>[^]*?)^\k<fence>$/gm
  for (const match of text.matchAll(fence)) {
    const before = text.slice(0, match.index).trimEnd().split("\n").at(-1) ?? ""
    const mark = /^<!-- (\w+): (.+) -->$/.exec(before)
    found.push({
      page,
      line: text.slice(0, match.index).split("\n").length,
      language: match.groups!["language"]!,
      text: match.groups!["text"]!,
      file: /`([^`\s]+\.\w+)`:$/.exec(before)?.[1],
      mark: mark === null ? undefined : { kind: mark[1]!, reason: mark[2]! }
    })
  }
  return found
}

/** Returns what stands in backticks outside of fenced blocks. */
export const codeSpans = (text: string): ReadonlyArray<string> =>
  [...text.replaceAll(/^(`{3,})[^]*?^\1$/gm, "").matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, code]) => code!)

/** Returns the targets of links to files, without their anchors. */
export const links = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?<!\\)\]\((?!\w+:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!)
