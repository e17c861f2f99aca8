/** A person at the prompt of a real shell, who presses keys and looks. The terminal is that of script(1). */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Options } from './processes.ts'
import { requireProgram } from './shells.ts'

/** Each begins with our completion, and shows on Ctrl-X what stands on the line, in double brackets. */
const SHELLS = {
  bash: {
    rc: '.bashrc',
    text: `
      PS1='ready> '
      eval "$(spikectl completion bash)"
      show() { printf '[[%s]]' "$READLINE_LINE"; }
      bind -x '"\\C-x": show'`,
  },
  zsh: {
    rc: '.zshrc',
    text: `
      PS1='ready> '
      autoload -Uz compinit && compinit -D
      eval "$(spikectl completion zsh)"
      show() { print -rn -- "[[$BUFFER]]" }
      zle -N show
      bindkey '^X' show`,
  },
} as const

const CLEAR_LINE = '\x15'
export const SHOW_LINE = '\x18'
const DEADLINE_MS = 20_000

export interface Prompt {
  /** What stands on the line after these keys. */
  readonly lineAfter: (keys: string) => Promise<string>
  /** What is shown after these keys, once it matches. */
  readonly shownAfter: (keys: string, expected: RegExp) => Promise<string>
}

export async function atPrompt(
  t: TestContext,
  shell: keyof typeof SHELLS,
  { home, env, cwd }: Options,
): Promise<Prompt> {
  requireProgram('script')
  requireProgram(shell)
  writeFileSync(join(home, SHELLS[shell].rc), SHELLS[shell].text)
  const terminal = spawn('script', ['--quiet', '--command', `${shell} -i`, '/dev/null'], {
    env: { ...env, HOME: home, SPIKECTL_HOME: home },
    cwd,
  })
  t.after(() => terminal.kill('SIGKILL'))
  const { seen, clear } = screenOf(terminal.stdout)
  const press = (keys: string, expected: RegExp) => {
    clear()
    terminal.stdin.write(`${CLEAR_LINE}${keys}`)
    return seen(expected)
  }
  await seen(/ready> /)
  return {
    lineAfter: async (keys) => (await press(`${keys}${SHOW_LINE}`, /\[\[(.*)\]\]/))[1] ?? '',
    shownAfter: async (keys, expected) => (await press(keys, expected)).input,
  }
}

/** All that was shown since it was cleared, and a wait for something in it. */
function screenOf(output: Readable) {
  let shown = ''
  output.on('data', (chunk) => (shown += chunk))
  const seen = async (expected: RegExp): Promise<RegExpExecArray> => {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    for (;;) {
      const match = expected.exec(shown)
      if (match) return match
      await once(output, 'data', { signal: deadline }).catch((cause) => {
        throw new Error(`${expected} is not in ${JSON.stringify(shown)}`, { cause })
      })
    }
  }
  return { seen, clear: () => (shown = '') }
}
