/** What in Claude Code's settings keeps our hooks from running, or from doing what they should. Pure. */

import { type Members, membersOf } from '../../../guard/members.ts'
import type { Silencing } from '../../host.ts'
import type { SettingsText } from './files.ts'
import { appliedIn, hashOfOwnHooks, ownHooksIn, settingsIn } from './hooks.ts'
import { weaknessOf } from './weakness.ts'

/**
 * Why our hooks do not run, or not as they should. In a file that `install` has written they must be as it wrote them;
 * in others they may be missing, but not be weakened: of two that start the same program the client runs one.
 */
export function silencings(files: readonly SettingsText[]): Silencing[] {
  return [...files.flatMap(losses), ...files.flatMap(weakened), ...disablings(files)]
}

/** Of hooks that `install` has written: one problem at most. */
export function losses({ file, text, recorded }: SettingsText): Silencing[] {
  const problem = recorded === undefined ? undefined : lossIn(text, recorded)
  return problem ? [{ file, problem, isInstallable: true }] : []
}

function lossIn(text: string | undefined, recorded: string): string | undefined {
  if (text === undefined) return 'is gone, and the hooks of spikectl with it'
  const settings = settingsIn(text)
  if (!settings) return 'is no JSON, so that the hooks of spikectl in it do not run'
  const isWhole = hashOfOwnHooks(settings) === recorded
  return isWhole ? undefined : 'does not hold the hooks of spikectl as they were installed'
}

function weakened({ file, text, recorded }: SettingsText): Silencing[] {
  if (recorded !== undefined) return []
  return ownHooksIn(text).flatMap((own) => {
    const weakness = weaknessOf(own)
    return weakness
      ? [{ file, problem: `holds a hook of spikectl for ${own.event} that ${weakness.what}` }]
      : []
  })
}

/** The setting of the scope with the highest precedence counts. Source: client 2.1.330 as observed. */
export function disablings(files: readonly SettingsText[]): Silencing[] {
  const deciding = files
    .map(({ file, text }) => ({ file, disableAllHooks: appliedIn(text).disableAllHooks }))
    .findLast(({ disableAllHooks }) => typeof disableAllHooks === 'boolean')
  if (deciding?.disableAllHooks !== true) return []
  return [{ file: deciding.file, problem: 'sets disableAllHooks, so that no hook runs' }]
}

/**
 * What says where spikectl keeps its settings and its state, how the hook is started, or what its Node loads. In the
 * user's own settings that is the user's business; those of a project come from anybody.
 */
const MISLEADING =
  /^(SPIKECTL_|NODE_(?!ENV$)|LD_|DYLD_|OPENSSL_|(GLIBC_TUNABLES|AI_AGENT|CLAUDECODE|CLAUDE_(CODE_SHELL_PREFIX|CONFIG_DIR|PROJECT_DIR)|HOME|XDG_(CONFIG|STATE)_HOME|PATH|SHELL|ENV|BASH_ENV|LOCALAPPDATA|USERPROFILE)$)/

/** What could lead our hooks astray: what they do not see in their `environment` already. */
export function misleadings(
  files: readonly SettingsText[],
  environment: Readonly<Record<string, string | undefined>>,
): Silencing[] {
  return files
    .filter(({ scope }) => scope !== 'user')
    .flatMap(({ file, text }) =>
      Object.entries(envIn(text))
        .filter(([name, value]) => MISLEADING.test(name) && environment[name] !== value)
        .map(([name]) => ({ file, problem: `sets ${name} in its env, which reaches the hooks` })),
    )
}

/** The variables that a settings file sets for all that the client starts. */
export function envIn(text: string | undefined): Members {
  return membersOf(appliedIn(text).env)
}
