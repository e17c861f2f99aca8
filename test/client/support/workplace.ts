/**
 * A person's machine in small, gone after the test: a home, a project, spikectl's state, and the two programs that work on
 * them, spikectl and the real client. Of the surroundings they see nothing but PATH.
 */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { CLI, type Ended, run, temporaryHome } from '../../support/processes.ts'
import { runClient } from './client.ts'

export interface Furnishing {
  /** spikectl's config.json. */
  readonly settings?: object
  /** Files of the project, by their paths in it. */
  readonly files?: Readonly<Record<string, string>>
  /** More of an environment, for both programs. */
  readonly env?: Readonly<Record<string, string>>
  /** The command line of another copy of spikectl. */
  readonly cli?: string
}

export interface Workplace {
  readonly project: string
  /** SPIKECTL_HOME. */
  readonly state: string
  readonly env: Readonly<Record<string, string>>
  readonly spikectl: (...args: string[]) => Promise<Ended>
  /** Any command of the client but a prompt, such as `plugin validate DIR`. */
  readonly claude: (...args: string[]) => Promise<Ended>
}

/** A workplace on which spikectl is not installed yet. */
export function workplace(
  t: TestContext,
  { settings, files = {}, env: more, cli = CLI }: Furnishing = {},
): Workplace {
  const [home, state] = [temporaryHome(t), temporaryHome(t, settings)]
  const project = join(temporaryHome(t), 'app')
  mkdirSync(project)
  for (const [name, text] of Object.entries(files)) put(join(project, name), text)
  const env = { ...environment(home, state), ...more }
  return {
    project,
    state,
    env,
    spikectl: (...args) => run([cli, ...args], { home, cwd: project, env }),
    claude: (...args) => runClient(args, { cwd: project, env }),
  }
}

/** A workplace with spikectl's hooks in the person's own settings. */
export async function guarded(
  t: TestContext,
  furnishing: Furnishing = {},
  ...options: string[]
): Promise<Workplace> {
  const place = workplace(t, furnishing)
  const { exitCode, stderr } = await place.spikectl('install', ...options)
  assert.equal(exitCode, 0, stderr)
  return place
}

export function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function environment(home: string, state: string) {
  const tmp = join(home, 'tmp')
  mkdirSync(tmp)
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: tmp,
    SPIKECTL_HOME: state,
    // Nobody listens there; each prompt has an API of its own.
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
    ANTHROPIC_API_KEY: 'none',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    // As root, without being asked about each call: the client wants to know that it is in a container.
    IS_SANDBOX: '1',
  }
}
