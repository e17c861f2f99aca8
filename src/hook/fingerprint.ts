/**
 * Keyed hashes of calls: SipHash-2-4 under a random key of this installation, 8 bytes. state.db holds nothing
 * else of what a tool was called with, and without the key, which lies in a file of its own, it cannot
 * confirm a guess. Not an HMAC: loading node:crypto would cost every tool call a sixth of Node's own start.
 */

import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import siphash from 'siphash'
import { codeOf, failure } from '../failure.ts'
import { isThere, makeFolder, readSmallFile } from '../files.ts'
import type { Event } from '../guard/event.ts'
import type { GuardedInput, HostCall } from '../hosts/claude-code/event.ts'
import { isPoll } from '../hosts/claude-code/poll.ts'
import { shellWord } from '../short-id.ts'

export type Hash = (text: string) => string

/** From this many characters on, loading the native SHA-256 costs less than hashing in JavaScript. */
const LONG = 200_000

/** The hash under the installation's key in `keyFile`; key and folder are made on first use. */
export function openHash(keyFile: string): Hash {
  if (!isThere(keyFile)) createKey(keyFile)
  const hex = readSmallFile(keyFile) ?? ''
  if (!/^[0-9a-f]{32}\n$/.test(hex)) {
    throw failure(`${keyFile} is damaged, expected 32 hex digits`, `Run: rm ${shellWord(keyFile)}`)
  }
  const key = Uint32Array.from([0, 8, 16, 24], (at) => Number.parseInt(hex.slice(at, at + 8), 16))
  return (text) => siphash.hash_hex(key, Buffer.from(text.length < LONG ? text : sha256(text)))
}

/** A host's event in the guard's words: what a call was, but not what it said. */
export function fingerprint(input: GuardedInput, hash: Hash): Event {
  const { agent } = input
  switch (input.type) {
    case 'call':
      return { type: 'call', agent, ...callOf(agent.id, input, hash) }
    case 'results': {
      const calls = input.calls.map((call) => ({ ...callOf(agent.id, call, hash), ...resultOf(call, hash) }))
      return { type: 'results', agent, calls, endsRound: input.endsRound }
    }
    case 'prompt':
      return { type: 'prompt', agent, by: input.by }
    case 'session_end':
      return { type: 'session_end', agent }
  }
}

function callOf(agent: string, call: HostCall, hash: Hash) {
  const { tool, toolUseId, input } = call
  const id = toolUseId === undefined ? {} : { id: hash(toolUseId) }
  return { tool, signature: hash(signatureText(agent, call)), isPoll: isPoll(tool, input), ...id }
}

function resultOf({ result }: HostCall, hash: Hash): { result?: string } {
  if (result === undefined) return {}
  return { result: hash(typeof result === 'string' ? result : jsonOf(result, String(result))) }
}

/** What the model rewords, or changes only in passing, between calls that are the same. */
const INCIDENTAL = new Set(['description', 'timeout', 'run_in_background'])

/** Equal for equal calls. An input nested too deep to be written down is equal only to the same call again. */
function signatureText(agent: string, { tool, toolUseId, input }: HostCall): string {
  return JSON.stringify([agent, tool, jsonOf(essential(input), `unreadable ${toolUseId}`)])
}

/** The input without what is incidental. */
function essential(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  return Object.fromEntries(Object.entries(input).filter(([key]) => !INCIDENTAL.has(key)))
}

/** The value with the keys of its objects in order. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(ordered)
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => [key, ordered(child)])
}

function jsonOf(value: unknown, fallback: string): string {
  try {
    return JSON.stringify(ordered(value)) ?? ''
  } catch (error) {
    if (error instanceof RangeError) return fallback
    throw error
  }
}

/** Of many hooks that find no key at once, one makes it and all use it. */
function createKey(keyFile: string): void {
  const draft = `${keyFile}-${cryptography().randomUUID()}`
  try {
    makeFolder(dirname(keyFile))
    writeFileSync(draft, `${cryptography().randomBytes(16).toString('hex')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    linkSync(draft, keyFile)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function sha256(text: string): string {
  return cryptography().hash('sha256', text)
}

/** Loaded only when it is needed: see docs/decisions/0002. */
function cryptography(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
