/** Files that are not what they should be. */

import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'

/** A user that is neither root nor the one who runs the tests. */
export const STRANGER = 12_345

export const isRoot = process.getuid?.() === 0
/** Only root can give a file away, or make a device. */
export const rootOnly = { skip: isRoot ? false : 'only root can do that' }

export function makePipe(file: string): void {
  rmSync(file, { force: true })
  execFileSync('mkfifo', [file])
}

export function makeFolderAt(file: string): void {
  rmSync(file, { force: true })
  mkdirSync(file)
}

export function makeLink(file: string): void {
  rmSync(file, { force: true })
  symlinkSync('/dev/null', file)
}

/** A character device like /dev/null: it takes all that is written, and is empty. */
export function makeDevice(file: string): void {
  rmSync(file, { force: true })
  execFileSync('mknod', [file, 'c', '1', '3'])
}

export function giveAway(file: string): void {
  writeFileSync(file, '', { flag: 'a' })
  chownSync(file, STRANGER, STRANGER)
}
