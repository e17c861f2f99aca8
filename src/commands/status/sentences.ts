/** What a person should know beside the table of sessions, and what to do about it. */

import type { Policy } from '../../guard/policy.ts'
import { factsOf, machineWord } from '../../messages/sentences.ts'
import type { Totals } from '../../store/store.ts'
import { counted } from '../../system/plural.ts'
import { pasteable, printable, shortId } from '../../system/text.ts'
import { ago, clock } from '../../terminal/times.ts'
import type { SessionView } from '../sessions.ts'

/** Less is read at the next event. */
const MEGABYTE = 1024 * 1024

export function noneSentence(known: number): string {
  const more = known > 0 ? ` ${known} earlier ones: spikectl status --all` : ''
  return `No session in the last hour.${more}`
}

/** Of a session that is halted as a whole. */
export function haltSentences({ identity, trip }: SessionView, now: number): string[] {
  if (!trip) return []
  const why = `${machineWord(trip)}: ${factsOf(trip, identity)}`
  return [`HALTED ${shortId(identity.id)} ${since(trip.at, now)} (${why}); ${goesOn(identity)}`]
}

/** Of sessions that are halted with the outermost one: a sentence for each of those. */
export function heldSentences(sessions: readonly SessionView[]): string[] {
  const held = sessions.filter(({ haltedWith }) => haltedWith !== undefined)
  const families = Map.groupBy(held, ({ identity: { tenant }, root }) => JSON.stringify([tenant, root]))
  return [...families.values()].flatMap(heldSentence)
}

/** So many are named. */
const MOST_NAMES = 3

function heldSentence(family: readonly SessionView[]): string[] {
  const [first] = family
  if (first?.root === undefined) return []
  const root = { tenant: first.identity.tenant, id: first.root }
  const names = family.slice(0, MOST_NAMES).map(({ identity }) => shortId(identity.id))
  const more = family.length > MOST_NAMES ? ` and ${family.length - MOST_NAMES} more` : ''
  const name = shortId(root.id)
  const whose = family.length === 1 ? 'its' : 'their'
  return [
    `HALTED ${names.join(', ')}${more} with ${name}, where ${whose} calls count too; ${name} ${goesOn(root)}`,
  ]
}

export function sentencesOf(session: SessionView, now: number): string[] {
  return [
    ...haltedAgents(session),
    ...runningSentences(session),
    ...unattendedSentences(session),
    ...quotaSentences(session),
    ...unreadSentences(session),
    ...guardSentences(session, now),
    ...unaskedSentences(session),
    ...looserSentences(session, now),
  ]
}

function haltedAgents({ identity, trip, agents }: SessionView): string[] {
  const halted = agents.filter((agent) => agent.halted).map(({ agent }) => printable(agent))
  if (trip || halted.length === 0) return []
  return [`${shortId(identity.id)}: halted ${halted.join(', ')}, while others go on; ${goesOn(identity)}`]
}

function runningSentences({ identity, agentsRunning }: SessionView): string[] {
  return agentsRunning === 0 ? [] : [`${shortId(identity.id)}: ${counted(agentsRunning, 'agent')} running`]
}

/** Said from the limit on at which the rule warns. */
function unattendedSentences({ identity, machineTurns, warnTurns }: SessionView): string[] {
  if (warnTurns === 0 || machineTurns < warnTurns) return []
  const figure = { rule: 'unattended', of: 'turns', count: machineTurns, limit: warnTurns }
  return [`${shortId(identity.id)}: ${factsOf(figure, identity)}`]
}

function quotaSentences({ identity, quota }: SessionView): string[] {
  return quota ? [`${shortId(identity.id)}: ${factsOf(quota, identity)}`] : []
}

/** Of a session that is shown alone. */
export function aloneSentences(session: SessionView): string[] {
  return [...parentSentences(session), ...tokenSentences(session)]
}

function tokenSentences({ identity, tokens }: SessionView): string[] {
  if (tokens.session === 0) return []
  const { prompt, session, day } = tokens
  const all = Object.entries({ prompt, session, day }).map(([stretch, count]) =>
    factsOf({ rule: 'budget', of: `${stretch} tokens`, count, limit: 0 }, identity),
  )
  return [`${shortId(identity.id)}: ${all.join(', ')}`]
}

function unreadSentences({ identity, unread }: SessionView): string[] {
  if (unread < MEGABYTE) return []
  const size = Math.floor(unread / MEGABYTE)
  return [
    `${shortId(identity.id)}: ${size} MB of its transcripts are still to be read for tokens, 8 MB at each event`,
  ]
}

/** What it does counts elsewhere too, or did. */
function parentSentences({ identity, parent, root }: SessionView): string[] {
  if (parent === undefined) return []
  const name = shortId(identity.id)
  const other = pasteable({ tenant: identity.tenant, id: parent })
  const counts =
    root === undefined
      ? 'had started its client; a person goes on with it, and it counts alone'
      : 'has started its client; what it does counts there too'
  return [`${name}: an agent of ${shortId(parent)} ${counts}: spikectl status ${other}`]
}

function goesOn(identity: Pick<SessionView['identity'], 'tenant' | 'id'>): string {
  return `goes on with a prompt of a person, or: spikectl reset ${pasteable(identity)}`
}

function guardSentences({ identity, guardChange }: SessionView, now: number): string[] {
  if (!guardChange) return []
  const { at, file, problem } = guardChange
  const what = printable(`${file} ${problem}`)
  return [
    `${shortId(identity.id)} keeps its hooks ${since(at, now)}, but new sessions will not: ${what}; look with: spikectl doctor`,
  ]
}

function unaskedSentences({ identity, unasked }: SessionView): string[] {
  if (unasked === 0) return []
  const calls = counted(unasked, 'call')
  return [
    `${shortId(identity.id)}: ${calls} ran without spikectl having been asked; when: spikectl log ${pasteable(identity)}; why: spikectl doctor`,
  ]
}

function looserSentences({ identity, loosening }: SessionView, now: number): string[] {
  if (!loosening) return []
  const last = `${clock(loosening.at, now)}, ${ago(loosening.at, now)}`
  const settings = loosening.settings.map(printable).join(', ')
  return [
    `${shortId(identity.id)}: limits were loosened while it ran, last at ${last}: ${settings}; look with: spikectl log ${pasteable(identity)}`,
  ]
}

/** "since 14:32:07, 4 minutes ago". */
function since(at: number, now: number): string {
  return `since ${clock(at, now)}, ${ago(at, now)}`
}

export function totalsSentences(totals: Totals, mode: Policy['mode']): string[] {
  const { calls, warned, blocked, halted, errors, unsigned, unasked } = totals
  const { wouldWarn, wouldBlock, wouldHalt } = totals
  const missing = unsigned > 0 ? ` (${unsigned} of these not signed: see spikectl log)` : ''
  const missed = unasked > 0 ? `; ${unasked} of the calls ran without spikectl having been asked` : ''
  const ends = `${counted(halted, 'turn')} ended; ${counted(errors, 'error')}${missed}`
  const sentences = [
    `since the beginning: ${counted(calls, 'call')}, of them ${warned} at or above a warn limit and ${blocked} blocked${missing}; ${ends}`,
  ]
  if (mode === 'enforce' && wouldWarn + wouldBlock + wouldHalt === 0) return sentences
  const now = mode === 'shadow' ? 'shadow mode: nothing is blocked;' : 'while it was in shadow mode it'
  const would = `warned ${wouldWarn}, blocked ${wouldBlock}, ended ${counted(wouldHalt, 'turn')}`
  return [...sentences, `${now} would have ${would}`]
}
