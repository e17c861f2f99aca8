/** Files of ours and files that others may have put in our way. */

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, type Failure, failure } from './failure.ts'
import { shellWord } from './text.ts'

/** Settings are a few hundred bytes; anything much larger is no settings file. */
const SMALL_FILE_BYTES = 64 * 1024

/**
 * The text of a small file, or undefined when there is none. A link is followed: people keep their settings
 * where they like. Never waits: a named pipe in its place would hold the hook until the client lets the call
 * run.
 */
export function readSmallFile(file: string, maxBytes = SMALL_FILE_BYTES): string | undefined {
  if (isAbsent(file)) return undefined
  const fd = regular(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK), file)
  try {
    const { size } = fstatSync(fd)
    if (size > maxBytes) {
      throw failure(`${file} is larger than ${maxBytes} bytes`, `Run: ls -l ${shellWord(file)}`)
    }
    const bytes = Buffer.alloc(size)
    return bytes.toString('utf8', 0, readSync(fd, bytes))
  } finally {
    closeSync(fd)
  }
}

/** True when nothing stands at `file`. What cannot be looked at is not absent: that is an error. */
export function isAbsent(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return true
    throw error
  }
}

/** Opens a file of our own, new ones 0600. Refuses a symlink, and whatever else is no regular file. */
export function openOurs(file: string, flags: number): number {
  isThere(file)
  return regular(openSync(file, flags | NOFOLLOW | constants.O_NONBLOCK, 0o600), file)
}

/** The text of a small file of our own. */
export function readOurs(file: string): string {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** Up to `length` bytes from `position`; fewer when the file ends before. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const read = readSync(fd, bytes, done, length - done, position + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

/** Windows has no such flag, and links there need rights that an agent does not have. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

function regular(fd: number, file: string): number {
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw irregular(file)
}

function irregular(file: string): Failure {
  return failure(`${file} is no regular file`, `Run: ls -ld ${shellWord(file)}`)
}

/** True when something stands at `file`. Refuses a symlink: our files are where we put them or nowhere. */
export function isThere(file: string): boolean {
  return lookAt(file) !== undefined
}

function lookAt(file: string): Stats | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (!stat?.isSymbolicLink()) return stat
  throw failure(
    `${file} is a symbolic link, and spikectl does not follow links in its own folder`,
    `Run: ls -l ${shellWord(file)}`,
  )
}

/**
 * True when a regular file of ours stands at `file`, false when nothing does. Throws a Failure for anything else: opening
 * a named pipe may wait for ever, a device has no content that lasts, and another user's file says what they want.
 */
export function isOurFile(file: string): boolean {
  const stat = lookAt(file)
  if (!stat) return false
  if (!stat.isFile()) throw irregular(file)
  if (stat.uid !== ownUser(stat)) throw foreign(file, stat)
  return true
}

/**
 * Refuses a folder of another user, who could put anything into it, as ssh refuses one: it must be ours or root's.
 * A link to a folder is followed.
 */
export function refuseForeignFolder(folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat && stat.uid !== 0 && stat.uid !== ownUser(stat)) throw foreign(folder, stat)
}

/** Windows knows no numbers of users: there the rights of the folder count. */
function ownUser({ uid }: Stats): number {
  return process.getuid?.() ?? uid
}

function foreign(place: string, { uid }: Stats): Failure {
  const hint =
    uid === 0
      ? `spikectl ran as root here. Run: sudo chown "$(id -un)" ${shellWord(place)}`
      : `Expected it to be yours. Run: ls -ld ${shellWord(place)}`
  return failure(`${place} belongs to ${uid === 0 ? 'root' : `another user (${uid})`}`, hint)
}

/** Written whole or not at all: who reads meanwhile has the old text or the new one. */
export function replaceFile(file: string, text: string, mode = 0o600): void {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  // Not by the mode above, of which the process's umask takes away what others may.
  chmodSync(draft, mode)
  renameSync(draft, file)
}

/**
 * Makes a folder that only we can enter, and those above it that are missing. One step at a time: Node's own
 * recursive way never ends where the kernel refuses new folders, as in /proc.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error // another process was faster
  }
}
