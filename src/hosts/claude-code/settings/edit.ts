/**
 * Claude Code's settings.json with our hooks in it, or without. Pure: text in, text out; what is not ours keeps its
 * bytes, its order and its indentation. Source of the shape: client 2.1.330, hooks of the type "command".
 */

import {
  applyEdits,
  type Edit,
  findNodeAtLocation,
  format,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { isObject, type Members } from '../../../guard/members.ts'
import { failure } from '../../../system/failure.ts'
import { BOM, EVENTS, hooksIn, isOurs } from './hooks.ts'

/** Seconds after which the client gives up on us, and lets the call run. */
const TIMEOUT_S = 10

/** How the client starts the hook: a program with its arguments, or a line for /bin/sh. */
export interface HookCommand {
  readonly command: string
  readonly args?: readonly string[]
  /** A hook that cannot run refuses the call. */
  readonly failClosed: boolean
}

/** Those whose hooks can be narrowed to some tools, reasons or files. */
const MATCHED: readonly string[] = ['PreToolUse', 'SessionEnd', 'ConfigChange']

/** The text with our hooks, in place of those that an earlier version has put there. Throws a Failure for a broken file. */
export function withHooks(text: string, hook: HookCommand, file: string): string {
  return EVENTS.reduce(
    (before, event) => withHook(before, event, hook, file),
    text.trim() === '' ? '{}\n' : text,
  )
}

function withHook(text: string, event: string, hook: HookCommand, file: string): string {
  const own = { ...(MATCHED.includes(event) ? { matcher: '*' } : {}), hooks: [entryFor(event, hook)] }
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
    return isEmptied ? removed(cleared, ['hooks', event]) : cleared
  }, text)
  const { hooks } = parsed(left, file)
  const isEmptied = left !== text && isObject(hooks) && Object.keys(hooks).length === 0
  return isEmptied ? removed(left, ['hooks']) : left
}

/** One hook of ours after the other is taken out, so that all else keeps its bytes. */
function withoutHook(text: string, event: string, file: string): string {
  const groups = groupsIn(text, event, file) ?? []
  const group = groups.findIndex((each) => hooksIn(each).some(isOurs))
  if (group === -1) return text
  const hooks = hooksIn(groups[group])
  const path: JSONPath = ['hooks', event, group]
  const left = removed(text, hooks.length === 1 ? path : [...path, 'hooks', hooks.findIndex(isOurs)])
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
  const { hooks = {} } = parsed(text, file)
  const groups = isObject(hooks) ? (hooks[event] ?? undefined) : null
  if (groups === undefined || Array.isArray(groups)) return groups
  const what = isObject(hooks) ? `hooks.${event} is no list of hooks` : 'hooks is no object'
  throw failure(`${file}: ${what}`, 'Mend it by hand; see https://code.claude.com/docs/en/hooks')
}

/** The settings in a text. Throws a Failure that names line and column where it is no JSON. */
function parsed(text: string, file: string): Members {
  const errors: ParseError[] = []
  const value: unknown = parse(text.startsWith(BOM) ? ` ${text.slice(1)}` : text, errors, {
    disallowComments: true,
    allowEmptyContent: true,
  })
  const [error] = errors
  if (error) {
    const before = text.slice(0, error.offset).split('\n')
    const what = printParseErrorCode(error.error)
      .replace(/\B[A-Z]/g, ' $&')
      .toLowerCase()
    throw failure(
      `${file} is not JSON: ${what} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`,
      'Mend it, then run the same again',
    )
  }
  if (value === undefined) return {}
  const twice = namedTwice(split(text).body)
  if (twice) throw failure(`${file} has ${twice} twice`, 'Mend it, then run the same again')
  if (isObject(value)) return value
  throw failure(`${file} holds something else than a JSON object`, 'Mend it, then run the same again')
}

/** A member on our way that is there twice: the client takes the last, and an edit would change the first. */
function namedTwice(body: string): string | undefined {
  const tree = parseTree(body)
  const hooks = tree && findNodeAtLocation(tree, ['hooks'])
  const events = namesIn(hooks).map((event) => `hooks.${event}`)
  const onOurWay = [...namesIn(tree).filter((name) => name === 'hooks'), ...events]
  return onOurWay.find((name, index) => onOurWay.indexOf(name) < index)
}

function namesIn(node: Node | undefined): string[] {
  return node?.children?.map(({ children }) => String(children?.[0]?.value)) ?? []
}

/** The text with one value more. With `isInsertion` it goes into a list, at the index that the path ends with. */
function edited(text: string, path: JSONPath, value: unknown, isInsertion = false): string {
  const { mark, body } = split(text)
  const edits = modify(body, path, value, { isArrayInsertion: isInsertion })
  return mark + edits.reduce(inserted, body)
}

/**
 * The text with an edit, which is laid out as the rest is. Nothing else is, but for the brackets around it of what was
 * empty: `modify` would lay out the lines around it too.
 */
function inserted(body: string, edit: Edit): string {
  const changed = applyEdits(body, [edit])
  const unit = indentationOf(body)
  if (unit === undefined) return changed
  const bracket = /[{[]/.test(body.charAt(edit.offset - 1)) ? 1 : 0
  const range = { offset: edit.offset - bracket, length: edit.content.length + 2 * bracket }
  const eol = body.includes('\r\n') ? '\r\n' : '\n'
  const layout = { tabSize: unit.length, insertSpaces: !unit.startsWith('\t'), eol }
  return applyEdits(changed, format(changed, range, layout))
}

/**
 * The text without the value at `path`, and without the comma and the space that set it off. By hand, because the
 * library expects lists to be laid out as it lays them out.
 */
function removed(text: string, path: JSONPath): string {
  const { mark, body } = split(text)
  const tree = parseTree(body)
  const value = tree && findNodeAtLocation(tree, path)
  const node = value?.parent?.type === 'property' ? value.parent : value
  const siblings = node?.parent?.children
  if (!node?.parent || !siblings) return text
  const index = siblings.indexOf(node)
  const [before, after] = [siblings[index - 1], siblings[index + 1]]
  const start = before ? endOf(before) : after ? node.offset : node.parent.offset + 1
  const end = before ? endOf(node) : after ? after.offset : endOf(node.parent) - 1
  return mark + body.slice(0, start) + body.slice(end)
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

function split(text: string): { readonly mark: string; readonly body: string } {
  const mark = text.startsWith(BOM) ? BOM : ''
  return { mark, body: text.slice(mark.length) }
}

/** What one level is indented by; undefined where all stands on one line. */
function indentationOf(body: string): string | undefined {
  const isOneLine = !/[{[]\s*\n/.test(body) && body.replace(/\s/g, '') !== '{}'
  return isOneLine ? undefined : (/^([ \t]+)\S/m.exec(body)?.[1] ?? '  ')
}
