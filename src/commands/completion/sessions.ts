/** Sessions by name, as state.db has them. It is only looked at: nothing is created, mended or waited for. */

import { durationOf } from '../../guard/rules/loop.ts'
import { readConfig } from '../../settings/load.ts'
import { readNames, readTenants } from '../../store/names.ts'
import { peek } from '../../store/peek.ts'
import { readSessions } from '../../store/queries.ts'
import type { Database } from '../../system/sqlite.ts'
import { printable, shortId } from '../../system/text.ts'
import { type Found, NONE_FOUND, projectName, type SessionView, viewsOf } from '../sessions.ts'
import type { Asked, Candidate } from './typed.ts'

/** The latest of those that begin so; nobody reads through more. */
const MOST = 100

/** With the word that each is offered by. */
interface Named extends Found {
  readonly names: readonly string[]
}

/** Those that are not named yet. */
export async function sessions({ paths, typed, word }: Asked): Promise<Candidate[]> {
  const tenant = typed.options.get('--tenant')
  const query = (db: Database, now: number) => {
    const stored = readSessions(db, now, { begin: word, tenant, most: MOST })
    return { now, stored, names: stored.map(({ identity }) => nameOf(db, identity.id, word)) }
  }
  const found = peek<Named>(paths.stateDb, query, { ...NONE_FOUND, names: [] })
  const { policy } = await readConfig(paths.config)
  return (await viewsOf(found, policy))
    .map((session, index) => ({ word: found.names[index] ?? '', about: aboutSession(session, found.now) }))
    .filter((session) => isOfferable(session.word) && !typed.operands.includes(session.word))
}

export function tenants({ paths }: Asked): Candidate[] {
  const known = new Set(peek(paths.stateDb, readTenants, []).map(printable))
  return [...known].filter(isOfferable).map((word) => ({ word }))
}

/** As `status` shows it; in full where that would not be unique, or more of it is there already. */
function nameOf(db: Database, id: string, word: string): string {
  const short = shortId(id)
  if (short === id || !short.startsWith(word)) return printable(id)
  return readNames(db, { begin: short }, 2).length === 1 ? short : printable(id)
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
