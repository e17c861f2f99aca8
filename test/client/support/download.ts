/**
 * The real client, of one version, in a cache folder of its own: fetched once by npm, and never part of this package.
 *
 * None of its scripts are run. npm picks the package with the program for this platform; we start that program itself.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, failure } from '../../../src/system/failure.ts'

/** The version that these tests are about. */
export const CLAUDE_CODE = '2.1.330'

const FOLDER = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'spikectl',
  `claude-code-${CLAUDE_CODE}`,
)

/** The client's program; downloaded when it is not there yet. Throws a Failure when it cannot be had. */
export function clientProgram(): string {
  if (!existsSync(FOLDER)) download()
  return programIn(FOLDER)
}

/** Into a folder beside it, which becomes it only when it is whole. */
function download(): void {
  mkdirSync(dirname(FOLDER), { recursive: true })
  const draft = mkdtempSync(`${FOLDER}.`)
  try {
    fetchInto(draft)
    programIn(draft)
    renameSync(draft, FOLDER)
  } catch (error) {
    if (!existsSync(FOLDER)) throw error // else another process was faster
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function fetchInto(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const args = ['install', '--prefix', folder, ...quietly, `@anthropic-ai/claude-code@${CLAUDE_CODE}`]
  const npm = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  if (npm.status === 0) return
  throw failure(
    `npm could not fetch Claude Code ${CLAUDE_CODE}, which these tests run (${npm.error?.message ?? `exit code ${npm.status}`})`,
    'They are never skipped: let npm reach its registry, then run: npm run test:client',
    1,
  )
}

function programIn(folder: string): string {
  const [program] = globSync('node_modules/@anthropic-ai/claude-code-*/claude{,.exe}', { cwd: folder })
  if (program) return join(folder, program)
  throw failure(
    `Claude Code ${CLAUDE_CODE} has no program for ${process.platform} ${process.arch} in ${folder}`,
    'If that folder is damaged, remove it, then run: npm run test:client',
    1,
  )
}

/** Run by itself it only downloads, so that test files which run at the same time need not. */
if (import.meta.main) {
  try {
    process.stdout.write(`Claude Code ${CLAUDE_CODE}: ${clientProgram()}\n`)
  } catch (error) {
    process.stderr.write(`error: ${describe(error)}\n`)
    process.exitCode = 1
  }
}
