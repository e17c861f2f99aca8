/** Sessions by name, as state.db has them. It is only looked at: nothing is created, mended or waited for. */

import { readConfig } from '../../config.ts'
import { durationOf } from '../../hosts/claude-code/sentences.ts'
import { printable, shortId } from '../../short-id.ts'
import type { Database } from '../../sqlite.ts'
import { peek } from '../../store/peek.ts'
import { readNames, readSessions } from '../../store/sessions.ts'
import { projectName, type SessionView, viewsOf } from '../sessions.ts'
import type { Asked, Candidate } from './typed.ts'

/** The latest of those that begin so; nobody reads through more. */
const MOST = 100

/** Those that are not named yet. */
export async function sessions({ paths, typed, word }: Asked): Promise<Candidate[]> {
  const tenant = typed.options.get('--tenant')
  const query = (db: Database, now: number) => {
    return { now, stored: readSessions(db, now, { begin: word, tenant, most: MOST }), names: readNames(db) }
  }
  const { now, stored, names } = peek(paths.stateDb, query, { now: 0, stored: [], names: [] })
  const { policy } = await readConfig(paths.config)
  const ids = names.map(({ id }) => id)
  return (await viewsOf(stored, policy, now))
    .map((session) => ({ word: nameOf(session, ids, word), about: aboutSession(session, now) }))
    .filter((session) => isOfferable(session.word) && !typed.operands.includes(session.word))
}

export function tenants({ paths }: Asked): Candidate[] {
  const known = new Set(peek(paths.stateDb, readNames, []).map(({ tenant }) => printable(tenant)))
  return [...known].filter(isOfferable).map((word) => ({ word }))
}

/** As `status` shows it; in full where that would not be unique, or more of it is there already. */
function nameOf({ identity }: SessionView, ids: readonly string[], word: string): string {
  const short = shortId(identity.id)
  const isUnique = ids.filter((id) => id.startsWith(short)).length === 1
  return isUnique && short.startsWith(word) ? short : printable(identity.id)
}

function aboutSession(session: SessionView, now: number): string {
  const age = durationOf(Math.max(0, now - session.lastSeen))
  const { tenant } = session.identity
  return `${projectName(session)}, ${session.state}, ${age} ago${tenant ? `, tenant ${printable(tenant)}` : ''}`
}

/** Any client may give any name: what begins with a dash would be an option. */
function isOfferable(name: string): boolean {
  return name !== '' && !name.startsWith('-')
}
