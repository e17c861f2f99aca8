/** `spikectl complete`: what may stand at the end of a command line. The scripts in completions/ ask it. */

import type { Paths } from '../../system/paths.ts'
import type { Context, ExitCode } from '../context.ts'
import {
  type Candidate,
  type CommandNode,
  commandsIn,
  innermost,
  nameOf,
  optionIn,
  optionsOf,
  readTyped,
  type Typed,
} from './typed.ts'
import { type Candidates, VALUES } from './values.ts'

/**
 * Prints "files", or "words" and the words, each with a tab and what it means. The last of `words` is the one to
 * complete. What goes wrong is an error as anywhere else; the scripts drop it, for nobody has asked at a prompt.
 */
export async function complete(
  { paths, terminal }: Context,
  program: CommandNode,
  words: readonly string[],
): Promise<ExitCode> {
  const candidates = await candidatesFor(readTyped(program, words.slice(0, -1)), words.at(-1) ?? '', paths)
  if (candidates === 'files') {
    terminal.print('files')
  } else {
    terminal.print('words')
    for (const { word, about } of candidates) terminal.print(about ? `${word}\t${about}` : word)
  }
  return 0
}

async function candidatesFor(typed: Typed, word: string, paths: Paths): Promise<Candidates> {
  const valuesOf = async (name: string, begun: string) =>
    (await VALUES[name]?.({ typed, word: begun, paths })) ?? []
  const { awaiting, isLiteral, operands } = typed
  if (awaiting) return valuesOf(nameOfValue(awaiting.flags), word)
  if (word.startsWith('-') && !isLiteral) {
    const { option, value } = optionIn(typed, word)
    if (value === undefined) return optionsLeft(typed)
    return option ? valuesOf(nameOfValue(option.flags), value) : []
  }
  const commands = commandsIn(innermost(typed))
  if (commands.length > 0) return operands.length === 0 ? commands : []
  const argument = argumentAt(innermost(typed), operands.length)
  return argument ? valuesOf(argument.name(), word) : optionsLeft(typed)
}

/** `scope` of `--scope <scope>`. */
function nameOfValue(flags: string): string {
  return /<(\w+)/.exec(flags)?.[1] ?? ''
}

function argumentAt({ registeredArguments }: CommandNode, index: number) {
  const last = registeredArguments.at(-1)
  return registeredArguments[index] ?? (last?.variadic ? last : undefined)
}

function optionsLeft(typed: Typed): Candidate[] {
  return optionsOf(innermost(typed))
    .map((option) => ({ word: nameOf(option), about: option.description }))
    .filter(({ word }) => !typed.options.has(word))
}
