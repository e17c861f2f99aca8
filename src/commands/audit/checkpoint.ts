/** `spikectl audit checkpoint`: how long the log is and the hash of all of it, signed, to be kept elsewhere. */

import { encodeCheckpoint } from '../../audit/checkpoint.ts'
import { openSigner } from '../../audit/keys.ts'
import { treeHash } from '../../audit/merkle.ts'
import { treeOf } from '../../audit/tree.ts'
import { failure } from '../../system/failure.ts'
import type { Context, ExitCode } from '../context.ts'
import { soundLog } from './place.ts'

export function auditCheckpoint(context: Context): ExitCode {
  const report = soundLog(context)
  const { log, seq, pub } = report.link
  const signer = openSigner(context.paths.audit, () => false)
  if (!signer.pub.equals(pub)) {
    throw failure(
      'the signing key is not the one that the log continues with',
      'Put the key back: keys/signing-key.pem',
    )
  }
  const root = treeHash(treeOf(report, seq + 1)).toString('base64')
  process.stdout.write(encodeCheckpoint({ log, size: seq + 1, root }, signer))
  return 0
}
