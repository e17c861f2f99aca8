/**
 * Claude Code's settings.json with our hooks in it, or without. Pure: text in, text out; what is not ours keeps its
 * bytes, its order and its indentation. Source of the shape: client 2.1.330, hooks of the type "command".
 */

import { applyEdits, type JSONPath, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { failure } from '../../failure.ts'

/** The events that we hear of. */
const EVENTS = ['PreToolUse', 'PostToolBatch', 'UserPromptSubmit', 'SessionEnd'] as const

/** Seconds after which the client gives up on us, and lets the call run. */
const TIMEOUT_S = 10

/** How the client starts the hook: a program with its arguments, or a line for /bin/sh. */
export interface HookCommand {
  readonly command: string
  readonly args?: readonly string[]
  /** A hook that cannot run refuses the call. */
  readonly failClosed: boolean
}

type Members = Readonly<Record<string, unknown>>

const BOM = '\ufeff'

/** The text with our hooks, in place of those that an earlier version has put there. Throws a Failure for a broken file. */
export function withHooks(text: string, hook: HookCommand, file: string): string {
  return EVENTS.reduce(
    (before, event) => withHook(before, event, hook, file),
    text.trim() === '' ? '{}\n' : text,
  )
}

function withHook(text: string, event: string, hook: HookCommand, file: string): string {
  const own = { ...(event === 'PreToolUse' ? { matcher: '*' } : {}), hooks: [entryFor(event, hook)] }
  const groups = groupsIn(text, event, file)
  const ours = groups?.filter((group) => hooksIn(group).some(isOurs)) ?? []
  if (JSON.stringify(ours) === JSON.stringify([own])) return text
  const cleared = withoutHook(text, event, file)
  const count = groupsIn(cleared, event, file)?.length
  return count === undefined
    ? edited(cleared, ['hooks', event], [own])
    : edited(cleared, ['hooks', event, count], own, true)
}

/** The text without our hooks, and without what is empty for it. */
export function withoutHooks(text: string, file: string): string {
  const left = EVENTS.reduce((before, event) => {
    const cleared = withoutHook(before, event, file)
    const isEmptied = cleared !== before && groupsIn(cleared, event, file)?.length === 0
    return isEmptied ? edited(cleared, ['hooks', event], undefined) : cleared
  }, text)
  const { hooks } = settingsIn(left, file)
  const isEmptied = left !== text && isMembers(hooks) && Object.keys(hooks).length === 0
  return isEmptied ? edited(left, ['hooks'], undefined) : left
}

/** One hook of ours after the other is taken out, so that all else keeps its bytes. */
function withoutHook(text: string, event: string, file: string): string {
  const groups = groupsIn(text, event, file) ?? []
  const group = groups.findIndex((each) => hooksIn(each).some(isOurs))
  if (group === -1) return text
  const hooks = hooksIn(groups[group])
  const path: JSONPath = ['hooks', event, group]
  const left = edited(
    text,
    hooks.length === 1 ? path : [...path, 'hooks', hooks.findIndex(isOurs)],
    undefined,
  )
  return withoutHook(left, event, file)
}

/** The events for which a hook of ours is in the text. */
export function hookedEvents(text: string, file: string): string[] {
  return EVENTS.filter((event) =>
    (groupsIn(text, event, file) ?? []).some((group) => hooksIn(group).some(isOurs)),
  )
}

function entryFor(event: string, { command, args, failClosed }: HookCommand) {
  // On UserPromptSubmit a failure would refuse every prompt.
  const onFailure = failClosed && event === 'PreToolUse' ? { onFailure: 'block' } : {}
  return { type: 'command', command, ...(args ? { args } : {}), timeout: TIMEOUT_S, ...onFailure }
}

function groupsIn(text: string, event: string, file: string): readonly unknown[] | undefined {
  const { hooks = {} } = settingsIn(text, file)
  const groups = isMembers(hooks) ? (hooks[event] ?? undefined) : null
  if (groups === undefined || Array.isArray(groups)) return groups
  throw failure(
    `${file}: hooks.${event} is no list of hooks`,
    'Mend it by hand; see https://code.claude.com/docs/en/hooks',
  )
}

function hooksIn(group: unknown): readonly unknown[] {
  return isMembers(group) && Array.isArray(group.hooks) ? group.hooks : []
}

function isOurs(hook: unknown): boolean {
  if (!isMembers(hook)) return false
  const words = [hook.command, ...(Array.isArray(hook.args) ? hook.args : [])]
  return words.some((word) => typeof word === 'string' && word.includes('spikectl-hook'))
}

/** The settings in a text. Throws a Failure that names line and column where it is no JSON. */
function settingsIn(text: string, file: string): Members {
  const errors: ParseError[] = []
  const value: unknown = parse(text.replace(BOM, ' '), errors, {
    disallowComments: true,
    allowEmptyContent: true,
  })
  const [error] = errors
  if (error) {
    const before = text.slice(0, error.offset).split('\n')
    const what = printParseErrorCode(error.error)
    throw failure(
      `${file} is not JSON: ${what} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`,
      'Mend it, then run the same again',
    )
  }
  if (value === undefined) return {}
  if (isMembers(value)) return value
  throw failure(`${file} holds something else than a JSON object`, 'Mend it, then run the same again')
}

/** With `isInsertion` the value is added to a list, at the index that the path ends with. */
function edited(text: string, path: JSONPath, value: unknown, isInsertion = false): string {
  const mark = text.startsWith(BOM) ? BOM : ''
  const body = text.slice(mark.length)
  const indent = /^([ \t]+)\S/m.exec(body)?.[1] ?? '  '
  const formattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: body.includes('\r\n') ? '\r\n' : '\n',
  }
  return (
    mark + applyEdits(body, modify(body, path, value, { formattingOptions, isArrayInsertion: isInsertion }))
  )
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
