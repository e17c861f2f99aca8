/** `spikectl audit …`: what was refused, in a log that anyone can verify. */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { type Head, readHead } from '../audit/head.ts'
import { type Report, verifyLog } from '../audit/verify.ts'
import { codeOf, failure } from '../failure.ts'
import type { Paths } from '../paths.ts'
import { patienceOf } from '../pause.ts'
import { shellWord } from '../short-id.ts'
import { isDamage } from '../sqlite.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'

const LOCK_WAIT_MS = 5000

export interface VerifyOptions {
  readonly json?: boolean
}

/** Verifies our own log, or the folder or file at `path`. */
export function auditVerify(
  { paths, terminal }: Context,
  path: string | undefined,
  options: VerifyOptions,
): ExitCode {
  const place = path ?? paths.audit
  // Before the files: hooks may append while we read, but never take back.
  const head = isOwn(paths, place) ? ownHead(paths) : undefined
  if (!existsSync(place) && !head) {
    const hint = path ? 'Run: spikectl audit verify' : 'It begins with the first call that is refused'
    throw failure(`there is no audit log at ${place}`, hint)
  }
  const isFile = existsSync(place) && statSync(place).isFile()
  const report = verifyLog(isFile ? place : { folder: place }, head)
  if (report.segments === 0 && !head)
    throw failure(`there is no audit log in ${place}`, `Run: ls -l ${shellWord(place)}`)
  if (options.json) terminal.printJson(asJson(report, head))
  else print(terminal, report, head)
  return report.problem || report.truncated ? 1 : 0
}

function isOwn(paths: Paths, place: string): boolean {
  if (place === paths.audit) return true
  return existsSync(place) && existsSync(paths.audit) && realpathSync(place) === realpathSync(paths.audit)
}

function ownHead(paths: Paths): Head | undefined {
  try {
    return readHead(paths.auditDb, patienceOf(LOCK_WAIT_MS))
  } catch (error) {
    if (!isDamage(error)) throw error
    throw failure(
      `${paths.auditDb} is damaged (${codeOf(error)}); the next refusal moves it aside`,
      `To verify the files without it, run: spikectl audit verify ${shellWord(`${paths.audit}/audit-000001.jsonl`)}`,
    )
  }
}

function asJson(report: Report, head: Head | undefined) {
  const { log, lines, segments, problem, truncated, torn } = report
  const anchors = head ? ['head'] : []
  return { version: 1, ok: !problem && !truncated, log, lines, segments, problem, truncated, torn, anchors }
}

function print({ colour, print: out }: Terminal, report: Report, head: Head | undefined): void {
  const { log, torn } = report
  const name = `audit ${(log || head?.log || '-').slice(0, 8)}`
  const tampering = tamperingIn(report)
  out(
    tampering
      ? `${name}: ${colour.red('tampered')}: ${tampering}`
      : `${name}: ${summary(report, head)}: ${colour.green('ok')}`,
  )
  if (torn) out(`note: ${torn.file} ends in an append that a crash cut off (byte ${torn.offset})`)
  out(`proven: ${proven(report, head)}`)
  out(
    'not proven: that all was logged, that times are true, or anything against a process of the same user (isolation: same-user)',
  )
}

function tamperingIn({ problem, truncated }: Report): string | undefined {
  if (!problem) return truncated
  return `${problem.file} line ${problem.line} (byte ${problem.offset}, seq ${problem.seq}): ${problem.what}`
}

function summary({ lines, segments }: Report, head: Head | undefined): string {
  const files = `${segments} file${segments === 1 ? '' : 's'}`
  return `${lines} lines in ${files}, ${head ? 'ends where audit.db says' : 'no anchor for its end'}`
}

function proven(report: Report, head: Head | undefined): string {
  const { lines } = report
  if (tamperingIn(report)) return lines === 0 ? 'nothing' : `only the first ${lines} lines, each by its key`
  const end = head ? '' : ' before the last; whether more came after it cannot be seen'
  return `no line was changed, added or removed by anyone without the signing key${end}`
}
