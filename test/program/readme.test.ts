import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifyLog } from '../../src/audit/verify.ts'
import { event, hookEach, run, runCli, temporaryHome, times } from '../support/processes.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The shell blocks of a section, as pasted, but for where the log is. */
function shellBlocks(section: string, log: string): string {
  const text = README.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1])
  return blocks.join('\n').replace(/^log=.+$/m, `log='${log}'`)
}

/** The file that the log goes on in. */
function lastOf(home: string): string {
  return (
    readdirSync(join(home, 'audit'))
      .filter((name) => name.startsWith('audit-'))
      .sort()
      .at(-1) ?? ''
  )
}

describe('the README', () => {
  test('verifies a log without spikectl, as pasted, and finds one changed byte', async (t) => {
    const home = temporaryHome(t, { rate: { blockPerMin: 2 }, audit: { segmentBytes: 1024 } })
    const log = join(home, 'audit/audit-000001.jsonl')
    await hookEach(
      times(5, () => event()),
      { home },
    )
    await runCli(['audit', 'rotate-key'], { home })
    await hookEach([event()], { home })
    appendFileSync(join(home, 'audit', lastOf(home)), '{"at":"2026')
    await hookEach([event()], { home })
    const commands = shellBlocks('Verify it without us', log)
    const sound = await run(['-c', commands], { home, cwd: ROOT }, '/bin/sh')
    assert.equal(sound.exitCode, 0, sound.stderr)
    const [first, second, verdict, all] = sound.stdout.split('\n')
    assert.equal(second, `"prev":"${first?.split(' ')[0]}"`)
    assert.equal(verdict, 'Signature Verified Successfully')
    const { link, segments } = verifyLog({ folder: join(home, 'audit') })
    assert.ok(segments.length > 1)
    assert.match(
      all ?? '',
      new RegExp(`^log ${link.log}: lines 0 to ${link.seq}, chained, and signed by \\w{16}, then \\w{16}$`),
    )

    writeFileSync(log, readFileSync(log, 'utf8').replace('"count":2', '"count":3'))
    const changed = await run(['-c', commands], { home, cwd: ROOT }, '/bin/sh')
    assert.notEqual(changed.exitCode, 0)
    assert.match(changed.stdout, /Signature Verification Failure/)
    assert.match(changed.stderr, /^tampered: .+audit-000001\.jsonl: line 2 \(seq 1\): bad signature$/m)
  })

  test('shows what the demo prints', async (t) => {
    const shown = README.split('$ npx spikectl demo\n')[1]?.split('```')[0] ?? ''
    const { stdout } = await runCli(['demo'], { home: temporaryHome(t) })
    const same = (text: string) => text.replace(/\b\d+ s\b/g, 'some s').replace(/^audit \w{8}/m, 'audit')
    assert.equal(same(shown), same(stdout))
  })

  test('shows hooks by hand for the same events that install writes', async (t) => {
    const shown = README.split('```json\n').find((text) => text.includes('"PreToolUse"')) ?? ''
    const { stdout } = await runCli(['install', '--dry-run'], { home: temporaryHome(t) })
    const events = (text: string) => Object.keys(JSON.parse(text).hooks)
    assert.deepEqual(events(shown.split('```')[0] ?? ''), events(stdout))
  })

  test('names every command', async (t) => {
    const { stdout } = await runCli(['--help'], { home: temporaryHome(t) })
    const commands = [...stdout.matchAll(/^ {2}(\w+) .*$/gm)]
      .map((match) => match[1])
      .filter((name) => name !== 'help' && name !== 'spikectl')
    assert.ok(commands.length >= 7)
    for (const name of commands) assert.ok(README.includes(`\`spikectl ${name}`), name)
  })
})
