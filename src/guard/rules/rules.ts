/** The rules, in order of priority: of several that block a call, the one that waiting helps least is told. */

import { agents } from './agents.ts'
import { budget } from './budget.ts'
import { loop } from './loop.ts'
import { quota } from './quota.ts'
import { rate } from './rate.ts'
import { spawn } from './spawn.ts'
import { tools } from './tools.ts'
import { unattended } from './unattended.ts'

export const RULES = [loop, agents, unattended, budget, quota, tools, spawn, rate] as const

/** The rule of this name; undefined for one of a newer version. */
export function ruleNamed(name: string): (typeof RULES)[number] | undefined {
  return RULES.find((rule) => rule.name === name)
}
