/** docs/verify.py, which knows nothing of our code, over the test vectors and over logs that spikectl has written. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { append } from '../../src/audit/append.ts'
import { sha256 } from '../../src/audit/chain.ts'
import { prunable, prune } from '../../src/audit/prune.ts'
import { type Log, openLog } from '../support/logs.ts'
import { temporaryHome, times } from '../support/processes.ts'
import type { Case } from '../support/vectors/files.ts'

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))
const VERIFIER = join(DOCS, 'verify.py')
const VECTORS = join(DOCS, 'audit-vectors')
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(join(VECTORS, 'manifest.json'), 'utf8'))

interface Verdict {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs its main() for each list of arguments, all in one process: starting Python takes longer than verifying. */
const EACH = `
import contextlib, importlib.util, io, json, sys
spec = importlib.util.spec_from_file_location('verify', sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(module)
verdicts = []
for arguments in json.load(sys.stdin):
    sys.argv, out, err, code = ['verify.py', *arguments], io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            module.main()
        except SystemExit as exit:
            code = exit.code
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
    verdicts.append({'code': code, 'stdout': out.getvalue(), 'stderr': err.getvalue()})
print(json.dumps(verdicts))
`

function verdictsOf(runs: readonly (readonly string[])[]): Verdict[] {
  const input = JSON.stringify(runs)
  const { status, stdout, stderr } = spawnSync('python3', ['-c', EACH, VERIFIER], { encoding: 'utf8', input })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

function pathsOf(log: Log): string[] {
  return log.segments().map((name) => join(log.files.audit, name))
}

function publicKeys({ files }: Log): string[] {
  return globSync('keys/*.pub.pem', { cwd: files.audit }).map((name) => join(files.audit, name))
}

/** A log with junk in it, two keys and several files. */
function longLog(t: TestContext): Log {
  const log = openLog(t, { segmentBytes: 1200 })
  times(2, () => log.block())
  writeFileSync(log.segment(log.segments().length), '{"at":"2027', { flag: 'a' })
  log.block()
  log.rotate()
  times(3, () => log.block())
  assert.ok(log.segments().length >= 3)
  assert.equal(log.verify({ head: log.head() }).problem, undefined)
  return log
}

describe('verify.py, as a program', () => {
  test('is the file whose hash the page of the format names', () => {
    const page = readFileSync(join(DOCS, 'audit-format.md'), 'utf8')
    assert.ok(page.includes(sha256(readFileSync(VERIFIER))), sha256(readFileSync(VERIFIER)))
  })

  test('needs no module that does not come with Python', () => {
    const imports = readFileSync(VERIFIER, 'utf8').match(/^(import|from) .+$/gm)
    assert.deepEqual(imports, ['import argparse, base64, gzip, hashlib, json, re, sys, zlib'])
  })

  for (const [files, status, says] of [
    [
      ['audit-000002.jsonl', 'audit-000001.jsonl'],
      0,
      /^log a0d0b1f1[0-9a-f]{24}: lines 0 to 7, chained, and signed by 06e3fd8fda29bb60, then deb2ded39dc26fce\n$/,
    ],
    [
      ['damaged/value-changed.jsonl'],
      1,
      /^tampered: damaged\/value-changed\.jsonl: line 2 \(seq 1\): bad signature\n$/,
    ],
    [['audit-000009.jsonl'], 2, /^error: .*audit-000009\.jsonl/],
    [[], 2, /^usage: /],
  ] as const) {
    test(`ends with exit code ${status} for: verify.py ${files.join(' ')}`, () => {
      const ended = spawnSync('python3', [VERIFIER, ...files], { cwd: VECTORS, encoding: 'utf8' })
      assert.equal(ended.status, status, ended.stderr)
      assert.match(status === 0 ? ended.stdout : ended.stderr, says)
    })
  }
})

describe('verify.py, over the test vectors', () => {
  let verdicts: Verdict[] = []
  before(() => {
    verdicts = verdictsOf(cases.map(({ files }) => files.map((file) => join(VECTORS, file))))
  })

  for (const [index, { name, exit, file, line, problem }] of cases.entries()) {
    test(`${name}: ends with exit code ${exit}${line ? `, and names line ${line}` : ''}`, () => {
      const { code, stderr } = verdicts[index] ?? assert.fail('it was not run')
      assert.equal(code, exit, stderr)
      if (!file || problem?.includes('are missing')) return
      assert.ok(stderr.startsWith(`tampered: ${join(VECTORS, file)}: line ${line} `), stderr)
    })
  }
})

describe('verify.py, over a log that spikectl has written', () => {
  /** Each line: what is done to a log, the arguments, the exit code, and what it says. */
  const rows: Readonly<Record<string, (log: Log) => readonly [readonly string[], number, RegExp]>> = {
    'accepts its files in any order': (log) => [
      pathsOf(log).toReversed(),
      0,
      /^log \w+: lines 0 to \d+, chained/,
    ],
    "accepts files that are gzip'd": (log) => {
      const [first = '', ...others] = pathsOf(log)
      writeFileSync(`${first}.gz`, gzipSync(readFileSync(first)))
      return [[...others, `${first}.gz`], 0, /^log /]
    },
    'passes over a draft of a file': (log) => {
      const draft = `${log.segment(9)}.0b8f9c6e-1d2a-4c3b-8e5f-0123456789ab`
      writeFileSync(draft, 'half')
      return [[...pathsOf(log).filter((path) => path !== draft), draft], 0, /^log /]
    },
    'accepts no file that is there twice': (log) => [[...pathsOf(log), log.file], 1, /tampered/],
    'accepts no log without a file in the middle': (log) => [pathsOf(log).toSpliced(1, 1), 1, /line 1 \(seq/],
    'accepts no log without its first file': (log) => [pathsOf(log).slice(1), 1, /no genesis/],
    'accepts no log without its first file, even with the key': (log) => [
      [...pathsOf(log).slice(1), ...publicKeys(log)],
      1,
      /are missing, and no prune record says so/,
    ],
    'accepts a log that was pruned, with its public keys': (log) => {
      const report = log.verify()
      prune(log.files, report, prunable(report, { keep: 1 }), log.options)
      return [[...pathsOf(log), ...publicKeys(log)], 0, /^log \w+: lines [1-9]\d* to \d+, chained/]
    },
    'accepts no log that was pruned without them': (log) => {
      const report = log.verify()
      prune(log.files, report, prunable(report, { keep: 1 }), log.options)
      return [pathsOf(log), 1, /no NAME\.pub\.pem of its key was given/]
    },
    'accepts the name of the key that it begins with': (log) => [
      ['--key', log.members(0).key, ...pathsOf(log)],
      0,
      /^log /,
    ],
    'accepts no other name': (log) => [
      ['--key', '0123456789abcdef', ...pathsOf(log)],
      1,
      /begins with the key \w{16}, and not with 0123456789abcdef/,
    ],
    'accepts no closed file with bytes at its end': (log) => {
      writeFileSync(log.file, '{"at":', { flag: 'a' })
      return [
        pathsOf(log),
        1,
        /audit-000001\.jsonl: line \d+ \(seq \d+\): an append that was cut off, and no line names it/,
      ]
    },
    'says what the writer has found out': (log) => {
      rmSync(log.files.auditDb)
      log.block()
      return [
        pathsOf(log),
        0,
        /^note: audit\.db was lost before line \d+: what was cut off there cannot be seen\nlog /,
      ]
    },
    'accepts a line that says how many before it could not be signed': (log) => {
      append(log.files, { event: 'block' }, { ...log.options, unsigned: () => 3 })
      assert.deepEqual(log.members(-1, log.segments().length).recovery, { unsigned: 3 })
      return [pathsOf(log), 0, /^log /]
    },
    'cannot read what is no gzip': (log) => {
      writeFileSync(log.file, Buffer.from('1f8b0800', 'hex'))
      return [pathsOf(log), 2, /^error: /]
    },
    'wants a file of a log': (log) => [publicKeys(log), 2, /^error: no file of a log was given/],
  }

  for (const [name, prepare] of Object.entries(rows)) {
    test(name, (t) => {
      const [args, code, says] = prepare(longLog(t))
      const [verdict] = verdictsOf([args])
      assert.equal(verdict?.code, code, verdict?.stderr)
      assert.match(`${verdict.stdout}${verdict.stderr}`, says)
    })
  }

  test('finds one changed byte, whichever it is', (t) => {
    const log = openLog(t)
    log.block()
    const sound = readFileSync(log.file)
    const folder = temporaryHome(t)
    // The last LF alone may be missing: that is a crash.
    const copies = times(Math.floor((sound.length - 1) / 13), (index) => {
      const copy = join(folder, `${index * 13}.jsonl`)
      const changed = Buffer.from(sound)
      changed[index * 13] = (changed[index * 13] ?? 0) ^ 0x01
      writeFileSync(copy, changed)
      return copy
    })
    for (const [index, { code }] of verdictsOf(copies.map((copy) => [copy])).entries()) {
      assert.equal(code, 1, copies[index])
    }
  })
})
