/** The command line. cli/commands.ts is the table of all commands; each command's file is loaded only when it runs. */

import { describe } from './system/failure.ts'
import { oldNode, VERSION } from './system/version.ts'

/** Runs the command line in `process.argv`; sets the exit code. */
export async function main(): Promise<void> {
  const old = oldNode(process.versions)
  if (old) {
    process.stderr.write(`error: ${describe(old)}\n`)
    process.exitCode = 2
    return
  }
  process.umask(0o077)
  process.stdout.on('error', ignoreClosedPipe)
  if (isVersionAsked(process.argv.slice(2))) {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  const { runProgram } = await import('./cli/program.ts')
  await runProgram()
}

/** Asked alone, as scripts do: nothing is loaded for it. With anything beside it the program answers. */
function isVersionAsked([first, ...others]: readonly string[]): boolean {
  return (first === '--version' || first === '-V') && others.length === 0
}

/** `spikectl status | head -1` is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}
