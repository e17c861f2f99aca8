/** Mutations: what can be changed in one line of code or SQL, as people do by mistake. */

import { createHash } from 'node:crypto'
import { stripTypeScriptTypes } from 'node:module'

/** What is looked for in a line of code or SQL, and what is put in its place. */
const CHANGES: readonly (readonly [RegExp, string])[] = [
  [/ >= /, ' > '],
  [/ <= /, ' < '],
  [/ > (?=[\w(])/, ' >= '],
  [/ < (?=[\w(])/, ' <= '],
  [/ === /, ' !== '],
  [/ !== /, ' === '],
  [/ && /, ' || '],
  [/ \|\| /, ' && '],
  [/ AND /, ' OR '],
  [/ \?\? [^,)]+/, ' ?? undefined'],
  [/ \? (.+?) : (.+?)(?=[,)\]}]|$)/, ' ? $2 : $1'],
  [/\bif \((.*?)\)(?= [\w{]|$)/, 'if (!($1))'],
  [/ \+ (?=[\w(])/, ' - '],
  [/ - (?=[\w(])/, ' + '],
  [/\b1\b/, '2'],
  [/\b0\b/, '1'],
  [/\btrue\b/, 'false'],
  [/\bfalse\b/, 'true'],
  [/= (\d[\d_]*)$/, '= $1 + 1'],
  [/(?<!NOT )\bNULL\b/, "''"],
  [/\.every\(/, '.some('],
  [/\.some\(/, '.every('],
  [/\bMath\.min\(/, 'Math.max('],
  [/\bMath\.max\(/, 'Math.min('],
  [/\.at\(-1\)/, '.at(0)'],
  [/\.findLast\(/, '.find('],
  [/!(?=[\w(])/, ''],
  [/^(\s+)(?!return|if|for|while|switch|throw)[\w#.]+(\(.*\)| [-+]?= .*[^{([])$/, '$1// removed'],
]

export interface Mutant {
  readonly file: string
  readonly line: number
  readonly was: string
  readonly is: string
}

/** Every change of one place in a file. */
export function mutantsIn(file: string, text: string): Mutant[] {
  const lines = text.split('\n')
  return lines.flatMap((was, index) =>
    changesOf(was)
      .filter((is) => isCode(lines, index, is))
      .map((is) => ({ file, line: index + 1, was, is })),
  )
}

function changesOf(line: string): string[] {
  if (/^\s*(\/?\*|\/\/|import )/.test(line)) return []
  const changed = CHANGES.flatMap(([was, is]) =>
    [...line.matchAll(new RegExp(was, 'g'))].map(({ index }) => {
      const there = new RegExp(was, 'y')
      there.lastIndex = index
      return line.replace(there, is)
    }),
  )
  return [...new Set(changed)]
}

/** False for a change in a type or a comment alone, and for one that no longer parses: no test could notice these. */
function isCode(lines: readonly string[], index: number, is: string): boolean {
  const comment = / \/\/ .*$/
  if (lines[index]?.replace(comment, '') === is.replace(comment, '')) return false
  try {
    return stripped(lines.with(index, is)) !== stripped(lines)
  } catch {
    return false // it does not parse
  }
}

function stripped(lines: readonly string[]): string {
  return stripTypeScriptTypes(lines.join('\n'))
}

/** What decides is the text of the line alone, so that the sample stays the same when code is moved. */
export function isInSample({ was, is }: Mutant, every: number): boolean {
  return createHash('sha256').update(`${was}\n${is}`).digest().readUInt32BE() % every === 0
}
