/** What a session has used up on its way through a replay, as the hook would tell it. Its day is of this session alone. */

import type { Spent } from '../guard/event.ts'
import { endOfDay } from '../system/day.ts'

export const NOTHING_SPENT: Spent = { prompt: 0, session: 0, day: 0, dayEndsAt: 0 }

/** With so many tokens more. `at`: Unix ms. */
export function spentMore(before: Spent, tokens: number, at: number): Spent {
  const { prompt, session, day, dayEndsAt } = spentAt(before, at)
  return { prompt: prompt + tokens, session: session + tokens, day: day + tokens, dayEndsAt }
}

/** The same as it holds at `at` (Unix ms): midnight begins a new day. */
export function spentAt(before: Spent, at: number): Spent {
  return at < before.dayEndsAt ? before : { ...before, day: 0, dayEndsAt: endOfDay(at) }
}
