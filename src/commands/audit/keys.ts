/** `spikectl audit export-key` and `rotate-key`. */

import { verifierKey } from '../../audit/checkpoint.ts'
import { publicPem } from '../../audit/ed25519.ts'
import { jwk, opensshKey } from '../../audit/key-formats.ts'
import { rotateKey } from '../../audit/rotate.ts'
import { keyAfter } from '../../audit/verify.ts'
import { failure } from '../../failure.ts'
import type { Context, ExitCode } from '../context.ts'
import { appendOptions, refuseAgents } from '../person.ts'
import { soundLog } from './place.ts'

export interface ExportOptions {
  readonly openssh?: boolean
  readonly jwk?: boolean
  readonly vkey?: boolean
}

/** Prints the public key that the log goes on with. */
export function auditExportKey(context: Context, options: ExportOptions): ExitCode {
  if (Object.values(options).filter(Boolean).length > 1) {
    throw failure('expected one form of the key', 'Run: spikectl audit export-key --openssh')
  }
  const { report } = soundLog(context)
  const pub = keyAfter(report, report.link.seq)
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
  const options = await appendOptions(context)
  const { log, seq } = rotateKey(context.paths, options)
  context.terminal.print(`audit ${log.slice(0, 8)}: line ${seq}, signed by the old key, names the new one`)
  return 0
}
