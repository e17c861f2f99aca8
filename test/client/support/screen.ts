/** The real client as a person sees it: in a terminal of its own, with keys to type and a screen to look at. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { shellWord } from '../../../src/system/text.ts'
import { clientProgram } from './download.ts'
import { eventually } from './eventually.ts'
import { type Scenario, serveMessagesApi } from './messages-api.ts'
import type { Workplace } from './workplace.ts'

const [COLUMNS, ROWS] = ['110', '30']

export interface Screen {
  /** Types a line and sends it. */
  say(line: string): void
  /** Waits until all of these stand on the screen at once, in the time that `eventually` gives; returns all that does. */
  until(...texts: readonly string[]): Promise<string>
}

/** Starts the client in the project, with a model that says what the scenario says. */
export async function openScreen(t: TestContext, place: Workplace, scenario: Scenario): Promise<Screen> {
  const api = await serveMessagesApi(scenario)
  const folder = mkdtempSync(join(tmpdir(), 'spikectl-tmux-'))
  const tmux = terminalOf(join(folder, 'socket'))
  t.after(async () => {
    tmux('kill-server')
    rmSync(folder, { recursive: true })
    await api.close()
  })
  answerFirstQuestions(place)
  const env = Object.entries({ ...place.env, ANTHROPIC_BASE_URL: api.url })
  const words = [...env.map(([name, value]) => `${name}=${value}`), clientProgram(), '--permission-mode']
  const command = ['env', '-i', 'TERM=screen-256color', ...words, 'bypassPermissions']
    .map(shellWord)
    .join(' ')
  tmux('new-session', '-d', '-s', 'client', '-x', COLUMNS, '-y', ROWS, '-c', place.project, command)
  const shown = () => tmux('capture-pane', '-t', 'client', '-p').replace(/[ \t]+$/gm, '')
  return {
    say(line) {
      tmux('send-keys', '-t', 'client', '-l', '--', line)
      tmux('send-keys', '-t', 'client', 'Enter')
    },
    async until(...texts) {
      let screen = ''
      const areThere = () => {
        screen = shown()
        return texts.every((text) => screen.includes(text))
      }
      await eventually(`${texts.join(' and ')} on the screen`, areThere).catch((error: Error) => {
        throw new Error(`${error.message}; there is:\n${screen}`)
      })
      return screen
    },
  }
}

/** A session whose model calls what a person is asked about, and the words of that question on one line. */
export async function openQuestion(t: TestContext, place: Workplace, scenario: Scenario) {
  const screen = await openScreen(t, place, scenario)
  await screen.until('bypass permissions on')
  screen.say('take the steps')
  const dialog = await screen.until('requires confirmation', '1. Yes', '2. No')
  return { screen, question: dialog.replace(/[\s│]+/g, ' ') }
}

/** A tmux server of its own, which nobody's settings reach. Throws when there is no tmux, or it fails. */
function terminalOf(socket: string) {
  return (...args: readonly string[]): string => {
    const { error, status, stdout, stderr } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
    })
    if (error) throw new Error(`tmux cannot be started (${error.message}). Run: sudo apt-get install tmux`)
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`)
    return stdout
  }
}

/** What the client asks a person who starts it for the first time; to be done before any command of it runs. */
export function answerFirstQuestions({ project, env }: Workplace): void {
  const file = join(env.HOME ?? '', '.claude.json')
  if (existsSync(file)) return
  const answers = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    bypassPermissionsModeAccepted: true,
    customApiKeyResponses: { approved: [env.ANTHROPIC_API_KEY?.slice(-20)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  }
  writeFileSync(file, JSON.stringify(answers))
}
