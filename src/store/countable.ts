/** Whether the next tool call could be counted: what the hook needs of its folder and files, looked at and left as it is. */

import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, type Failure, failure, isFailure } from '../system/failure.ts'
import { isAbsent, refuseForeignFolder } from '../system/files.ts'
import type { Paths } from '../system/paths.ts'
import { shellWord } from '../system/text.ts'

const READ = constants.R_OK
const READ_AND_WRITE = constants.R_OK | constants.W_OK
const MAKE_FILES = constants.W_OK | constants.X_OK

/** Why nothing can be counted, with a line that mends it; undefined when all is well. */
export function countingProblem({ state, stateDb, hashKey }: Paths): Failure | undefined {
  const journal = `${stateDb}-journal`
  // A folder that can only be read is enough as long as nothing has to be made in it: SQLite empties its journal.
  const isWhole = [stateDb, journal, hashKey].every(isSeen)
  return (
    ownerProblem(state) ??
    (isWhole ? undefined : folderProblem(state)) ??
    fileProblem(stateDb, READ_AND_WRITE) ??
    fileProblem(journal, READ_AND_WRITE) ??
    fileProblem(hashKey, READ)
  )
}

function ownerProblem(folder: string): Failure | undefined {
  try {
    if (isSeen(folder)) refuseForeignFolder(folder)
    return undefined
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
}

/** Why no file can be made in a folder. One that is missing is made by the hook, in the nearest that is there. */
export function folderProblem(folder: string): Failure | undefined {
  if (!isSeen(folder)) return folderProblem(dirname(folder))
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return failure(`${folder} is no folder`, `Run: mv ${shellWord(folder)} ${shellWord(`${folder}.aside`)}`)
  }
  return accessProblem(folder, MAKE_FILES)
}

/** False also behind a folder that cannot be entered: then that folder is the problem. */
function isSeen(file: string): boolean {
  try {
    return !isAbsent(file)
  } catch (error) {
    if (codeOf(error) === 'EACCES') return false
    throw error
  }
}

/** What is no regular file is refused by name where it is opened. */
function fileProblem(file: string, mode: number): Failure | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ? accessProblem(file, mode) : undefined
}

function accessProblem(file: string, mode: number): Failure | undefined {
  try {
    accessSync(file, mode)
    return undefined
  } catch (error) {
    const code = codeOf(error)
    const what = mode === READ ? 'read' : 'written'
    return failure(`${file} cannot be ${what} (${code})`, mending(file, code))
  }
}

/** EPERM: the file was made immutable. EROFS: the whole disk can only be read. Else it is the file's rights. */
function mending(file: string, code: string): string {
  if (code === 'EPERM') return `Run: sudo chattr -i ${shellWord(file)}`
  if (code === 'EROFS') {
    return 'Start claude from a shell in which you have run: export SPIKECTL_HOME="/var/tmp/spikectl-$(id -u)"'
  }
  const stat = statSync(file)
  const isOurs = stat.uid === (process.getuid?.() ?? stat.uid)
  const rights = stat.isDirectory() ? 'u+rwx' : 'u+rw'
  const line = isOurs ? `chmod ${rights}` : 'sudo chown "$(id -u)"'
  return `Run: ${line} ${shellWord(file)}`
}
