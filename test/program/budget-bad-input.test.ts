/** Transcripts that are not what they should be: each is told of once, and the hook goes on. Real hook processes. */

import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { isRoot, makePipe, rootOnly, STRANGER } from '../support/places.ts'
import {
  add,
  agentTranscriptOf,
  answerLine,
  noticesIn,
  promptLine,
  spendingHome,
  toldAt,
  transcriptOf,
  usageLine,
  usedIn,
} from '../support/spending.ts'

test('a history that is refused at first is one when it can be read', async (t) => {
  const home = spendingHome(t)
  const main = transcriptOf(home)
  const history = [answerLine('m1', 9000), promptLine(), answerLine('m2', 10)]
  add(`${main}.own`, ...history)
  symlinkSync(`${main}.own`, main)
  assert.match(await toldAt(home), / is a symbolic link: /)
  rmSync(main)
  add(main, ...history)
  assert.equal(await toldAt(home), '')
  assert.deepEqual(usedIn(t, home), [10, 9010, 9010])
})

describe('a transcript that', () => {
  const PLACES: Readonly<Record<string, readonly [make: (file: string) => void, problem: string]>> = {
    'is a folder': [(file) => mkdirSync(file), 'is no regular file'],
    'is a named pipe': [makePipe, 'is no regular file'],
    'is a symbolic link': [
      (file) => {
        add(`${file}.own`, answerLine('m1', 100))
        symlinkSync(`${file}.own`, file)
      },
      'is a symbolic link',
    ],
  }
  for (const [name, [make, problem]] of Object.entries(PLACES)) {
    test(`${name} counts nothing, and is told of once`, async (t) => {
      const home = spendingHome(t)
      const main = transcriptOf(home)
      mkdirSync(dirname(main), { recursive: true })
      make(main)
      const message = `${main} ${problem}: no tokens are counted from it`
      assert.equal(await toldAt(home), `spikectl: ${message}`)
      assert.equal(await toldAt(home), '')
      assert.deepEqual(await noticesIn(home), [message])
      assert.deepEqual(usedIn(t, home), [0, 0, 0])
    })

    test(`${name} in the place of one that was read is told of too, and nothing is lost`, async (t) => {
      const home = spendingHome(t)
      const main = transcriptOf(home)
      add(main, promptLine(), answerLine('m0', 50))
      assert.equal(await toldAt(home), '')
      rmSync(main)
      make(main)
      assert.match(await toldAt(home), new RegExp(` ${problem}: no tokens`))
      assert.equal(await toldAt(home), '')
      rmSync(main, { recursive: true })
      add(main, promptLine(), answerLine('m0', 50), answerLine('m2', 5))
      assert.equal(await toldAt(home), '')
      assert.deepEqual(usedIn(t, home), [55, 55, 55])
    })
  }

  test('belongs to another user is told of', rootOnly, async (t) => {
    const home = spendingHome(t)
    add(transcriptOf(home), answerLine('m1', 100))
    chownSync(transcriptOf(home), STRANGER, STRANGER)
    assert.match(await toldAt(home), /s1\.jsonl belongs to another user: no tokens/)
    assert.deepEqual(usedIn(t, home), [0, 0, 0])
  })

  test('may not be read is told of', { skip: isRoot ? 'root may' : false }, async (t) => {
    const home = spendingHome(t)
    add(transcriptOf(home), answerLine('m1', 100))
    chmodSync(transcriptOf(home), 0)
    assert.match(await toldAt(home), /jsonl cannot be read \([A-Z]+\): no tokens/)
  })

  test('lies outside of the client’s folder is told of, whatever path leads there', async (t) => {
    const home = spendingHome(t)
    add(join(home, 'elsewhere.jsonl'), answerLine('m1', 100))
    mkdirSync(join(home, '.claude/projects'), { recursive: true })
    for (const path of [join(home, 'elsewhere.jsonl'), `${home}/.claude/projects/../../elsewhere.jsonl`])
      assert.match(
        await toldAt(home, { transcript_path: path }),
        /elsewhere\.jsonl lies outside of \S+\.claude: no tokens/,
      )
    symlinkSync(home, join(home, '.claude/projects/app'))
    const led = join(home, '.claude/projects/app/elsewhere.jsonl')
    assert.match(await toldAt(home, { transcript_path: led }), / lies outside of /)
    assert.deepEqual(usedIn(t, home), [0, 0, 0])
  })

  test('lies in CLAUDE_CONFIG_DIR is read, and one in ~/.claude is not then', async (t) => {
    const home = spendingHome(t)
    const env = { CLAUDE_CONFIG_DIR: join(home, 'own') }
    add(join(home, 'own/projects/app/s1.jsonl'), answerLine('m1', 100))
    add(transcriptOf(home), answerLine('m2', 10))
    assert.equal(
      await toldAt(home, { transcript_path: join(home, 'own/projects/app/s1.jsonl') }, { env }),
      '',
    )
    assert.match(await toldAt(home, {}, { env }), / lies outside of \S+\/own: no tokens/)
    assert.deepEqual(usedIn(t, home), [100, 100, 100])
  })

  test('is missing, or named by what can be no path, counts nothing and stops nothing', async (t) => {
    const home = spendingHome(t)
    add(join(home, '.claude/projects/file'), 'no folder')
    const strange = ['', 7, null, ['x'], '/', 'no.jsonl', 'x'.repeat(9000), `${home}/.claude/a\0b`]
    for (const transcript_path of [transcriptOf(home), ...strange])
      assert.ok(['', 'spikectl: '].includes((await toldAt(home, { transcript_path })).slice(0, 10)))
    assert.deepEqual(usedIn(t, home), [0, 0, 0])
  })

  test('has a file where its agents’ folder should be is read all the same', async (t) => {
    const home = spendingHome(t)
    const folder = dirname(agentTranscriptOf(home, 'a'))
    add(transcriptOf(home), answerLine('m1', 100))
    add(folder, 'no folder')
    assert.equal(await toldAt(home), '')
    const below = { transcript_path: join(transcriptOf(home), 'below.jsonl') }
    assert.match(await toldAt(home, below), /jsonl cannot be read \([A-Z]+\): no tokens/)
    assert.deepEqual(usedIn(t, home), [100, 100, 100])
  })
})

describe('usage', () => {
  test('that is no count counts nothing, and takes nothing away', async (t) => {
    const home = spendingHome(t)
    const usages = [
      ...[null, 7, 'many', [], {}, [1000]],
      ...[-5, 1.5, 1e300, 1_000_000_001, '100', null, true, { n: 5 }, [5]].map((input_tokens) => ({
        input_tokens,
      })),
    ]
    const lines = usages.map((usage, index) => usageLine(`m${index}`, usage))
    const ids = [null, 7, '', ['m']].map((id) =>
      usageLine('m', { input_tokens: 9 }, { message: { id, usage: { input_tokens: 9 } } }),
    )
    const torn = [
      '{"type":"assistant","message":{"id":"x","usage":{"input_tokens":9\n',
      '"usage"\n',
      '[]\n',
      'null\n',
      '\0\n',
      '\n',
    ]
    add(transcriptOf(home), ...lines, ...ids, ...torn, answerLine('last', 100))
    assert.equal(await toldAt(home), '')
    assert.deepEqual(usedIn(t, home), [100, 100, 100])
  })

  test('on a line without a time, or with an absurd one, counts', async (t) => {
    const home = spendingHome(t)
    const when = [undefined, 'yesterday', 7, '', '9999-12-31T23:59:59Z', '+275760-09-13T00:00:00.000Z']
    add(transcriptOf(home), ...when.map((timestamp, i) => answerLine(`m${i}`, 10, { timestamp })))
    assert.equal(await toldAt(home), '')
    assert.deepEqual(usedIn(t, home).slice(0, 2), [60, 60])
  })
})
