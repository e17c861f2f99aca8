/** What stands on a command line before the word that is completed, read by commander's own tree of commands. */

import type { Paths } from '../../system/paths.ts'

/** As much of commander's commands as is asked for here: cli/ alone imports it. */
export interface CommandNode {
  name(): string
  description(): string
  readonly registeredArguments: readonly ArgumentNode[]
  createHelp(): {
    visibleCommands(command: CommandNode): CommandNode[]
    visibleOptions(command: CommandNode): OptionNode[]
  }
}

export interface ArgumentNode {
  name(): string
  readonly variadic: boolean
}

export interface OptionNode {
  readonly flags: string
  readonly description: string
  readonly short?: string | undefined
  readonly long?: string | undefined
  /** It takes a value. */
  readonly required: boolean
}

/** A word that may stand there, and what it means. */
export interface Candidate {
  readonly word: string
  readonly about?: string | undefined
}

export interface Typed {
  /** The program and the commands that were named in it, the innermost last. */
  readonly commands: readonly [CommandNode, ...CommandNode[]]
  readonly operands: readonly string[]
  /** The options that were given, by their long names, with their values. */
  readonly options: ReadonlyMap<string, string>
  /** The option whose value comes next. */
  readonly awaiting?: OptionNode | undefined
  /** After `--` nothing is an option. */
  readonly isLiteral: boolean
}

/** Where a value is asked for, and how it begins. */
export interface Asked {
  readonly typed: Typed
  readonly word: string
  readonly paths: Paths
}

export function readTyped(program: CommandNode, words: readonly string[]): Typed {
  const nothing: Typed = { commands: [program], operands: [], options: new Map(), isLiteral: false }
  // bash takes the = of --scope=user for a word of its own.
  return words.filter((word) => word !== '=').reduce(withWord, nothing)
}

function withWord({ awaiting, ...typed }: Typed, word: string): Typed {
  if (awaiting) return withOption(typed, awaiting, word)
  if (typed.isLiteral || word === '-' || !word.startsWith('-')) return withOperand(typed, word)
  if (word === '--') return { ...typed, isLiteral: true }
  const { option, value } = optionIn(typed, word)
  if (!option) return typed
  const isAwaiting = option.required && value === undefined
  return isAwaiting ? { ...typed, awaiting: option } : withOption(typed, option, value ?? '')
}

function withOption(typed: Typed, option: OptionNode, value: string): Typed {
  return { ...typed, options: new Map([...typed.options, [nameOf(option), value]]) }
}

function withOperand(typed: Typed, word: string): Typed {
  const commands = typed.operands.length === 0 ? subcommandsOf(innermost(typed)) : []
  const command = commands.find((each) => each.name() === word)
  return command
    ? { ...typed, commands: [...typed.commands, command] }
    : { ...typed, operands: [...typed.operands, word] }
}

/** The option that a word such as -f, --scope or --scope=user names, and the value if it is in the word. */
export function optionIn(
  typed: Typed,
  word: string,
): { option?: OptionNode | undefined; value?: string | undefined } {
  const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? []
  const known = typed.commands.flatMap(optionsOf)
  return { option: known.find(({ short, long }) => name === short || name === long), value }
}

export function nameOf({ long, short }: OptionNode): string {
  return long ?? short ?? ''
}

export function innermost({ commands }: Typed): CommandNode {
  return commands.at(-1) ?? commands[0]
}

export function commandsIn(command: CommandNode): Candidate[] {
  return subcommandsOf(command).map((each) => ({ word: each.name(), about: each.description() }))
}

function subcommandsOf(command: CommandNode): CommandNode[] {
  return command.createHelp().visibleCommands(command)
}

/** Those that its help lists. */
export function optionsOf(command: CommandNode): OptionNode[] {
  return command.createHelp().visibleOptions(command)
}
