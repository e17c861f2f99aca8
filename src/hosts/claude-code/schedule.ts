/** Calls that schedule a prompt, which comes as a person's would. Source: the tools of client 2.1.330. */

import { membersOf } from '../../guard/members.ts'
import { textOf } from './payload.ts'

const SCHEDULING_TOOLS: readonly string[] = ['CronCreate', 'ScheduleWakeup']

/** The prompt that the call schedules; undefined for one that schedules none. */
export function scheduledBy(tool: string, input: unknown): string | undefined {
  return SCHEDULING_TOOLS.includes(tool) ? textOf(membersOf(input).prompt) : undefined
}
