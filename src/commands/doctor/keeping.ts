/** Checks what spikectl itself keeps: its folders, its settings, the counts, the log. */

import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOff, type Policy } from '../../guard/policy.ts'
import { readConfig } from '../../settings/load.ts'
import { settingAt } from '../../settings/names.ts'
import { countingProblem, folderProblem } from '../../store/countable.ts'
import { peek } from '../../store/look.ts'
import { failure } from '../../system/failure.ts'
import type { Paths } from '../../system/paths.ts'
import { counted } from '../../system/plural.ts'
import { shellWord } from '../../system/text.ts'
import { findLog, verifyPlace } from '../audit/place.ts'
import type { Context } from '../context.ts'
import { type InForce, policyInForce, tightenedSettings } from '../policy-in-force.ts'
import { editing, type Finding, failed, findingsOf, lineIn, ok, warning } from './finding.ts'

/** What is in the folders is looked at once they are in order: else the same would be found again and again. */
export async function keepingFindings(context: Context, project: string): Promise<Finding[]> {
  const { paths } = context
  const files = await findingsOf('files', () => fileFindings(paths))
  if (files.some(({ level }) => level === 'failure')) return files
  return [
    ...files,
    ...(await findingsOf('config', () => configFindings(paths, project))),
    ...(await findingsOf('database', () => [databaseFinding(paths)])),
    ...(await findingsOf('log', () => logFindings(context))),
  ]
}

function fileFindings(paths: Paths): Finding[] {
  const uncounted = countingProblem(paths)
  if (uncounted) {
    const why = 'nothing can be counted or logged here, and the hook fails at each call'
    return [failed('files', uncounted.message, why, lineIn(uncounted.hint))]
  }
  const unlogged = folderProblem(paths.state)
  if (unlogged) {
    const why = 'the audit log cannot be begun or go on there, so that blocks may not be signed'
    return [failed('files', unlogged.message, why, lineIn(unlogged.hint))]
  }
  const folders = [...new Set([paths.state, dirname(paths.config)])]
  const problems = folders.flatMap(folderFindings)
  return problems.length > 0 ? problems : [ok('files', `${folders.join(' and ')}: ours alone, and writable`)]
}

function folderFindings(folder: string): Finding[] {
  const problem = folderProblem(folder)
  if (problem) {
    return [warning('files', problem.message, 'no setting can be changed there', lineIn(problem.hint))]
  }
  if (!existsSync(folder) || process.platform === 'win32') return []
  const files = readdirSync(folder).map((name) => join(folder, name))
  return [folder, ...files].flatMap(openToOthers)
}

function openToOthers(file: string): Finding[] {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat || (stat.mode & 0o077) === 0) return []
  const why = 'other users could read what is kept, or change it'
  const run = `chmod go= ${shellWord(file)}`
  return [warning('files', `${file} is open to other users (${(stat.mode & 0o777).toString(8)})`, why, run)]
}

async function configFindings({ config }: Paths, project: string): Promise<Finding[]> {
  const { problem } = await readConfig(config)
  if (problem) {
    return [failed('config', problem.message, 'the built-in limits are in force', lineIn(problem.hint))]
  }
  const inForce = await policyInForce({ paths: { config } }, project)
  return [policyFinding(inForce.policy), ...projectFindings(inForce)]
}

function projectFindings(inForce: InForce): Finding[] {
  const { policy, own, projectFile, ignored } = inForce
  if (ignored) {
    return [warning('config', ignored, "the project's own settings are not in force", editing(projectFile))]
  }
  const tightened = tightenedSettings(inForce).map((name) => {
    const [is, was] = [policy, own].map((each) => JSON.stringify(settingAt(each, name) ?? 0))
    return `${name} is ${is} in place of ${was}`
  })
  return tightened.length > 0 ? [ok('config', `${projectFile} tightens them: ${tightened.join(', ')}`)] : []
}

function policyFinding(policy: Policy): Finding {
  if (isOff(policy)) {
    return warning('config', 'every rule is off', 'nothing is counted', 'spikectl config unset rate')
  }
  if (policy.mode === 'shadow') {
    const run = 'spikectl config set mode enforce'
    return warning('config', 'mode is shadow', 'nothing is blocked, only counted and logged', run)
  }
  const { warnPerMin, blockPerMin } = policy.rate
  return ok('config', `warns at ${warnPerMin} and blocks at ${blockPerMin} calls a minute`)
}

function databaseFinding({ stateDb }: Paths): Finding {
  if (!existsSync(stateDb)) return ok('database', 'nothing was counted yet')
  const { isSound, calls, unsigned } = peek(stateDb, (seen) => ({
    isSound: seen.isSound(),
    calls: seen.totals().calls,
    unsigned: seen.unsigned(),
  }))
  if (!isSound) throw failure('state.db is damaged', 'Run: spikectl status')
  const { count, fresh } = unsigned
  if (fresh > 0) {
    const why = 'they stand in no audit log; spikectl log says why. Once you know of them:'
    return warning(
      'database',
      `${counted(fresh, 'block')} could not be signed`,
      why,
      'spikectl doctor --acknowledge',
    )
  }
  const known = count > 0 ? `, ${counted(count, 'block')} not signed: acknowledged` : ''
  return ok('database', `state.db is sound, ${counted(calls, 'call')} counted${known}`)
}

/** The chain and the last signatures: enough to know whether the log can go on. */
function logFindings(context: Context): Finding[] {
  const { paths } = context
  if (!existsSync(paths.audit) && !existsSync(paths.auditDb)) {
    return [ok('log', 'nothing was blocked yet, so that there is no audit log')]
  }
  const place = findLog(paths, undefined)
  const report = verifyPlace(context, { ...place, problem: undefined }, { fast: true })
  const broken = report.problem ? 'the audit log is not as it was written' : report.truncated
  if (broken) {
    const why =
      'it proves nothing from there on: spikectl audit verify. To keep it as evidence and begin anew:'
    return [failed('log', broken, why, anew(paths.state))]
  }
  if (place.problem) {
    const why = 'the next block makes a new one, which knows the end of the log from its files alone'
    const { auditDb } = paths
    return [warning('log', place.problem, why, `mv ${shellWord(auditDb)} ${shellWord(`${auditDb}.damaged`)}`)]
  }
  return [ok('log', `${counted(report.link.seq + 1, 'signed line')}, chained, and the last one is there`)]
}

/** Files whose names no later log takes. */
function anew(state: string): string {
  return `(cd ${shellWord(state)} && mkdir -p old && mv audit* "$(mktemp -d old/XXXXXX)")`
}
