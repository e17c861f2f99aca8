/** Files on disk that must last: how new ones come to be, and how they are read and written. */

import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../system/failure.ts'
import { isThere, makeFolder, openOurs } from '../system/files.ts'

/** Makes a folder that only we can read; refuses a symlink in its place. */
export function ensureFolder(folder: string): void {
  if (!isThere(folder)) makeFolder(folder)
}

/**
 * A new durable file, whole or not at all. False when one of that name was there already.
 * Written under another name, synced, then linked: nobody ever sees it half written.
 */
export function createDurably(file: string, content: string | Uint8Array): boolean {
  const draft = `${file}.${randomUUID()}`
  const fd = openOurs(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    writeAll(fd, Buffer.from(content))
    fsyncSync(fd)
    linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    closeSync(fd)
    rmSync(draft)
    syncFolder(dirname(file))
  }
}

/** Calls write(2) until all is written: on a full disk a part may be taken before the error. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

export function openForAppend(file: string): number {
  return openOurs(file, constants.O_RDWR | constants.O_APPEND)
}

export function sizeOf(fd: number): number {
  return fstatSync(fd).size
}

/** A new name is durable only once its folder is. Windows cannot sync folders and does not need to. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
