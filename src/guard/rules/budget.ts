/**
 * The budget rule: tokens, and dollars where the client tells of them, that a session with all its agents has used up since a
 * person last wrote, since it began, and in this day with the other sessions of its tenant and user.
 *
 * What was used is known at the end of a round or a turn; between them what was told last holds.
 */

import { granted } from '../ask.ts'
import type { GuardEvent, Spent } from '../event.ts'
import { isPersonsPrompt } from '../prompter.ts'
import { dollars, limit, type Setting } from '../setting.ts'
import type { ValuesOf } from '../settings.ts'
import { memoryIn, type SessionState, withMemory } from '../state.ts'
import type { Finding } from '../verdict.ts'
import { againstHalt, type Rule } from './rule.ts'

const MAX_TOKENS = 1_000_000_000_000

const STRETCHES = ['prompt', 'session', 'day'] as const
type Stretch = (typeof STRETCHES)[number]

const WHEN: Readonly<Record<Stretch, string>> = {
  prompt: 'since a person last wrote',
  session: 'since the session began',
  day: 'today, by all sessions of this user',
}

/** What is counted, as figures are of it. */
type UnitName = 'tokens' | 'cents'

/** Its settings, in each stretch. */
interface Unit {
  readonly warn: 'warnTokens' | 'warnUsd'
  readonly halt: 'haltTokens' | 'haltUsd'
  /** As a figure counts it. */
  readonly count: (limit: number) => number
}

const UNITS: Readonly<Record<UnitName, Unit>> = {
  tokens: { warn: 'warnTokens', halt: 'haltTokens', count: (limit) => limit },
  cents: { warn: 'warnUsd', halt: 'haltUsd', count: (limit) => Math.ceil(limit * 100) },
}
const UNIT_NAMES = ['tokens', 'cents'] as const

const settings = {
  prompt: limitsOf('prompt', 20_000_000, 100_000_000),
  session: limitsOf('session', 0, 0),
  day: limitsOf('day', 0, 0),
}

function limitsOf(stretch: Stretch, warnTokens: number, haltTokens: number) {
  const when = WHEN[stretch]
  const told = `${when}, at which the model and you are told once.`
  const ended = `${when}, at which the turn is ended.`
  return {
    warnTokens: warning(limit(warnTokens, 'lower', `Tokens processed ${told}`, MAX_TOKENS), 'haltTokens'),
    haltTokens: limit(haltTokens, 'lower', `Tokens processed ${ended}`, MAX_TOKENS),
    warnUsd: warning(dollars('lower', `Dollars spent ${told}`), 'haltUsd'),
    haltUsd: dollars('lower', `Dollars spent ${ended}`),
  }
}

function warning(setting: Setting<number>, warnsBefore: string): Setting<number> {
  return { ...setting, warnsBefore }
}

/** A Spent, in the order of its members: what is remembered is flat. */
type Told = readonly number[]

const NONE = {
  /** The session's epoch in which this was told. */
  epoch: 0,
  tokens: [0, 0, 0, 0] as Told,
  cents: [0, 0, 0, 0] as Told,
  /** What the warnings that were spoken are of, each followed by a comma. */
  warned: '',
}

/** What a session has used up, as it was told last. `now`: Unix ms. */
export function spentIn(session: SessionState, now: number): Readonly<Record<UnitName, Spent>> {
  const { tokens, cents } = current(session, now)
  return { tokens: spent(tokens), cents: spent(cents) }
}

function spent([prompt = 0, session = 0, day = 0, dayEndsAt = 0]: Told): Spent {
  return { prompt, session, day, dayEndsAt }
}

/** What is remembered, as it holds now: a person's prompt begins a new stretch, and midnight a new day. */
function current(session: SessionState, now: number): typeof NONE {
  const { epoch } = session.lasting
  const memory = memoryIn(session.lasting, 'budget', NONE)
  if (memory === NONE) return NONE
  const stretch = memory.epoch === epoch ? memory : withoutStretch({ ...memory, epoch }, 'prompt')
  const ends = Math.max(spent(memory.tokens).dayEndsAt, spent(memory.cents).dayEndsAt)
  return ends === 0 || now < ends ? stretch : withoutStretch(stretch, 'day')
}

function withoutStretch(memory: typeof NONE, stretch: Stretch): typeof NONE {
  const told = (before: Told): Told => {
    const after = { ...spent(before), [stretch]: 0, ...(stretch === 'day' && { dayEndsAt: 0 }) }
    return [after.prompt, after.session, after.day, after.dayEndsAt]
  }
  const warned = memory.warned.split(',').filter((each) => !each.startsWith(stretch))
  return { ...memory, tokens: told(memory.tokens), cents: told(memory.cents), warned: warned.join(',') }
}

/** With what the event tells. With a person's prompt all that was used is of the stretch before. */
function withEvent(memory: typeof NONE, event: GuardEvent, { lasting }: SessionState): typeof NONE {
  if (!event.tokens && !event.cents) return memory
  const isPersons = isPersonsPrompt(event, lasting)
  const told = (before: Told, now: Spent | undefined): Told =>
    now ? [isPersons ? 0 : now.prompt, now.session, now.day, now.dayEndsAt] : before
  const { epoch } = lasting
  return {
    ...memory,
    epoch,
    tokens: told(memory.tokens, event.tokens),
    cents: told(memory.cents, event.cents),
  }
}

/** True when no limit in this unit acts, so that nobody need look what was used. */
export function isUnlimited({ budget }: { readonly budget: Limits }, unit: UnitName): boolean {
  const { warn, halt } = UNITS[unit]
  return STRETCHES.every((stretch) => budget[stretch][warn] === 0 && budget[stretch][halt] === 0)
}

type Limits = ValuesOf<typeof settings>

export const budget: Rule<'budget', typeof settings> = {
  name: 'budget',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the session',
  words: {
    machine: 'budget_exceeded',
    facts: ({ count, of = '' }) => `${amount(count, of)} ${whenOf(of)}`,
    blockFacts: ({ count, limit, of = '' }) =>
      `${amount(count, of)} ${whenOf(of)} (limit ${amount(limit, of)}).`,
    blockAdvice: () => 'Say in plain text what is done and what is left, and stop.',
    warning: ({ count, limit, of = '' }) =>
      `${amount(count, of)} ${whenOf(of)} (warning at ${amount(limit, of)})`,
    warnAdvice: ({ blockLimit, of = '' }) => {
      const end = blockLimit > 0 ? ` At ${amount(blockLimit, of)} the turn is ended.` : ''
      return `${end} Come to an end: say what is done and what is left.`
    },
    amount: (count, of = '') => amount(count, of),
    wayOut: ({ limit, of = '' }) => wayOut(limit, of),
  },
  judge({ session }, event, { budget: limits }, now) {
    const { warned, ...told } = withEvent(current(session, now), event, session)
    return UNIT_NAMES.flatMap((unit) =>
      STRETCHES.flatMap((stretch): Finding[] => {
        const { warn, halt, count } = UNITS[unit]
        const warnAt = count(limits[stretch][warn])
        const most = count(limits[stretch][halt])
        if (warnAt === 0 && most === 0) return []
        const of = `${stretch} ${unit}`
        const haltAt = granted(session, 'budget', most, of)
        const figure = { rule: 'budget', of, count: spent(told[unit])[stretch] }
        return [{ ...againstHalt(figure, { warnAt, haltAt }), isSpoken: warned.includes(`${of},`) }]
      }),
    )
  },
  remember({ session, agent }, event, { spoken, now }) {
    const before = memoryIn(session.lasting, 'budget', NONE)
    const told = withEvent(current(session, now), event, session)
    const after = spoken?.rule === 'budget' ? { ...told, warned: `${told.warned}${spoken.of},` } : told
    return after === before ? { session, agent } : { agent, session: withMemory(session, 'budget', after) }
  },
}

function whenOf(of: string): string {
  const stretch = STRETCHES.find((each) => of.startsWith(each)) ?? 'prompt'
  return WHEN[stretch]
}

/** "12.3 M tokens", "$4.50". */
function amount(count: number, of: string): string {
  if (of.endsWith('cents')) return `$${(count / 100).toFixed(2)}`
  return `${short(count)} tokens`
}

/** "999", "3.1 k", "12.3 M", "1.2 G": never rounded up to a limit that is not reached. */
export function short(count: number): string {
  const [unit, size] = [['G', 1e9] as const, ['M', 1e6] as const, ['k', 1e3] as const].find(
    ([, size]) => count >= size,
  ) ?? ['', 1]
  return unit === '' ? String(count) : `${Math.floor((count / size) * 10) / 10} ${unit}`
}

function wayOut(limit: number, of: string): string {
  const [stretch = '', unit = ''] = of.split(' ')
  const setting = unit === 'cents' ? `haltUsd ${(2 * limit) / 100}` : `haltTokens ${2 * limit}`
  return `If it is meant to cost that much: spikectl config set budget.${stretch}.${setting}.`
}
