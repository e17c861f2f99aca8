/** Checks the hooks of one place: all of them, for all calls, by a program that is there. */

import { isAbsolute } from 'node:path'
import type { Members } from '../../guard/members.ts'
import { type EVENTS, type OwnHook, unheardEvents } from '../../hosts/claude-code/settings/hooks.ts'
import { weaknessOf } from '../../hosts/claude-code/settings/weakness.ts'
import { shellWord } from '../../system/text.ts'
import { HOOK, ROOT } from '../hook-command.ts'
import { type Finding, failed, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

/** `isThere` says whether a program can be found. */
export function hookFindings(place: HookPlace, isThere: (program: string) => boolean): Finding[] {
  // No agent can take hooks out of managed settings, so that no change of them has to be blocked.
  const missing = unheardEvents(place.hooks).filter((event) => !(place.isManaged && event === 'ConfigChange'))
  return [
    ...(missing.length > 0 ? [incomplete(place, missing)] : []),
    ...place.hooks.flatMap((own) => weakened(place, own)),
    ...programFindings(place, isThere),
  ]
}

const LOST: Readonly<Record<(typeof EVENTS)[number], string>> = {
  PreToolUse: 'no call is counted or blocked',
  PostToolBatch: 'no loop can be told from work, and no turn is ended',
  UserPromptSubmit: 'a halted session does not go on with a prompt',
  Stop: 'a turn that another hook keeps going is not ended',
  StopFailure: 'a turn that ended at the limit of the provider is not told from others',
  SubagentStart: 'agents are counted from their first call on',
  SubagentStop: 'agents that have ended are shown as running',
  SessionEnd: 'the counts of sessions that have ended are dropped late',
  ConfigChange: 'an agent can take the hooks out of a running session',
}

function incomplete({ name, mend }: HookPlace, missing: readonly (typeof EVENTS)[number][]): Finding {
  const report = missing.includes('PreToolUse') ? failed : warning
  const why = missing.map((event) => LOST[event]).join('; ')
  return report('settings', `${name} has no hook for ${missing.join(', ')}`, why, mend)
}

function weakened({ name, mend }: HookPlace, own: OwnHook): Finding[] {
  const weakness = weaknessOf(own)
  if (!weakness) return []
  const report = weakness.isTotal ? failed : warning
  const why = 'install writes it otherwise, and so it may let calls pass'
  return [report('settings', `${name}: the hook for ${own.event} ${weakness.what}`, why, mend)]
}

/** From a clone, or where npm has it: of a package that is installed its folder of programs is not on the PATH. */
const ONTO_PATH = ROOT.includes('node_modules')
  ? 'export PATH="$(npm prefix --global)/bin:$PATH"'
  : `npm install --global ${shellWord(ROOT)}`

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
        isAbsolute(program) ? mend : ONTO_PATH,
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

/** The files that a hook needs: in exec form its program and our script, else the hook in the line for the shell. */
function programsOf({ command, args }: Members): string[] {
  if (typeof command !== 'string') return []
  if (Array.isArray(args)) {
    return [command, ...args.filter((word) => typeof word === 'string' && word.includes('spikectl-hook'))]
  }
  const [, program] = /(?:^|[\s;&|])(\/?(?:[\w.@+-]+\/)*spikectl-hook)(?![\w.-])/.exec(command) ?? []
  return program ? [program] : []
}
