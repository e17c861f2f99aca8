import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { blockedHome, event, hookEach, runCli, runHook, temporaryHome, times } from '../support/processes.ts'

describe('spikectl audit verify', () => {
  test('accepts what the hook wrote: a genesis line and one for each blocked call', async (t) => {
    const home = await blockedHome(t)
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /^audit [0-9a-f]{8}: 4 lines in 1 file, ends where audit\.db says: ok\nsigned by: [0-9a-f]{16}\nproven: .+\nnot proven: .+\n$/,
    )
  })

  test('names the line of a changed byte, and exits with 1', async (t) => {
    const home = await blockedHome(t)
    const file = join(home, 'audit/audit-000001.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, lines.with(2, lines[2]?.replace('"count":1', '"count":2') ?? '').join('\n'))
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 1)
    assert.match(stdout, /tampered: audit-000001\.jsonl line 3 \(byte \d+, seq 2\): bad signature/)
    const json = await runCli(['audit', 'verify', '--json'], { home })
    const { ok, problem } = JSON.parse(json.stdout)
    assert.deepEqual([json.exitCode, ok, problem.line, problem.what], [1, false, 3, 'bad signature'])
  })

  test('finds lines that were cut off at the end by the head that audit.db holds', async (t) => {
    const home = await blockedHome(t)
    const file = join(home, 'audit/audit-000001.jsonl')
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 1)
    assert.match(stdout, /tampered: the log ends at line 2, but audit\.db knows line 3/)
    const file2 = await runCli(['audit', 'verify', file], { home })
    assert.equal(file2.exitCode, 0, 'without the head, the cut cannot be seen')
    assert.match(
      file2.stdout,
      /no anchor .+\nsigned by: .+\nproven: .+; whether there were more lines after the last cannot be seen/,
    )
  })

  test('finds the log of a state folder that was copied as a whole, with its audit.db', async (t) => {
    const home = await blockedHome(t)
    const copy = join(temporaryHome(t), 'copy')
    cpSync(home, copy, { recursive: true })
    const stranger = temporaryHome(t)
    const verify = (...more: string[]) => runCli(['audit', 'verify', copy, ...more], { home: stranger })
    const { exitCode, stdout } = await verify('--require-anchor')
    assert.equal(exitCode, 0)
    assert.match(stdout, /^audit [0-9a-f]{8}: 4 lines in 1 file, ends where audit\.db says: ok\n/)
    rmSync(join(copy, 'audit'), { recursive: true })
    const gone = await verify()
    assert.equal(gone.exitCode, 1)
    assert.match(gone.stdout, /tampered: the log is gone, but audit\.db knows line 3/)
    rmSync(join(copy, 'audit.db'))
    assert.deepEqual(
      [(await verify()).exitCode, (await runCli(['audit', 'verify', join(home, 'adit')], { home })).exitCode],
      [2, 2],
    )
  })

  test('names a file that looks like a part of the log and is none', async (t) => {
    const home = await blockedHome(t)
    cpSync(join(home, 'audit/audit-000001.jsonl'), join(home, 'audit/audit-0000001.jsonl'))
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 1)
    assert.match(
      stdout,
      /tampered: audit-0000001\.jsonl: not the name of a file of this log.+\n.+\nproven: only the lines from seq 0 to 3/,
    )
  })

  test('of a log that is gone says so', async (t) => {
    const home = await blockedHome(t)
    rmSync(join(home, 'audit'), { recursive: true })
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 1)
    assert.match(stdout, /tampered: the log is gone, but audit\.db knows line 3\nproven: nothing\n/)
  })

  test('takes a crash in the middle of mending a crash for no tampering', async (t) => {
    const home = await blockedHome(t)
    for (const torn of ['{"at":"2026', '\n', '{"at":"20']) {
      appendFileSync(join(home, 'audit/audit-000001.jsonl'), torn)
      const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
      assert.match(stdout, /note: .+ ends in an append that was cut off/)
      assert.equal(exitCode, 0)
    }
  })

  test('without a log says so, with exit code 2', async (t) => {
    const { exitCode, stderr } = await runCli(['audit', 'verify'], { home: temporaryHome(t) })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: there is no audit log at .+\nhint: /)
  })

  test('says in --json what was found and which anchors were checked', async (t) => {
    const home = await blockedHome(t)
    const { stdout } = await runCli(['audit', 'verify', '--json', '--fast'], { home })
    const { version, ok, lines, segments, problems, anchors, tampers } = JSON.parse(stdout)
    assert.deepEqual(
      { version, ok, lines, segments, problems, anchors, tampers },
      {
        version: 1,
        ok: true,
        lines: 4,
        segments: 1,
        problems: 0,
        anchors: ['head'],
        tampers: [],
      },
    )
  })

  test('--require-anchor is exit code 3 for a copy of which nothing vouches for the end', async (t) => {
    const home = await blockedHome(t)
    assert.equal((await runCli(['audit', 'verify', '--require-anchor'], { home })).exitCode, 0)
    const file = join(home, 'audit/audit-000001.jsonl')
    assert.equal((await runCli(['audit', 'verify', file], { home })).exitCode, 0)
    assert.equal((await runCli(['audit', 'verify', file, '--require-anchor'], { home })).exitCode, 3)
  })
})

describe('spikectl audit checkpoint', () => {
  /** A home with a checkpoint of four lines in c.txt, and ten blocks more. */
  async function checkpointed(
    t: TestContext,
  ): Promise<{ home: string; note: string; verify: (...args: string[]) => ReturnType<typeof runCli> }> {
    const home = await blockedHome(t)
    const note = join(home, 'c.txt')
    const { stdout } = await runCli(['audit', 'checkpoint'], { home })
    writeFileSync(note, stdout)
    await hookEach(
      times(10, () => event()),
      { home },
    )
    return { home, note, verify: (...args) => runCli(['audit', 'verify', ...args], { home }) }
  }

  test('is one that the log still begins with after it has grown', async (t) => {
    const { note, verify } = await checkpointed(t)
    const { exitCode, stdout } = await verify('--checkpoint', note)
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /14 lines in 1 file, ends where audit\.db says, begins with the 4 lines of the checkpoint: ok/,
    )
  })

  test('finds lines that were dropped, even if audit.db was rolled back to match', async (t) => {
    const { home, note, verify } = await checkpointed(t)
    const file = join(home, 'audit/audit-000001.jsonl')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    writeFileSync(file, `${lines.slice(0, 2).join('\n')}\n`)
    rmSync(join(home, 'audit.db'))
    assert.equal((await verify()).exitCode, 0, 'nothing else remembers them')
    const { exitCode, stdout } = await verify('--checkpoint', note)
    assert.equal(exitCode, 1)
    assert.match(stdout, /tampered: the log ends at line 1, but the checkpoint knows line 3/)
  })

  test('finds a log that its own writer wrote anew', async (t) => {
    const { home, note, verify } = await checkpointed(t)
    for (const name of ['audit', 'audit.db']) rmSync(join(home, name), { recursive: true })
    await hookEach(
      times(5, () => event()),
      { home },
    )
    const { exitCode, stdout } = await verify('--checkpoint', note)
    assert.equal(exitCode, 1)
    assert.match(stdout, /tampered: the checkpoint is of another log/)
  })

  test('that was changed is no evidence, and says so with exit code 2', async (t) => {
    const { note, verify } = await checkpointed(t)
    writeFileSync(
      note,
      readFileSync(note, 'utf8').replace(/ ([A-Za-z0-9+/]{8})([A-Za-z0-9+/]{4})/, ' $1AAAA'),
    )
    const { exitCode, stderr } = await verify('--checkpoint', note)
    assert.equal(exitCode, 2)
    assert.match(stderr, /is not signed by the key that the log had then/)
    assert.equal((await verify('--checkpoint', 'nowhere')).exitCode, 2)
  })

  test('is not made of a log that is not sound', async (t) => {
    const { home } = await checkpointed(t)
    const file = join(home, 'audit/audit-000001.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"count":1', '"count":2'))
    const { exitCode, stdout, stderr } = await runCli(['audit', 'checkpoint'], { home })
    assert.deepEqual([exitCode, stdout], [1, ''])
    assert.match(stderr, /the log is not sound/)
  })

  test('is still good after a new key and a prune', async (t) => {
    const { home, note, verify } = await checkpointed(t)
    await runCli(['config', 'set', 'audit.segmentBytes', '2048'], { home })
    await runCli(['audit', 'rotate-key'], { home })
    await hookEach(
      times(8, () => event()),
      { home },
    )
    const later = join(home, 'later.txt')
    writeFileSync(later, (await runCli(['audit', 'checkpoint'], { home })).stdout)
    const { stdout } = await runCli(['audit', 'prune', '--keep', '1'], { home })
    assert.match(stdout, /^\d files? with lines 0 to \d+ removed, and a signed line says so\n$/)
    assert.equal((await verify('--checkpoint', later)).exitCode, 0)
    const old = await verify('--checkpoint', note)
    assert.deepEqual([old.exitCode, old.stderr.includes('are pruned')], [2, true])
  })
})

describe('spikectl audit', () => {
  test('shows the log to people, and as it is stored', async (t) => {
    const home = await blockedHome(t)
    await runCli(['reset', 's1'], { home })
    const { stdout } = await runCli(['audit', 'show'], { home })
    const [genesis, block, , , reset] = stdout.split('\n')
    assert.match(genesis ?? '', /^(now|\d+ \w+ ago) +#0 [0-9a-f]{4}… +genesis +public key \S{43}$/)
    assert.match(block ?? '', /#1 [0-9a-f]{4}… +block +s1 +Bash {2}rate 1 of 1 {2}\/home\/dev\/app$/)
    assert.match(reset ?? '', /reset +s1 +by \S+, standard input is no terminal$/)
    const json = await runCli(['audit', 'show', '--json'], { home })
    assert.equal(json.stdout, readFileSync(join(home, 'audit/audit-000001.jsonl'), 'utf8'))
  })

  test('exports the public key in the forms that openssl, ssh-keygen and JOSE libraries take', async (t) => {
    const home = await blockedHome(t)
    const key = async (...form: string[]) => (await runCli(['audit', 'export-key', ...form], { home })).stdout
    const [genesis] = readFileSync(join(home, 'audit/audit-000001.jsonl'), 'utf8').split('\n')
    const { pub, key: id } = JSON.parse(genesis ?? '')
    assert.equal(await key(), readFileSync(join(home, `audit/keys/${id}.pub.pem`), 'utf8'))
    assert.deepEqual([JSON.parse(await key('--jwk')).x, JSON.parse(await key('--jwk')).kid], [pub, id])
    assert.match(await key('--vkey'), /^spikectl\.local\/audit\/[0-9a-f]{32}\+[0-9a-f]{8}\+A\S+\n$/)
    assert.match(await key('--openssh'), /^ssh-ed25519 \S+ spikectl-audit-[0-9a-f]{16}\n$/)
    assert.equal((await runCli(['audit', 'export-key', '--jwk', '--vkey'], { home })).exitCode, 2)
  })

  test("changes nothing from an agent's own shell", async (t) => {
    const home = await blockedHome(t)
    for (const args of [['rotate-key'], ['prune', '--keep', '1']]) {
      const { exitCode, stderr } = await runCli(['audit', ...args], {
        home,
        env: { AI_AGENT: 'claude_code_agent' },
      })
      assert.equal(exitCode, 2)
      assert.match(stderr, /refuses to run in an agent's own shell/)
    }
  })

  test('prunes nothing without being told what', async (t) => {
    const home = await blockedHome(t)
    for (const args of [
      [],
      ['--keep', '0'],
      ['--keep', '1', '--before', '2020-01-01'],
      ['--before', 'yesterday'],
    ]) {
      const { exitCode, stderr } = await runCli(['audit', 'prune', ...args], { home })
      assert.equal(exitCode, 2, args.join(' '))
      assert.match(stderr, /hint: Run: spikectl audit prune --/)
    }
    assert.match((await runCli(['audit', 'prune', '--keep', '1'], { home })).stdout, /nothing to prune/)
  })

  test('has a line for each limit that was loosened, and none for one that was tightened', async (t) => {
    const home = await blockedHome(t)
    await runCli(['config', 'set', 'rate.blockPerMin', '20'], { home })
    await runCli(['config', 'set', 'rate.blockPerMin', '15'], { home })
    const { stdout } = await runCli(['audit', 'show', '--json'], { home })
    const changes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event: name }) => name === 'limits_loosened')
    assert.deepEqual(
      changes.map(({ setting, from, to }) => [setting, from, to]),
      [
        ['rate.warnPerMin', '1', '20'],
        ['rate.blockPerMin', '1', '20'],
      ],
    )
  })
})

describe('a block that cannot be signed', () => {
  test('stays a block, and its reason, the log and status say so', async (t) => {
    const home = await blockedHome(t)
    chmodSync(join(home, 'audit/keys/signing-key.pem'), 0o644)
    const { exitCode, stderr } = await runHook({ home, input: event() })
    assert.equal(exitCode, 2)
    assert.match(stderr, /\[audit not signed: see spikectl log\]/)
    assert.match(
      (await runCli(['log'], { home })).stdout,
      /not signed: .+signing-key\.pem can be read by others\. Run: chmod 600/,
    )
    assert.match(
      (await runCli(['status'], { home })).stdout,
      /4 blocked \(1 of these not signed: see spikectl log\)/,
    )
  })

  test('is told of by the next line that is signed, whoever signs it', async (t) => {
    const home = await blockedHome(t)
    const key = join(home, 'audit/keys/signing-key.pem')
    const recoveries = async () => {
      const { stdout } = await runCli(['audit', 'show', '--json'], { home })
      const lines = stdout.trimEnd().split('\n')
      return lines.flatMap((line) => JSON.parse(line).recovery ?? [])
    }
    chmodSync(key, 0o644)
    await hookEach([event(), event()], { home })
    chmodSync(key, 0o600)
    await hookEach([event(), event()], { home })
    assert.deepEqual(await recoveries(), [{ unsigned: 2 }])
    chmodSync(key, 0o644)
    await hookEach([event()], { home })
    chmodSync(key, 0o600)
    await runCli(['reset', 's1'], { home })
    assert.deepEqual(await recoveries(), [{ unsigned: 2 }, { unsigned: 1 }])
    const { exitCode, stdout } = await runCli(['audit', 'verify'], { home })
    assert.equal(exitCode, 0)
    assert.match(stdout, /note: before line \d+, 2 blocks could not be signed\n/)
  })
})
