/** A real audit log in a folder that is gone after the test. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { append } from '../../src/audit/append.ts'
import { type Head, readHead } from '../../src/audit/head.ts'
import { rotateKey } from '../../src/audit/rotate.ts'
import { type VerifyOptions, verifyLog } from '../../src/audit/verify.ts'
import { temporaryHome } from './processes.ts'

export interface LogOptions {
  readonly segmentBytes?: number
}

export function openLog(t: TestContext, { segmentBytes = 1e6 }: LogOptions = {}) {
  const home = temporaryHome(t)
  const files = { audit: join(home, 'audit'), auditDb: join(home, 'audit.db') }
  let now = 1_800_000_000_000
  const options = { patience: () => 0, clock: () => now++, segmentBytes }
  const segment = (number: number) => join(files.audit, `audit-${String(number).padStart(6, '0')}.jsonl`)
  const lines = (number = 1) => readFileSync(segment(number), 'latin1').trimEnd().split('\n')
  return {
    home,
    files,
    options,
    file: segment(1),
    segment,
    segments: () => readdirSync(files.audit).filter((name) => name.startsWith('audit-')),
    block: (members = {}) => append(files, { event: 'block', tool: 'Bash', count: 10, ...members }, options),
    rotate: () => rotateKey(files, options),
    lines,
    /** The members of a line; of the last one if no index is given. */
    members: (index = -1, number = 1) => JSON.parse(lines(number).at(index) ?? ''),
    write: (text: readonly string[], number = 1) =>
      writeFileSync(segment(number), `${text.join('\n')}\n`, 'latin1'),
    head: (): Head | undefined => readHead(files.auditDb, () => 0),
    verify: (more: VerifyOptions = {}) => verifyLog({ folder: files.audit }, more),
  }
}

export type Log = ReturnType<typeof openLog>

/** A log of seven lines: two blocks, a new key, a block, a new file, a block. */
export function richLog(t: TestContext): Log {
  const log = openLog(t, { segmentBytes: 1700 })
  log.block()
  log.block()
  log.rotate()
  log.block()
  log.block()
  return log
}

/** What the folder of a log holds, to be put back later. */
export function snapshot({ files }: Log): () => void {
  const names = readdirSync(files.audit).filter((name) => name.startsWith('audit-'))
  const contents = names.map(
    (name) => [join(files.audit, name), readFileSync(join(files.audit, name))] as const,
  )
  return () => {
    for (const name of readdirSync(files.audit)) {
      if (name.startsWith('audit-')) rmSync(join(files.audit, name))
    }
    for (const [file, content] of contents) writeFileSync(file, content)
  }
}
