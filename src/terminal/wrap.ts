/** Lines that break between words, and never within one. */

import { widthOf } from './width.ts'

/** Text narrower than this is no longer read: then it begins under what stands before it. */
const LEAST_ROOM = 30
const LEAST_INDENT = 4
/** Not the spaces of a command of ours, which somebody will paste, nor those of a reference to the audit log. */
const BETWEEN_WORDS = /(?<!(?:\bspikectl|\[audit)(?: [^\s\]]+)?) /

/**
 * The lines of `prefix` and `text`, at most so many columns wide; the further ones are indented as far as the prefix
 * goes, or by `indent`. A word that is longer stays whole: it is a path or an id, and somebody will want to copy it.
 */
export function wrapped(text: string, columns: number, prefix = '', indent = widthOf(prefix)): string[] {
  const isNarrow = prefix !== '' && columns - indent < LEAST_ROOM
  const margin = isNarrow ? Math.min(LEAST_INDENT, indent) : indent
  const lines = filled(text.split(BETWEEN_WORDS), columns, isNarrow ? margin : widthOf(prefix), margin)
  const [first = '', ...others] = lines
  const under = others.map((line) => ' '.repeat(margin) + line)
  return isNarrow ? [prefix.trimEnd(), ' '.repeat(margin) + first, ...under] : [prefix + first, ...under]
}

/** The same for a line to paste: it breaks between a shell's words, and goes on after a backslash. */
export function wrappedCommand(command: string, columns: number, prefix = ''): string[] {
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  const indent = widthOf(prefix)
  const lines = filled(words, columns - ' \\'.length, indent, indent)
  return lines.map((line, index) => {
    const start = index === 0 ? prefix : ' '.repeat(indent)
    return start + line + (index < lines.length - 1 ? ' \\' : '')
  })
}

/** Words on lines, of which the first has less room than the others if it is indented further. */
function filled(words: readonly string[], columns: number, first: number, others: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const room = columns - (lines.length === 0 ? first : others)
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line.trimEnd())
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
