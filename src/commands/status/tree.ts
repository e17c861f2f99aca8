/** Sessions in the order in which they are shown: one whose client an agent has started stands below that agent's. */

import { keyOf } from '../../guard/identity.ts'
import type { SessionView } from '../sessions.ts'

/** A session, and below how many others it stands. */
export interface Placed {
  readonly session: SessionView
  readonly depth: number
}

/** Each family stands where the first of its members did. Forged parents may name each other: each stands once. */
export function treeOf(sessions: readonly SessionView[]): Placed[] {
  const shown = new Map(sessions.map((session) => [session.key, session]))
  const placed = new Map<string, Placed>()
  const place = (session: SessionView, depth: number) => {
    if (placed.has(session.key)) return
    placed.set(session.key, { session, depth })
    for (const id of session.children) {
      const child = shown.get(keyIn(session, id))
      if (child) place(child, depth + 1)
    }
  }
  for (const session of sessions) place(outermost(session, shown), 0)
  return [...placed.values()]
}

function outermost(session: SessionView, shown: ReadonlyMap<string, SessionView>): SessionView {
  const climbed = new Set<SessionView>()
  let top = session
  for (;;) {
    climbed.add(top)
    const parent = top.parent === undefined ? undefined : shown.get(keyIn(top, top.parent))
    if (!parent || climbed.has(parent)) return top
    top = parent
  }
}

/** Parents and children are sessions of the same tenant. */
function keyIn({ identity }: SessionView, id: string): string {
  return keyOf({ tenant: identity.tenant, kind: 'session', id })
}
