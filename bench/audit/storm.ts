/** Hooks that sign at once, and the disk by itself. */

import { spawn } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Appended } from './append.ts'

const APPEND = fileURLToPath(new URL('./append.ts', import.meta.url))

/** How long it takes to append a text to a file durably, in ms: what the disk itself costs. */
export function syncTimes(file: string, text: string, times: number): number[] {
  const fd = openSync(file, 'a')
  const ms = Array.from({ length: times }, () => {
    const start = performance.now()
    writeSync(fd, text)
    fdatasyncSync(fd)
    return performance.now() - start
  })
  closeSync(fd)
  return ms
}

/** So many new processes append so many times each, every time all at once. The result is by time. */
export async function storm(home: string, count: number, times: number): Promise<Appended[][]> {
  const hooks = Array.from({ length: count }, (_, i) => startHook(home, i))
  const allSay = () => Promise.all(hooks.map(({ says }) => says()))
  await allSay()
  const results: Appended[][] = []
  for (let time = 0; time < times; time += 1) {
    for (const { begin } of hooks) begin()
    results.push((await allSay()).map((result) => JSON.parse(result)))
  }
  await Promise.all(hooks.map(({ end }) => end()))
  return results
}

function startHook(home: string, i: number) {
  const child = spawn(process.execPath, [APPEND, home, String(i)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const says = async (): Promise<string> => {
    const line = await lines.next()
    if (line.done) throw new Error('Expected bench/audit/append.ts to say something; see its error above')
    return line.value
  }
  const end = async () => {
    child.stdin.end()
    await lines.next() // there is none: it is gone
  }
  return { says, begin: () => child.stdin.write('.'), end }
}
