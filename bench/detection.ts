/**
 * Which rules stop runaways, and at what price: a table for a folder of transcripts with `labels.json` beside them,
 * `{"runaway": {"SESSION": "NAME"}, "mini": ["SESSION"]}` (mini: short loops, counted neither as healthy nor as
 * runaways). Beside our rules stand the simpler ones that other agents have.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_POLICY, type Policy } from '../src/guard/policy.ts'
import { TRANSCRIPTS } from '../src/hosts/claude-code/transcript.ts'
import { transcriptsAt } from '../src/replay/files.ts'
import { bySession, replaySession } from '../src/replay/replay.ts'
import { type Reader, readStory } from '../src/replay/session.ts'
import { inOrder, type PastCall, type Story } from '../src/replay/story.ts'
import { only } from '../test/support/policies.ts'
import { median, printTable } from './measure.ts'

/** The number of calls that ran in a session before the rule would have stopped it; undefined if it would not. */
type Detector = (story: Story) => number | undefined

interface Labels {
  readonly runaway: Readonly<Record<string, string>>
  readonly mini: readonly string[]
}

const DETECTORS: readonly (readonly [string, Detector])[] = [
  ['rate 100 / 500 a minute', ours(only(['rate']), ['block', 'halt'])],
  ['3 identical calls', simple((past, call) => inARow(past, call, 2))],
  ['5 identical calls', simple((past, call) => inARow(past, call, 4))],
  ['a cycle of 1-5 calls, five times', simple((past, call) => isCycle([...past, call], 5))],
  [
    '3 same errors',
    simple((past, call) => inARow(past, call, 3) && past.slice(-3).every(({ isError }) => isError)),
  ],
  ['5 equal results in a row, or 8 of 20', simple(fiveInARowOrEightOfTwenty)],
  ['repeat, warn (only speaks)', ours(only([], { repeat: { warn: true } }), ['warn'])],
  ['repeat, block', ours(only([], { repeat: { block: true } }), ['block', 'halt'])],
  ['agents 25 / 100', ours(only(['agents']), ['block', 'halt'])],
  ['unattended, turns and calls', ours(only(['unattended']), ['block', 'halt'])],
  ['budget 20 M / 100 M tokens a prompt', ours(only(['budget']), ['block', 'halt'])],
  ['all of ours', ours(DEFAULT_POLICY, ['block', 'halt'])],
]

export async function detection(folder: string): Promise<void> {
  const labels: Labels = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8'))
  const reader: Reader = { met: new Set(), onBytes: () => undefined, onOddity: () => undefined }
  const results = DETECTORS.map(([name]) => ({
    name,
    healthy: 0,
    mini: 0,
    runaways: new Map<string, number>(),
  }))
  let healthy = 0
  for (const [session, files] of bySession(transcriptsAt([folder], TRANSCRIPTS))) {
    const story = readStory(files, reader)
    const runaway = labels.runaway[session]
    const isMini = labels.mini.includes(session)
    if (!runaway && !isMini) healthy += 1
    for (const [index, [, detect]] of DETECTORS.entries()) {
      const ran = detect(story)
      const result = results[index]
      if (ran === undefined || !result) continue
      if (runaway) result.runaways.set(runaway, ran)
      else if (isMini) result.mini += 1
      else result.healthy += 1
    }
  }
  console.log(
    `${healthy} healthy sessions, ${Object.keys(labels.runaway).length} runaways, ${labels.mini.length} short loops\n`,
  )
  printTable(
    ['rule', 'healthy stopped', '%', 'short loops', 'runaways', 'calls let through (median)'],
    results.map(({ name, healthy: stopped, mini, runaways }) => [
      ...[name, String(stopped), ((100 * stopped) / healthy).toFixed(2), String(mini)],
      ...[
        [...runaways.keys()].sort().join(' ') || '-',
        runaways.size > 0 ? String(median([...runaways.values()])) : '-',
      ],
    ]),
  )
}

function ours(policy: Policy, verdicts: readonly string[]): Detector {
  return (story) => {
    const spoken = replaySession('', inOrder(story), policy).verdicts.filter(({ verdict }) =>
      verdicts.includes(verdict),
    )
    return spoken.length > 0 ? Math.min(...spoken.map(({ call }) => call)) - 1 : undefined
  }
}

/** A rule that looks at the calls of each agent since the last prompt, as far as a hook is asked about them. */
function simple(stops: (past: readonly PastCall[], call: PastCall) => boolean): Detector {
  return ({ calls, prompts }) => {
    const pasts = new Map<string, PastCall[]>()
    const asked = [...calls.values()].filter(({ isNew, isUnasked }) => isNew && !isUnasked)
    const prompted = prompts.map(({ at }) => at).sort((a, b) => a - b)
    for (const [index, call] of asked.sort((a, b) => a.at - b.at).entries()) {
      while (prompted[0] !== undefined && prompted[0] <= call.at) {
        prompted.shift()
        pasts.clear()
      }
      const past = pasts.get(call.agent) ?? []
      if (stops(past, call)) return index
      pasts.set(call.agent, [...past.slice(-30), call])
    }
    return undefined
  }
}

function isSame(a: PastCall, b: PastCall): boolean {
  return a.returned.signature === b.returned.signature
}

function inARow(past: readonly PastCall[], call: PastCall, before: number): boolean {
  return past.length >= before && past.slice(-before).every((other) => isSame(other, call))
}

/** Calls that only ask whether something is done yet are held to the second alone. */
function fiveInARowOrEightOfTwenty(past: readonly PastCall[], call: PastCall): boolean {
  const equal = (calls: readonly PastCall[]) =>
    Math.max(
      0,
      ...calls
        .filter((other) => isSame(other, call))
        .map(
          ({ returned: { result } }) =>
            calls.filter(
              ({ returned }, i) =>
                isSame(calls[i] ?? call, call) && result !== undefined && returned.result === result,
            ).length,
        ),
    )
  return (!call.returned.isPoll && equal(past.slice(-5)) === 5) || equal(past.slice(-20)) >= 8
}

function isCycle(calls: readonly PastCall[], times: number): boolean {
  return [1, 2, 3, 4, 5].some((period) => {
    const last = calls.slice(-period * times)
    return last.length === period * times && last.every((call, i) => isSame(call, last[i % period] ?? call))
  })
}
