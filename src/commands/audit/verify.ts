/** `spikectl audit verify`: is the log what its writer wrote? Says what is wrong, and what it cannot know. */

import { parseCheckpoint } from '../../audit/checkpoint.ts'
import { treeHash } from '../../audit/merkle.ts'
import { treeOf } from '../../audit/prune.ts'
import { keyAfter, type Report } from '../../audit/verify.ts'
import { failure } from '../../failure.ts'
import { readSmallFile } from '../../files.ts'
import { shellWord } from '../../short-id.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { Context, ExitCode } from '../context.ts'
import { findLog, verifyPlace } from './place.ts'

export interface VerifyOptions {
  readonly json?: boolean
  readonly fast?: boolean
  readonly requireAnchor?: boolean
  /** A file with a checkpoint that was made earlier. */
  readonly checkpoint?: string
}

/** What was found out about a log, and against what. */
interface Finding {
  readonly report: Report
  readonly isFast: boolean
  /** What vouches for the log's end: "head" for audit.db, "checkpoint". */
  readonly anchors: readonly string[]
  /** What the checkpoint shows to be wrong. */
  readonly contradiction?: string | undefined
  readonly checkpointSize?: number | undefined
}

/** Verifies our own log, or the folder or file at `path`. */
export function auditVerify(context: Context, path: string | undefined, options: VerifyOptions): ExitCode {
  const place = findLog(context.paths, path)
  const report = verifyPlace(context, place, { fast: options.fast ?? false })
  const checked = options.checkpoint === undefined ? undefined : checkAgainst(options.checkpoint, report)
  const finding: Finding = {
    report,
    isFast: options.fast ?? false,
    anchors: [...(place.head ? ['head'] : []), ...(checked ? ['checkpoint'] : [])],
    contradiction: checked?.contradiction,
    checkpointSize: checked?.size,
  }
  if (options.json) context.terminal.printJson(asJson(finding))
  else print(context.terminal, finding, place.head?.log)
  if (tamperingIn(finding)) return 1
  return options.requireAnchor && finding.anchors.length === 0 ? 3 : 0
}

/** Does the log still begin with the lines of which the checkpoint was made? */
function checkAgainst(file: string, report: Report): { size: number; contradiction?: string | undefined } {
  const note = readSmallFile(file)
  if (note === undefined) throw failure(`there is no checkpoint at ${file}`, `Run: ls -l ${shellWord(file)}`)
  const checkpoint = parseCheckpoint(note, file)
  const { log, size, root } = checkpoint
  const { link } = report
  if (report.problem) return { size }
  if (link.log !== log) return { size, contradiction: `the checkpoint is of another log, ${log.slice(0, 8)}` }
  if (link.seq + 1 < size) {
    return {
      size,
      contradiction: `the log ends at line ${link.seq}, but the checkpoint knows line ${size - 1}`,
    }
  }
  if (treeHash(treeOf(report, size)).toString('base64') !== root) {
    return { size, contradiction: `its first ${size} lines are not those of the checkpoint` }
  }
  if (checkpoint.isSignedBy(keyAfter(report, size - 1))) return { size }
  throw failure(
    `${file} is not signed by the key that the log had then`,
    'Take the checkpoint as it was printed',
  )
}

function asJson(finding: Finding) {
  const { report, anchors, contradiction } = finding
  const { link, lines, segments, first, problem, problems, truncated, torn, records } = report
  const { bytes, ...tornAt } = torn ?? {}
  return {
    version: 1,
    ok: tamperingIn(finding) === undefined,
    log: link.log,
    lines,
    segments: segments.length,
    ...(first > 0 ? { prunedThrough: first - 1 } : {}),
    problem,
    problems: problems + (truncated || contradiction ? 1 : 0),
    truncated: truncated ?? contradiction,
    torn: torn && { ...tornAt, bytes: bytes?.length },
    tampers: records.filter(({ members }) => members.event === 'tamper').map(({ seq }) => seq),
    anchors,
  }
}

function print({ colour, print: out }: Terminal, finding: Finding, headLog: string | undefined): void {
  const { report } = finding
  const name = `audit ${(report.link.log || headLog || '-').slice(0, 8)}`
  const tampering = tamperingIn(finding)
  if (tampering) out(`${name}: ${colour.red('tampered')}: ${tampering}`)
  else out(`${name}: ${summary(finding)}: ${colour.green('ok')}`)
  for (const note of notes(report)) out(`note: ${note}`)
  out(`proven: ${proven(finding)}`)
  out(
    'not proven: that all was logged, that times are true, or anything against a process of the same user (isolation: same-user)',
  )
}

function tamperingIn({ report, contradiction }: Finding): string | undefined {
  const { problem, problems, truncated } = report
  if (!problem) return truncated ?? contradiction
  const more = problems > 1 ? ` (and ${problems - 1} more)` : ''
  return `${problem.file} line ${problem.line} (byte ${problem.offset}, seq ${problem.seq}): ${problem.what}${more}`
}

function notes({ torn, records, first }: Report): string[] {
  const found = records.filter(({ members }) => members.event === 'tamper')
  return [
    ...(first > 0 ? [`lines 0 to ${first - 1} were pruned, and a signed record says so`] : []),
    ...found.map(({ seq }) => `line ${seq} records that the log was not as its writer had left it`),
    ...(torn ? [`${torn.file} ends in an append that a crash cut off (byte ${torn.offset})`] : []),
  ]
}

function summary({ report, anchors, checkpointSize }: Finding): string {
  const { lines, segments } = report
  const files = `${lines} lines in ${segments.length} file${segments.length === 1 ? '' : 's'}`
  const ends = anchors.includes('head') ? 'ends where audit.db says' : 'no anchor for its end'
  const grown = `begins with the ${checkpointSize} lines of the checkpoint`
  if (checkpointSize === undefined) return `${files}, ${ends}`
  return anchors.includes('head') ? `${files}, ${ends}, ${grown}` : `${files}, ${grown}`
}

function proven(finding: Finding): string {
  const { report, anchors, checkpointSize, isFast } = finding
  if (tamperingIn(finding)) {
    const sound = report.problem ? report.problem.seq : report.link.seq + 1
    return sound <= report.first ? 'nothing' : `only lines ${report.first} to ${sound - 1}, each by its key`
  }
  const by = isFast ? ', by their hashes and the last signature of each key' : ''
  return `no line was changed, added or removed by anyone without the signing key${by}${limit(anchors, checkpointSize)}`
}

function limit(anchors: readonly string[], checkpointSize: number | undefined): string {
  if (anchors.includes('head')) return ''
  const from = checkpointSize === undefined ? 'the last' : `line ${checkpointSize - 1}`
  return `; whether there were more lines after ${from} cannot be seen`
}
