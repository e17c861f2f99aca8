/** What in Claude Code's settings keeps our hooks from running, or from doing what they should. Pure. */

import { hashOfOwnHooks, isMembers, type Members, settingsIn } from './own-hooks.ts'
import type { Scope } from './settings-files.ts'

/** One of the files that a session reads. */
export interface SettingsText {
  readonly scope: Scope
  readonly file: string
  /** Undefined when there is no file. */
  readonly text: string | undefined
  /** The hash of our hooks as `install` has written them; undefined when it has not. */
  readonly recorded: string | undefined
}

/** `problem` completes "FILE …". */
export interface Silencing {
  readonly file: string
  readonly problem: string
}

/** Why our hooks do not run, or not as they should. A file that `install` has not written may lack them. */
export function silencings(files: readonly SettingsText[]): Silencing[] {
  return [...files.flatMap(missing), ...disabled(files)]
}

/** What could lead our hooks astray. */
export function misleadings(files: readonly SettingsText[]): Silencing[] {
  return files.filter(({ scope }) => scope !== 'user').flatMap(misled)
}

function missing({ file, text, recorded }: SettingsText): Silencing[] {
  if (recorded === undefined) return []
  if (text === undefined) return [{ file, problem: 'is gone, and the hooks of spikectl with it' }]
  const settings = settingsIn(text)
  if (!settings) return [{ file, problem: 'is no JSON, so that the hooks of spikectl in it do not run' }]
  const isWhole = hashOfOwnHooks(settings) === recorded
  return isWhole ? [] : [{ file, problem: 'does not hold the hooks of spikectl as they were installed' }]
}

/** The setting of the scope with the highest precedence counts. Source: client 2.1.330 as observed. */
function disabled(files: readonly SettingsText[]): Silencing[] {
  const deciding = files.findLast((each) => typeof settingsOf(each).disableAllHooks === 'boolean')
  if (!deciding || settingsOf(deciding).disableAllHooks !== true) return []
  return [{ file: deciding.file, problem: 'sets disableAllHooks, so that no hook runs' }]
}

/**
 * What says where spikectl keeps its settings and its state, whom it counts, or what its Node loads. In the user's own
 * settings that is the user's business; those of a project come from anybody.
 */
const MISLEADING =
  /^(SPIKECTL_.*|NODE_OPTIONS|HOME|XDG_(CONFIG|STATE)_HOME|LOCALAPPDATA|LD_PRELOAD|DYLD_INSERT_LIBRARIES)$/

function misled(settings: SettingsText): Silencing[] {
  const { env } = settingsOf(settings)
  const names = isMembers(env) ? Object.keys(env).filter((name) => MISLEADING.test(name)) : []
  return names.map((name) => ({
    file: settings.file,
    problem: `sets ${name} in its env, which reaches the hooks`,
  }))
}

function settingsOf({ text }: SettingsText): Members {
  return (text === undefined ? undefined : settingsIn(text)) ?? {}
}
