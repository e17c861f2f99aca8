/** The settings that belong to no rule. */

import { choice, limit, onOff, size } from './setting.ts'
import type { ValuesOf } from './settings.ts'

/** A packed segment is read as a whole. */
const SEGMENT_BYTES = [1024, 64 * 1024 * 1024] as const

export const GENERAL = {
  halt: {
    afterDeniedRounds: limit(3, 'lower', 'After so many rounds in a row with a blocked call the turn ends.'),
  },
  mode: choice(
    ['enforce', 'shadow'],
    'enforce',
    'In shadow mode everything is decided, counted and logged, and nothing is blocked.',
  ),
  ask: onOff(
    true,
    'owner',
    'Where a person is there to answer, ask before a turn is ended for its agents, its budget or for going on unattended.',
  ),
  tenant: { strict: onOff(false, 'on', 'Block calls when SPIKECTL_TENANT names no tenant.') },
  audit: {
    segmentBytes: size(
      8 * 1024 * 1024,
      SEGMENT_BYTES,
      'From this size on the audit log goes on in a new file.',
    ),
  },
  onError: choice(['allow', 'block'], 'block', 'What a failure of spikectl itself does to the tool call.'),
}

export type General = ValuesOf<typeof GENERAL>
