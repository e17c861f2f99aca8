/** `spikectl audit …`: what was refused, in a log that anyone can verify. */

import { existsSync, statSync } from 'node:fs'
import { type Head, readHead } from '../audit/head.ts'
import { type Report, verifyLog } from '../audit/verify.ts'
import { failure } from '../failure.ts'
import { shellWord } from '../short-id.ts'
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
  if (!existsSync(place)) {
    const hint = path
      ? 'Run: spikectl audit verify'
      : 'The log begins with the first call that is refused. Run: spikectl demo'
    throw failure(`there is no audit log at ${place}`, hint)
  }
  const report = verifyLog(statSync(place).isDirectory() ? { folder: place } : place)
  if (report.lines === 0 && !report.problem && !report.torn) {
    throw failure(`there is no audit log in ${place}`, `Run: ls -l ${shellWord(place)}`)
  }
  const head = path === undefined ? readHead(paths.auditDb, LOCK_WAIT_MS) : undefined
  const short = report.problem ? undefined : missingSince(report, head)
  if (options.json) terminal.printJson(asJson(report, head, short))
  else print(terminal, report, head, short)
  return report.problem || short ? 1 : 0
}

/** What the head row knows and the files do not: lines were cut off at the end. */
function missingSince(report: Report, head: Head | undefined): string | undefined {
  if (!head || (report.link.seq >= head.seq && report.log === head.log)) return undefined
  return report.log === head.log
    ? `the log ends at line ${report.link.seq}, but audit.db knows line ${head.seq}`
    : 'audit.db belongs to another log'
}

function asJson(report: Report, head: Head | undefined, short: string | undefined) {
  const { log, lines, segments, problem, torn } = report
  const anchors = head ? ['head'] : []
  return {
    version: 1,
    ok: !problem && !short,
    log,
    lines,
    segments,
    problem,
    truncated: short,
    torn,
    anchors,
  }
}

function print(
  { colour, print: out }: Terminal,
  report: Report,
  head: Head | undefined,
  short?: string,
): void {
  const { log, lines, segments, problem, torn } = report
  const name = `audit ${log.slice(0, 8) || '-'}`
  if (problem) {
    const { file, line, offset, seq, what } = problem
    out(`${name}: ${colour.red('tampered')}: ${file} line ${line} (byte ${offset}, seq ${seq}): ${what}`)
    out(`${lines} line${lines === 1 ? '' : 's'} before it verified`)
  } else if (short) {
    out(`${name}: ${colour.red('tampered')}: ${short}`)
  } else {
    const anchor = head ? 'ends where audit.db says' : 'no anchor: an end that was cut off cannot be seen'
    out(
      `${name}: ${lines} lines in ${segments} file${segments === 1 ? '' : 's'}, ${anchor}: ${colour.green('ok')}`,
    )
  }
  if (torn) out(`note: ${torn.file} ends in an append that a crash cut off (byte ${torn.offset})`)
  out('proven: no line was changed, added or removed by anyone without the signing key')
  out(
    'not proven: that all was logged, that times are true, or anything against a process of the same user (isolation: same-user)',
  )
}
