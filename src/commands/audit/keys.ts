/** `spikectl audit export-key` and `rotate-key`. */

import { verifierKey } from '../../audit/checkpoint.ts'
import { publicPem } from '../../audit/ed25519.ts'
import { jwk, opensshKey } from '../../audit/key-formats.ts'
import { openSigner } from '../../audit/keys.ts'
import { rotateKey } from '../../audit/rotate.ts'
import { keyNamed, keyNames } from '../../audit/verify.ts'
import { failure } from '../../system/failure.ts'
import { printable } from '../../system/text.ts'
import type { Context, ExitCode } from '../context.ts'
import { appendOptions, refuseAgents } from '../person.ts'
import { findLog, verifyPlace } from './place.ts'

export interface ExportOptions {
  readonly openssh?: boolean
  readonly jwk?: boolean
  readonly vkey?: boolean
}

/** Prints a public key of the log: the one it goes on with, or an earlier one by its name. */
export function auditExportKey(context: Context, name: string | undefined, options: ExportOptions): ExitCode {
  if ([options.openssh, options.jwk, options.vkey].filter(Boolean).length > 1) {
    throw failure('expected one form of the key', 'Run: spikectl audit export-key --openssh')
  }
  const report = verifyPlace(context, findLog(context.paths, undefined))
  if (report.problem || report.truncated)
    context.terminal.remark('warning: the log is not sound: see spikectl audit verify')
  const pub = name === undefined ? report.link.pub : keyNamed(report, name)
  if (!pub)
    throw failure(`the log has no key ${printable(name ?? '')}`, `It has ${keyNames(report).join(', ')}`, 1)
  context.terminal.print(formatted(pub, report.link.log, options).trimEnd())
  return 0
}

function formatted(pub: Buffer, log: string, options: ExportOptions): string {
  if (options.openssh) return opensshKey(pub)
  if (options.jwk) return JSON.stringify(jwk(pub))
  return options.vkey ? verifierKey(log, pub) : publicPem(pub)
}

/** Replaces the signing key: whoever gets hold of the new one cannot change what was signed with the old. */
export async function auditRotateKey(context: Context): Promise<ExitCode> {
  refuseAgents(context, 'rotate-key')
  findLog(context.paths, undefined)
  const { log, seq } = rotateKey(context.paths, await appendOptions(context))
  const key = openSigner(context.paths.audit, () => false).key
  context.terminal.print(
    `audit ${log.slice(0, 8)}: line ${seq}, signed by the old key, names the new one, ${key}`,
  )
  return 0
}
