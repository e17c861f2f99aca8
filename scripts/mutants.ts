/**
 * Mutation testing, `npm run mutants [-- PATH…] [--all]`: changes one place in guard/, store/ or audit/ at a time, and asks
 * the tests of that room alone whether they notice. Prints each mutant that no test noticed and, in the last lines, a score
 * for each room; the exit code is 1 when a score is below its floor. PATH is a room or how a path in it begins
 * (`guard/decide`). Why no framework does this: docs/decisions/0013.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isInSample, type Mutant, mutantsIn } from './mutations.ts'

/** The lowest score in percent, and of how many mutants one is tried: the tests of audit/ take longest. */
const ROOMS = {
  guard: { floor: 90, every: 4 },
  store: { floor: 90, every: 4 },
  audit: { floor: 80, every: 16 },
}
type Room = keyof typeof ROOMS

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COPIES = mkdtempSync(join(tmpdir(), 'spikectl-mutants-'))

function mutantsOf(room: Room): Mutant[] {
  return globSync(`src/${room}/**/*.ts`, { cwd: ROOT })
    .sort()
    .flatMap((file) => mutantsIn(file, readFileSync(join(ROOT, file), 'utf8')))
}

/** A copy of the project in which code can be changed. */
function copyProject(): string {
  const copy = mkdtempSync(join(COPIES, 'copy-'))
  for (const part of ['src', 'test', 'package.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  for (const part of ['docs', 'node_modules', 'README.md']) symlinkSync(join(ROOT, part), join(copy, part))
  return copy
}

/**
 * Not asked, so that a mutant which they alone would notice survives: a test that reads a file of 2 GiB, which fills the
 * memory with its pages; one that mounts a small file system, which would stay when the tests are ended; and those that
 * try every byte of a log, which take five times as long as all others of audit/.
 */
const SKIPPED = {
  tests: ['over 2 GiB', 'in the middle of an append'].map((name) => `--test-skip-pattern=${name}`),
  file: /\/every-byte\.test\.ts$/,
}

/** Ends the tests at the first failure. */
const REPORTER = `data:text/javascript,export default async function* (events) {
  for await (const { type } of events) if (type === 'test:fail') process.exit(1)
}`

/** Tests that are running: one that a mutant makes hang would else outlive us. */
const running = new Set<ChildProcess>()

/** True when these files of tests pass in this copy; false too when they take over `timeout` ms. */
function passes(copy: string, files: readonly string[], timeout?: number): Promise<boolean> {
  const args = ['--test', '--test-isolation=none', ...SKIPPED.tests, `--test-reporter=${REPORTER}`, ...files]
  const tmp = mkdtempSync(join(copy, 'tmp-'))
  const env = { ...process.env, TMPDIR: tmp, NODE_COMPILE_CACHE: join(copy, 'compiled') }
  const child = spawn(process.execPath, args, {
    cwd: copy,
    env,
    stdio: 'ignore',
    timeout,
    killSignal: 'SIGKILL',
  })
  running.add(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      running.delete(child)
      rmSync(tmp, { recursive: true }) // where tests that were ended have left what they made
      if (signal && !child.killed) reject(new Error(`${signal} from outside ended ${files.join(' ')}`))
      resolve(code === 0)
    })
  })
}

/** Files of tests that are run in one process, and how long they take. */
interface Stage {
  readonly files: readonly string[]
  readonly ms: number
}

/** Files that take as long as all others of their room together. */
const SLOW = /\/(countable|rows)\.test\.ts$/

/** The tests of a room: first all that are quick, then the slow ones. */
async function stagesOf(room: Room): Promise<Stage[]> {
  const copy = copyProject()
  const tests = globSync(`test/${room}/**/*.test.ts`, { cwd: copy }).filter(
    (file) => !SKIPPED.file.test(file),
  )
  const stages: Stage[] = []
  for (const files of [tests.filter((file) => !SLOW.test(file)), tests.filter((file) => SLOW.test(file))]) {
    const start = performance.now()
    if (files.length === 0) continue
    if (!(await passes(copy, files))) throw new Error(`${files.join(' ')} fail without any mutant`)
    stages.push({ files, ms: Math.ceil(performance.now() - start) })
  }
  return stages
}

/** True when every test passes with the mutant. One that makes a test hang is noticed by the time that it takes. */
async function survives(
  { file, line, is }: Mutant,
  stages: readonly Stage[],
  copy: string,
): Promise<boolean> {
  const path = join(copy, file)
  const whole = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    whole
      .split('\n')
      .with(line - 1, is)
      .join('\n'),
  )
  try {
    for (const { files, ms } of stages) if (!(await passes(copy, files, 5_000 + 4 * ms))) return false
    return true
  } finally {
    writeFileSync(path, whole)
  }
}

async function countSurvivors(mutants: readonly Mutant[], stages: readonly Stage[]): Promise<number> {
  const left = [...mutants]
  let survivors = 0
  const work = async () => {
    const copy = copyProject()
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      if (!(await survives(mutant, stages, copy))) continue
      survivors += 1
      console.log(`${mutant.file}:${mutant.line}\n  -${mutant.was}\n  +${mutant.is}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return survivors
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(COPIES, { recursive: true, force: true })
})
const { values, positionals } = parseArgs({ allowPositionals: true, options: { all: { type: 'boolean' } } })
const wanted = positionals.length > 0 ? positionals : Object.keys(ROOMS)
const scores: string[] = []
for (const room of Object.keys(ROOMS) as Room[]) {
  const { floor, every } = ROOMS[room]
  const mutants = mutantsOf(room)
    .filter(({ file }) => wanted.some((path) => file.startsWith(`src/${path}`)))
    .filter((mutant) => values.all || isInSample(mutant, every))
  if (mutants.length === 0) continue
  const killed = mutants.length - (await countSurvivors(mutants, await stagesOf(room)))
  const score = Math.floor((100 * killed) / mutants.length)
  scores.push(`${room}: ${killed} of ${mutants.length} killed, ${score} % (at least ${floor} %)`)
  if (score < floor) process.exitCode = 1
}
console.log(scores.join('\n'))
if (scores.length === 0) throw new Error(`no mutants in ${wanted.join(', ')}`)
