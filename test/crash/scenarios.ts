/** The ways in which the log grows, each as a home that is ready for it and the process that does it. */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { JOB, type Job } from '../../src/hook/recorder.ts'
import { monotonic } from '../../src/system/deadline.ts'
import { pathsOf } from '../../src/system/paths.ts'
import { acknowledged } from '../support/aftermath.ts'
import { CLI, event, HOOK, type Options, runHook } from '../support/processes.ts'

export interface Scenario {
  readonly settings: object
  readonly prepare: (home: string) => Promise<void>
  /** What is killed, and what it exits with if it is let. */
  readonly args: readonly string[]
  readonly options: (home: string) => Options
  readonly exitCode: number
  /** The lines that it adds to the log if it is let. */
  readonly adds: readonly string[]
}

const SEGMENT_BYTES = 2048
/** Every call is blocked and signed. */
const settings = { rate: { warnPerMin: 0, blockPerMin: 1 }, audit: { segmentBytes: SEGMENT_BYTES } }
/** The process that signs what a hook has blocked. */
const blockedCall = { settings, args: [HOOK, 'record'], options: recording, exitCode: 0 }
const rotation = { settings, args: [CLI, 'audit', 'rotate-key'], options: inHome, exitCode: 0 }

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'first append': { ...blockedCall, prepare: async () => undefined, adds: ['genesis', 'block'] },
  'plain append': { ...blockedCall, prepare: blockCall, adds: ['block'] },
  'new segment': { ...blockedCall, prepare: fillSegment, adds: ['segment', 'block'] },
  rotation: { ...rotation, prepare: blockCall, adds: ['rotate'] },
}

async function blockCall(home: string): Promise<void> {
  const ended = await runHook({ home, input: event() })
  assert.ok(acknowledged(ended), ended.stderr)
}

async function fillSegment(home: string): Promise<void> {
  do await blockCall(home)
  while (statSync(join(home, 'audit/audit-000001.jsonl')).size < SEGMENT_BYTES)
}

/** Not in the home itself: Node would mention it too early, when it asks for the folder that it runs in. */
function inHome(home: string): Options {
  return { home, cwd: '/' }
}

function recording(home: string): Options {
  const job: Job = {
    destination: { paths: pathsOf({ SPIKECTL_HOME: home }), segmentBytes: SEGMENT_BYTES },
    until: monotonic() + 3_600_000,
    line: {
      event: 'block',
      type: 'rate_limited',
      rule: 'rate',
      count: 1,
      limit: 1,
      session: 's1',
      tenant: '',
    },
    entry: { event: 'block', message: 'blocked', session: 's1', tenant: '' },
  }
  return { ...inHome(home), env: { [JOB]: JSON.stringify(job) } }
}
