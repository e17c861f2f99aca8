/** Sessions by name, as state.db has them. It is only looked at: nothing is created, mended or waited for. */

import { durationOf } from '../../guard/rules/loop.ts'
import { readConfig } from '../../settings/load.ts'
import { peek } from '../../store/look.ts'
import type { Snapshot } from '../../store/store.ts'
import { printable, shortId } from '../../system/text.ts'
import { projectName, type SessionView, viewsOf } from '../sessions.ts'
import type { Asked, Candidate } from './typed.ts'

/** The latest of those that begin so; nobody reads through more. */
const MOST = 100

/** Those that are not named yet. */
export async function sessions({ paths, typed, word }: Asked): Promise<Candidate[]> {
  const tenant = typed.options.get('--tenant')
  const found = peek(paths.stateDb, (seen) => {
    const stored = seen.sessions({ begin: word, tenant, most: MOST })
    return { now: seen.now, stored, names: stored.map(({ identity }) => nameOf(seen, identity.id, word)) }
  })
  const { policy } = await readConfig(paths.config)
  return (await viewsOf(found, policy))
    .map((session, index) => ({ word: found.names[index] ?? '', about: aboutSession(session, found.now) }))
    .filter((session) => isOfferable(session.word) && !typed.operands.includes(session.word))
}

export function tenants({ paths }: Asked): Candidate[] {
  const known = new Set(peek(paths.stateDb, (seen) => seen.tenants()).map(printable))
  return [...known].filter(isOfferable).map((word) => ({ word }))
}

/** As `status` shows it; in full where that would not be unique, or more of it is there already. */
function nameOf(seen: Snapshot, id: string, word: string): string {
  const short = shortId(id)
  if (short === id || !short.startsWith(word)) return printable(id)
  return seen.names({ begin: short }, 2).length === 1 ? short : printable(id)
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
