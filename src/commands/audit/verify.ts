/** `spikectl audit verify`: is the log what its writer wrote? Says what is wrong, and what it cannot know. */

import { parseCheckpoint } from '../../audit/checkpoint.ts'
import { namesJunk } from '../../audit/junk.ts'
import { treeHash } from '../../audit/merkle.ts'
import { treeOf } from '../../audit/tree.ts'
import { unsignedIn, unsignedInAll } from '../../audit/unsigned.ts'
import { keyAfter, keyNames, pruneRecord, type Report } from '../../audit/verify.ts'
import type { Landmark } from '../../audit/walk-state.ts'
import { failure } from '../../system/failure.ts'
import { readSmallFile } from '../../system/files.ts'
import { counted } from '../../system/plural.ts'
import { printable, shellWord } from '../../system/text.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { Context, ExitCode } from '../context.ts'
import { findLog, verifyPlace } from './place.ts'

export interface VerifyOptions {
  readonly json?: boolean
  readonly fast?: boolean
  readonly requireAnchor?: boolean
  /** A file with a checkpoint that was made earlier. */
  readonly checkpoint?: string
  /** The name of the key that the log must begin with. */
  readonly key?: string
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
  /** Which log audit.db knows. */
  readonly headLog: string | undefined
}

/** Verifies our own log, or the folder or file at `path`. */
export function auditVerify(context: Context, path: string | undefined, options: VerifyOptions): ExitCode {
  const finding = findingOn(context, path, options)
  if (options.json) context.terminal.printJson(asJson(finding))
  else print(context.terminal, finding)
  if (tamperingIn(finding)) return 1
  return options.requireAnchor && finding.anchors.length === 0 ? 3 : 0
}

/** Our own log in one line, as `audit verify` begins. */
export function auditVerdict(context: Context): { readonly line: string; readonly isSound: boolean } {
  const finding = findingOn(context, undefined, {})
  return { line: verdictOn(finding, context.terminal), isSound: tamperingIn(finding) === undefined }
}

function findingOn(context: Context, path: string | undefined, options: VerifyOptions): Finding {
  const place = findLog(context.paths, path)
  const report = verifyPlace(context, place, { fast: options.fast ?? false })
  const checked = options.checkpoint === undefined ? undefined : checkAgainst(options.checkpoint, report)
  return {
    report,
    isFast: options.fast ?? false,
    anchors: anchorsOf(report, place.head !== undefined, checked),
    contradiction: strangeKey(report, options.key) ?? checked?.contradiction,
    checkpointSize: checked?.size,
    headLog: place.head?.log,
  }
}

/** What was found to hold. */
function anchorsOf(
  report: Report,
  hasHead: boolean,
  checked?: { readonly contradiction?: string | undefined },
): string[] {
  if (report.problem) return []
  return [
    ...(hasHead && !report.truncated ? ['head'] : []),
    ...(checked && !checked.contradiction ? ['checkpoint'] : []),
  ]
}

/** The line from which on audit.db, which had been lost, knew the end of the log again. */
function isRebuilt({ members: { recovery } }: Landmark): boolean {
  return typeof recovery === 'object' && 'anchor' in recovery && recovery.anchor === 'rebuilt'
}

/** Anybody can write a log with a key of their own: only its name, known by another way, tells whose it is. */
function strangeKey(report: Report, expected: string | undefined): string | undefined {
  const [first] = keyNames(report)
  if (expected === undefined || first === expected) return undefined
  return `it begins with the key ${first ?? '-'}, and not with ${printable(expected)}`
}

/** Does the log still begin with the lines of which the checkpoint was made? */
function checkAgainst(file: string, report: Report): { size: number; contradiction?: string | undefined } {
  const note = readSmallFile(file)
  if (note === undefined) throw failure(`there is no checkpoint at ${file}`, `Run: ls -l ${shellWord(file)}`)
  const { log, size, root, isSignedBy } = parseCheckpoint(note, file)
  const { link } = report
  if (report.problem) return { size }
  if (link.log !== log) return { size, contradiction: `the checkpoint is of another log, ${log.slice(0, 8)}` }
  if (size > report.first && !isSignedBy(keyAfter(report, size - 1))) {
    throw failure(
      `${file} is not signed by the key that the log had then`,
      'Take the checkpoint as it was printed',
    )
  }
  if (link.seq + 1 < size) {
    return {
      size,
      contradiction: `the log ends at line ${link.seq}, but the checkpoint knows line ${size - 1}`,
    }
  }
  if (treeHash(treeOf(report, size)).toString('base64') !== root) {
    return { size, contradiction: `its first ${size} lines are not those of the checkpoint` }
  }
  return { size }
}

function asJson(finding: Finding) {
  const { report, anchors, contradiction } = finding
  const { link, lines, segments, first, problem, problems, truncated, torn, landmarks } = report
  const { bytes, ...tornAt } = torn ?? {}
  return {
    version: 1,
    ok: tamperingIn(finding) === undefined,
    log: link.log,
    lines,
    segments: segments.length,
    first,
    keys: keyNames(report),
    unsigned: unsignedInAll(landmarks),
    rebuilt: landmarks.filter(isRebuilt).map(({ seq }) => seq),
    problem,
    problems: problems + (truncated || contradiction ? 1 : 0),
    truncated: truncated ?? contradiction,
    torn: torn && { ...tornAt, bytes: bytes?.length },
    tampers: landmarks.filter(({ members }) => members.event === 'tamper').map(({ seq }) => seq),
    anchors,
  }
}

function verdictOn(finding: Finding, { colour }: Terminal): string {
  const name = `audit ${(finding.report.link.log || finding.headLog || '-').slice(0, 8)}`
  const tampering = tamperingIn(finding)
  if (tampering) return `${name}: ${colour.red('tampered')}: ${tampering}`
  return `${name}: ${summary(finding)}: ${colour.green('ok')}`
}

function print(terminal: Terminal, finding: Finding): void {
  const { report } = finding
  const out = terminal.print
  out(verdictOn(finding, terminal))
  for (const note of notes(finding)) out(`note: ${note}`)
  if (report.lines > 0) out(`signed by: ${keyNames(report).join(', then ')}`)
  out(`proven: ${proven(finding)}`)
  out(
    'not proven: that all was logged, that times are true, or anything against a process of the same user (isolation: same-user)',
  )
}

function tamperingIn({ report, contradiction }: Finding): string | undefined {
  const { problem, problems, truncated } = report
  if (!problem) return truncated ?? contradiction
  const more = problems > 1 ? ` (and ${problems - 1} more)` : ''
  const { file, line, offset, seq, what } = problem
  const where = line === 0 ? printable(file) : `${file} line ${line} (byte ${offset}, seq ${seq})`
  return `${where}: ${what}${more}`
}

function notes({ report, contradiction }: Finding): string[] {
  const { torn, landmarks, first, from, truncated } = report
  const found = landmarks.filter(({ members }) => members.event === 'tamper')
  const junk = landmarks.filter(({ members }) => namesJunk(members))
  const missing = pruneRecord(report, from)
    ? `lines 0 to ${first - 1} were pruned, and a signed record says so`
    : `lines 0 to ${first - 1} are not here`
  const isCut = truncated ?? contradiction
  return [
    ...(first > 0 && !report.problem
      ? [missing, `that this is the log is vouched for by the key ${keyNames(report)[0]} alone`]
      : []),
    ...found.map(({ seq }) => `line ${seq} records that the log was not as its writer had left it`),
    ...landmarks
      .filter(({ members }) => unsignedIn(members) > 0)
      .map(({ seq, members }) => `before line ${seq}, ${unsignedIn(members)} blocks could not be signed`),
    ...junk.map(({ seq }) => `before line ${seq} stands an append that was cut off; it names it`),
    ...landmarks
      .filter(isRebuilt)
      .map(({ seq }) => `audit.db was lost before line ${seq}: what was cut off there cannot be seen`),
    ...(torn && !isCut ? [`${torn.file} ends in an append that was cut off (byte ${torn.offset})`] : []),
  ]
}

function summary({ report, anchors, checkpointSize }: Finding): string {
  const { lines, segments } = report
  const files = `${counted(lines, 'line')} in ${counted(segments.length, 'file')}`
  const ends = anchors.includes('head') ? 'ends where audit.db says' : 'no anchor for its end'
  const grown = `begins with the ${checkpointSize} lines of the checkpoint`
  if (checkpointSize === undefined) return `${files}, ${ends}`
  return anchors.includes('head') ? `${files}, ${ends}, ${grown}` : `${files}, ${grown}`
}

function proven(finding: Finding): string {
  const { report, anchors, isFast } = finding
  const { problem, first, link } = report
  if (tamperingIn(finding)) {
    const end = problem ? problem.seq : link.seq + 1
    if (isFast && problem) return 'nothing; without --fast each line is looked at'
    return end <= first ? 'nothing' : `only the lines from seq ${first} to ${end - 1}, each by its key`
  }
  const by = isFast ? ', by their hashes and the last signature of each key' : ''
  const hidden = [
    ...(report.landmarks.some(isRebuilt) ? ['where audit.db was lost'] : []),
    ...(anchors.includes('head') ? [] : ['after the last']),
    ...(first > 0 && !pruneRecord(report, report.from) ? ['before the first'] : []),
  ]
  const limit =
    hidden.length > 0 ? `; whether there were more lines ${hidden.join(' or ')} cannot be seen` : ''
  return `no line was changed, added or removed by anyone without the signing key${by}${limit}`
}
