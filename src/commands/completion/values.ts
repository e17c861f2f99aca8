/** What may stand where an argument or an option has its value, by the name that cli/commands.ts gives the value. */

import { type Asked, type Candidate, commandsIn } from './typed.ts'

/** What to offer. Of files the shell knows more. */
export type Candidates = 'files' | readonly Candidate[]

type Values = (asked: Asked) => Candidates | Promise<Candidates>

const files: Values = () => 'files'
/** Only the person knows. */
const free: Values = () => []

export const VALUES: Readonly<Record<string, Values>> = {
  command: ({ typed }) => commandsIn(typed.commands.at(-2) ?? typed.commands[0]),
  session: async (asked) => (await import('./sessions.ts')).sessions(asked),
  tenant: async (asked) => (await import('./sessions.ts')).tenants(asked),
  setting: async ({ paths }) => (await import('./settings.ts')).settings(paths),
  value: async ({ paths, typed }) =>
    (await import('./settings.ts')).settingValues(paths, typed.operands[0] ?? ''),
  scope: async () => (await import('../../hosts/claude-code/settings/files.ts')).SCOPES.map(alone),
  shell: async () => (await import('./script.ts')).SHELLS.map(alone),
  path: files,
  file: files,
  event: files,
  calls: free,
  files: free,
  date: free,
  key: free,
}

function alone(word: string): Candidate {
  return { word }
}
