/** `spikectl audit prune`: removes the oldest files of the log, and signs that it did. */

import { type Choice, prunable, prune } from '../../audit/prune.ts'
import { failure } from '../../system/failure.ts'
import { printable } from '../../system/text.ts'
import type { Context, ExitCode } from '../context.ts'
import { appendOptions, refuseAgents } from '../person.ts'
import { soundLog } from './place.ts'

export interface PruneOptions {
  readonly keep?: string
  readonly before?: string
}

export async function auditPrune(context: Context, options: PruneOptions): Promise<ExitCode> {
  refuseAgents(context, 'prune')
  const choice = chosen(options)
  const report = soundLog(context)
  const doomed = prunable(report, choice)
  const last = doomed.at(-1)
  if (!last) {
    context.terminal.print('nothing to prune: no closed file is that old; the file that grows always stays')
    return 0
  }
  prune(context.paths, report, doomed, await appendOptions(context))
  const files = `${doomed.length} file${doomed.length === 1 ? '' : 's'}`
  context.terminal.print(
    `${files} with lines ${report.first} to ${last.link.seq} removed, and a signed line says so`,
  )
  return 0
}

function chosen({ keep, before }: PruneOptions): Choice {
  if ((keep === undefined) === (before === undefined)) {
    throw failure('expected either --keep or --before', 'Run: spikectl audit prune --keep 12')
  }
  if (keep !== undefined) {
    if (/^[1-9]\d{0,5}$/.test(keep)) return { keep: Number(keep) }
    throw failure(
      `--keep is ${printable(keep)}, expected a number of files, at least 1`,
      'Run: spikectl audit prune --keep 12',
    )
  }
  const date = new Date(before ?? '')
  if (/^\d{4}-\d{2}-\d{2}(T|$)/.test(before ?? '') && !Number.isNaN(date.getTime())) return { before: date }
  throw failure(
    `--before is ${printable(before ?? '')}, expected a date such as 2026-01-31`,
    `Run: spikectl audit prune --before ${new Date().getUTCFullYear()}-01-01`,
  )
}
