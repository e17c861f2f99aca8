/** What a person sees of spikectl on the screen of the real client. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { CLI, times } from '../support/processes.ts'
import { clientProgram } from './support/download.ts'
import { answerFirstQuestions, openScreen } from './support/screen.ts'
import { bash } from './support/tool-calls.ts'
import { guarded, put, type Workplace, workplace } from './support/workplace.ts'

/** With this folder in the environment, what was seen is kept there: `npm run captures`. */
const CAPTURES = process.env.SPIKECTL_CAPTURES

const WHOSE = `As a terminal shows it: the real client, in bypass-permissions mode, with a mock in the model's place.`

function keep(name: string, place: Workplace, ...seen: readonly string[]): void {
  if (!CAPTURES) return
  const { project, state, env } = place
  const places = [
    [project, '~/app'],
    [state, '~/.local/state/spikectl'],
    [env.HOME ?? '', '~'],
  ] as const
  const text = places.reduce((all, [from, to]) => all.replaceAll(from, to), seen.join('\n'))
  writeFileSync(join(CAPTURES, name), `${text.replace(/\n{3,}/g, '\n\n').trim()}\n`)
}

/** What a command prints, after the line that asks for it. */
async function session({ spikectl }: Workplace, ...args: string[]): Promise<string> {
  return `$ spikectl ${args.join(' ')}\n${(await spikectl(...args)).stdout}`
}

function withStatusLine({ env }: Workplace): void {
  const file = join(env.HOME ?? '', '.claude/settings.json')
  const settings = JSON.parse(readFileSync(file, 'utf8'))
  const command = `'${process.execPath}' '${CLI}' statusline`
  put(file, JSON.stringify({ ...settings, statusLine: { type: 'command', command } }))
}

/** Nothing is installed yet, but for the client. */
function withClient(t: TestContext): Workplace {
  const PATH = `${dirname(clientProgram())}${delimiter}${process.env.PATH}`
  return workplace(t, { env: { PATH, COLUMNS: '110' } })
}

describe('on the screen of the real client', () => {
  test('the status line shows the count of the session after each turn', async (t) => {
    const place = await guarded(t)
    withStatusLine(place)
    const screen = await openScreen(t, place, {
      main: [[bash('ls'), bash('pwd')], [bash('date')], 'There is nothing here yet.'],
    })
    await screen.until('spikectl 0/500')
    screen.say('what is here?')
    const seen = await screen.until('There is nothing here yet.', 'spikectl 3/500')
    keep('status-line.txt', place, `${WHOSE} Below the prompt: the status line.\n`, seen)
  })

  test('a person reads why a turn was ended, and how to go on', async (t) => {
    const place = withClient(t)
    answerFirstQuestions(place)
    const before = [await session(place, 'install'), await session(place, 'doctor')]
    const screen = await openScreen(t, place, {
      main: [...times(9, () => [bash('make test')]), 'This is never said.'],
    })
    await screen.until('bypass permissions on')
    screen.say('make the tests pass')
    const seen = await screen.until('spikectl ended the turn of this session', 'loop_detected')
    assert.match(seen.replace(/\s+/g, ' '), /To go on, write a prompt or run: spikectl reset/)
    const heading = `${WHOSE}
"make test" fails the same way each time. At the fourth time spikectl warns, after the fifth it blocks the call, and the
third round with nothing but a blocked call ends the turn.
`
    keep('first-block.txt', place, heading, ...before, '$ claude', seen, await session(place, 'status'))
  })
})
