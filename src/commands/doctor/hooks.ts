/** Checks the hooks of one place: all of them, for all calls, by a program that is there. */

import { isAbsolute } from 'node:path'
import { EVENTS, type Members, type OwnHook } from '../../hosts/claude-code/own-hooks.ts'
import { HOOK } from '../hook-command.ts'
import { type Finding, failed, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

/** `isThere` says whether a program can be found. */
export function hookFindings(place: HookPlace, isThere: (program: string) => boolean): Finding[] {
  const missing = EVENTS.filter((event) => !place.hooks.some((own) => own.event === event))
  return [
    ...(missing.length > 0 ? [incomplete(place, missing)] : []),
    ...place.hooks.flatMap((own) => narrowed(place, own)),
    ...programFindings(place, isThere),
  ]
}

const LOST: Readonly<Record<(typeof EVENTS)[number], string>> = {
  PreToolUse: 'no call is counted or refused',
  PostToolBatch: 'no loop can be told from work, and no turn is ended',
  UserPromptSubmit: 'a halted session does not go on with a prompt',
  SessionEnd: 'the counts of sessions that have ended are dropped late',
  ConfigChange: 'an agent can take the hooks out of a running session',
}

function incomplete({ name, mend }: HookPlace, missing: readonly (typeof EVENTS)[number][]): Finding {
  const report = missing.includes('PreToolUse') ? failed : warning
  const why = missing.map((event) => LOST[event]).join('; ')
  return report('settings', `${name} has no hook for ${missing.join(', ')}`, why, mend)
}

function narrowed({ name, mend }: HookPlace, { event, matcher, hook }: OwnHook): Finding[] {
  const where = `${name}: the hook for ${event}`
  if (hook.async === true) {
    return [failed('settings', `${where} is async`, 'the client does not wait for what it says', mend)]
  }
  if (typeof matcher === 'string' && !/^\*?$/.test(matcher)) {
    return isPattern(matcher)
      ? [warning('settings', `${where} matches ${matcher} alone`, 'all else passes by it', mend)]
      : [
          failed(
            'settings',
            `${where} has a broken matcher, ${matcher}`,
            'it matches nothing, in silence',
            mend,
          ),
        ]
  }
  if (typeof hook.if !== 'string') return []
  return [warning('settings', `${where} runs only if ${hook.if}`, 'all else passes by it', mend)]
}

function isPattern(matcher: string): boolean {
  try {
    return Boolean(new RegExp(matcher))
  } catch {
    return false
  }
}

function programFindings({ name, mend, hooks }: HookPlace, isThere: (program: string) => boolean): Finding[] {
  const programs = [...new Set(hooks.flatMap(({ hook }) => programsOf(hook)))]
  const gone = programs.filter((program) => !isThere(program))
  const others = programs.filter(
    (program) => isAbsolute(program) && /spikectl-hook\.js$/.test(program) && program !== HOOK,
  )
  return [
    ...gone.map((program) =>
      failed(
        'settings',
        `${name} starts ${program}, which is not there`,
        'a hook that cannot start lets every call pass',
        mend,
      ),
    ),
    ...others
      .filter((program) => !gone.includes(program))
      .map((program) =>
        warning(
          'settings',
          `${name} starts another copy of spikectl, ${program}`,
          `this one is ${HOOK}`,
          mend,
        ),
      ),
  ]
}

/** The files that a hook needs: in exec form its program and our script, else what the line for the shell begins with. */
function programsOf({ command, args }: Members): string[] {
  if (typeof command !== 'string') return []
  if (!Array.isArray(args)) return /\bspikectl-hook\b(?!\.)/.test(command) ? ['spikectl-hook'] : []
  return [command, ...args.filter((word) => typeof word === 'string' && word.includes('spikectl-hook'))]
}
