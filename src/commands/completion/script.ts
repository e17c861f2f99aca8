/** `spikectl completion`: the script that makes a shell complete our commands. */

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Failure, failure } from '../../system/failure.ts'
import { printable } from '../../system/text.ts'
import type { Context, ExitCode } from '../context.ts'

/** The line that makes a shell complete our commands, and the file that it belongs into. */
interface Activation {
  readonly line: string
  readonly file: string
}

const BASH: Activation = { line: 'eval "$(spikectl completion bash)"', file: '~/.bashrc' }

const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['bash', BASH],
  ['zsh', { line: 'eval "$(spikectl completion zsh)"', file: '~/.zshrc' }],
  ['fish', { line: 'spikectl completion fish | source', file: '~/.config/fish/config.fish' }],
])

export const SHELLS: readonly string[] = [...ACTIVATIONS.keys()]

export function completion({ env, terminal }: Context, shell: string | undefined): ExitCode {
  if (shell === undefined || !ACTIVATIONS.has(shell)) throw unknownShell(shell, env.SHELL)
  const script = new URL(`../completions/spikectl.${shell}`, import.meta.url)
  terminal.print(readFileSync(script, 'utf8').trimEnd())
  return 0
}

/** Says how it is done in the shell that the person logs in with; in bash, if we do not know that one. */
function unknownShell(shell: string | undefined, loginShell = ''): Failure {
  const { line, file } = ACTIVATIONS.get(basename(loginShell)) ?? BASH
  const what = shell === undefined ? 'no shell is named' : `${printable(shell)} is no shell that we know`
  return failure(`${what}, expected bash, zsh or fish`, `Put this line into ${file}: ${line}`)
}
