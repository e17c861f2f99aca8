/** Checks Claude Code itself: is it there, and new enough? */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, failure } from '../../system/failure.ts'
import type { Environment } from '../../system/paths.ts'
import { shellWord } from '../../system/text.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

/** What spikectl was tried with. */
const TRIED = '2.1.330'
/** The first that starts hooks without a shell. Source: the client's changelog. */
const OLDEST = '2.1.139'

const DEADLINE_MS = 10_000

/** Puts a client in place of one that is missing or does not run. */
const ANEW = 'npm install --global @anthropic-ai/claude-code'

/** Undefined when there is no client on the PATH. Throws a Failure when it does not say. */
export function clientVersion(env: Environment): string | undefined {
  const said = ask('--version', env)
  if (said === undefined) return undefined
  const [version] = /\d+\.\d+\.\d+/.exec(said) ?? []
  if (version) return version
  throw failure('claude --version names no version', `Run: ${ANEW}`)
}

/**
 * What the client says of the settings that a session in `project` reads, a line for each problem; it names the file first.
 * Only the client knows what it takes. Nothing of an older one, whose `doctor` needs a terminal. Throws a Failure when it
 * does not say.
 */
export function invalidSettings(version: string | undefined, project: string, env: Environment): string[] {
  if (version === undefined || isBefore(version, TRIED)) return []
  const said = ask('doctor', env, project) ?? ''
  if (!said.startsWith('Claude Code doctor'))
    throw failure('claude doctor does not say whether it takes the settings', 'Run: claude doctor')
  const [, problems = ''] = /^Invalid settings\n(.+?)\n\n/ms.exec(said) ?? []
  return problems
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2))
}

export function clientFinding(version: string | undefined, env: Environment): Finding {
  if (version === undefined) {
    const why = 'its version cannot be checked, and there may be nothing to guard'
    return warning('client', 'no claude on the PATH', why, onPath(env))
  }
  if (isBefore(version, OLDEST)) {
    const why = `the hooks need ${OLDEST} or newer: an older one does not start them`
    return failed('client', `Claude Code ${version} is too old`, why, 'claude update')
  }
  if (!isBefore(version, TRIED)) return ok('client', `Claude Code ${version}`)
  const what = `Claude Code ${version} is older than what spikectl relies on`
  return warning('client', what, `spikectl was tried with ${TRIED}`, 'claude update')
}

/** Where the client's own installers put it, in the home folder. */
const USUAL = ['.local/bin', '.claude/local', '.npm-global/bin']

function onPath({ HOME = '' }: Environment): string {
  const folder = USUAL.map((each) => join(HOME, each)).find((each) => existsSync(join(each, 'claude')))
  return folder ? `export PATH=${shellWord(folder)}:"$PATH"` : ANEW
}

/** What the client says on stdout, kept off the network; undefined when there is none. Throws a Failure when it fails. */
function ask(question: '--version' | 'doctor', env: Environment, cwd?: string): string | undefined {
  const { status, stdout, error } = spawnSync('claude', [question], {
    cwd,
    env: { ...env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', FORCE_COLOR: '0' },
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (codeOf(error) === 'ENOENT') return undefined
  if (status === 0) return stdout
  const why = error?.message ?? `exit code ${status}`
  throw failure(`claude ${question} fails: ${why}`, `Run: ${ANEW}`)
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
