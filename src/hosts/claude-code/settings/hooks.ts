/** Our hooks in the text of a settings file. Pure. Source of the shape: client 2.1.330, hooks of the type "command". */

import { hash } from 'node:crypto'
import { isObject, type Members, membersOf, objectIn } from '../../../guard/members.ts'

/** The events that we hear of. */
export const EVENTS = [
  'PreToolUse',
  'PostToolBatch',
  'UserPromptSubmit',
  'Stop',
  'StopFailure',
  'SubagentStart',
  'SubagentStop',
  'SessionEnd',
  'ConfigChange',
] as const

export const BOM = '\ufeff'

/** The settings in a file's text; undefined where it holds no JSON object. */
export function settingsIn(text: string): Members | undefined {
  return objectIn(text.startsWith(BOM) ? text.slice(1) : text)
}

/** The settings in a file's text; none where it holds no JSON object, of which the client applies nothing. */
export function appliedIn(text: string | undefined): Members {
  return settingsIn(text ?? '') ?? {}
}

/** A hook of ours, with the matcher of the group it stands in. */
export interface OwnHook {
  readonly event: string
  readonly matcher: unknown
  readonly hook: Members
}

/** Those in a settings file's text. */
export function ownHooksIn(text: string | undefined): OwnHook[] {
  return ownHooks(appliedIn(text))
}

/** The events for which none of these is. */
export function unheardEvents(hooks: readonly OwnHook[]): (typeof EVENTS)[number][] {
  return EVENTS.filter((event) => !hooks.some((own) => own.event === event))
}

export function ownHooks(settings: Members): OwnHook[] {
  const { hooks } = settings
  return EVENTS.flatMap((event) =>
    listOf(membersOf(hooks)[event]).flatMap((group) =>
      hooksIn(group)
        .filter(isOurs)
        .map((hook) => ({ event, matcher: membersOf(group).matcher, hook })),
    ),
  )
}

/** A hash of all that is said of our hooks, whatever the order of the members: any change of it is noticed. */
export function hashOfOwnHooks(settings: Members): string {
  const said = ownHooks(settings).map(({ event, matcher = null, hook }) => [
    event,
    matcher,
    Object.entries(hook).sort(([a], [b]) => (a < b ? -1 : 1)),
  ])
  return hash('sha256', JSON.stringify(said))
}

export function hooksIn(group: unknown): readonly unknown[] {
  return listOf(membersOf(group).hooks)
}

/** A hook is known by its program, wherever that is. */
export function isOurs(hook: unknown): hook is Members {
  if (!isObject(hook)) return false
  const words = [hook.command, ...listOf(hook.args)]
  return words.some((word) => typeof word === 'string' && word.includes('spikectl-hook'))
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
