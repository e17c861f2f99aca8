/**
 * Rotation: a new key is put on disk, the old one signs a line that names it, the new one takes its place, and
 * signs from then on. Whenever a process dies on the way, the next append finds out how far it came: it goes on with the
 * old key while no such line is there, and with the new one once it is.
 */

import { type AppendOptions, type AuditFiles, append, type Signed } from './append.ts'
import { prepareNextKey, useNextKey } from './keys.ts'

/** Replaces the signing key; the old one is gone then. */
export function rotateKey(files: AuditFiles, options: Omit<AppendOptions, 'settle'>): Signed {
  const event = () => ({ event: 'rotate', pub: prepareNextKey(files.audit).toString('base64url') })
  return append(files, event, { ...options, settle: () => useNextKey(files.audit) })
}
