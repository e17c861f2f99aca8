/**
 * All commands, in the order in which the help lists them. A command's file is loaded only when it runs. What stands in <>
 * and [] names a value: commands/completion/values.ts says what may stand in its place.
 */

import type { CommandRow } from './command.ts'

const JSON_DOCUMENT = { '--json': 'one JSON document' }
const TENANT = { '--tenant <tenant>': 'only sessions of this tenant' }
const SCOPE = { '--scope <scope>': 'user, project or local (default: "user")' }
const FOLLOW = { '-f, --follow': 'go on as the log grows', '--json': 'the lines as they are stored' }
const LOG_PATH = { '[path]': 'a folder with a log, or one file of it' }

const CONFIG: readonly CommandRow[] = [
  {
    name: 'get',
    about: 'one setting, or all',
    args: { '[setting]': 'such as rate.blockPerMin' },
    load: async () => (await import('../commands/config.ts')).configGet,
    isDefault: true,
  },
  {
    name: 'set',
    about: 'change a setting',
    args: {
      '<setting>': 'such as rate.blockPerMin; spikectl config get shows them all',
      '<value>': 'such as 300, true or block',
    },
    load: async () => (await import('../commands/config-change.ts')).configSet,
  },
  {
    name: 'unset',
    about: 'back to the default',
    args: { '<setting>': '' },
    load: async () => (await import('../commands/config-change.ts')).configUnset,
  },
  {
    name: 'path',
    about: 'where the settings are',
    load: async () => (await import('../commands/config.ts')).configPath,
  },
  {
    name: 'schema',
    about: 'the JSON Schema of config.json',
    load: async () => (await import('../commands/config-schema.ts')).configSchema,
  },
]

const AUDIT: readonly CommandRow[] = [
  {
    name: 'verify',
    about: 'check every line, signature and link of the log',
    args: LOG_PATH,
    options: {
      '--fast': 'the chain, and the last signature of each key',
      '--checkpoint <file>': 'does it still begin with the lines of this checkpoint?',
      '--key <key>': 'does it begin with the key of this name?',
      '--require-anchor': 'exit code 3 if nothing vouches for its end',
      ...JSON_DOCUMENT,
    },
    load: async () => (await import('../commands/audit/verify.ts')).auditVerify,
  },
  {
    name: 'show',
    about: 'the log for people',
    args: LOG_PATH,
    options: FOLLOW,
    load: async () => (await import('../commands/audit/show.ts')).auditShow,
  },
  {
    name: 'checkpoint',
    about: 'the length and hash of the log, signed, to be kept elsewhere',
    load: async () => (await import('../commands/audit/checkpoint.ts')).auditCheckpoint,
  },
  {
    name: 'export-key',
    about: 'a public key of the log, as PEM',
    args: { '[key]': 'the name of an earlier key; else the one it goes on with' },
    options: {
      '--openssh': 'for ssh-keygen',
      '--jwk': 'for JOSE libraries',
      '--vkey': 'for tools that verify signed notes',
    },
    load: async () => (await import('../commands/audit/keys.ts')).auditExportKey,
  },
  {
    name: 'rotate-key',
    about: 'replace the signing key; the old one signs the new one in',
    load: async () => (await import('../commands/audit/keys.ts')).auditRotateKey,
  },
  {
    name: 'prune',
    about: 'remove the oldest files, and sign that it was done',
    options: {
      '--keep <files>': 'all but the newest files',
      '--before <date>': 'those whose last line is older',
    },
    load: async () => (await import('../commands/audit/prune.ts')).auditPrune,
  },
]

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'install',
    about: "put the hooks into Claude Code's settings",
    options: {
      ...SCOPE,
      '--fail-closed': 'a call whose hook cannot run is blocked',
      '--dry-run': 'print the settings and change nothing',
    },
    load: async () => (await import('../commands/install.ts')).install,
  },
  {
    name: 'uninstall',
    about: 'take them out again',
    options: SCOPE,
    load: async () => (await import('../commands/install.ts')).uninstall,
  },
  {
    name: 'doctor',
    about: 'is this machine guarded? checks everything, up to a real block',
    options: {
      '--acknowledge': 'blocks that could not be signed are known: warn of later ones alone',
      ...JSON_DOCUMENT,
    },
    load: async () => (await import('../commands/doctor.ts')).doctor,
  },
  {
    name: 'status',
    about: 'sessions, busiest first',
    args: { '[session]': 'a session id, or the beginning of one' },
    options: {
      '--all': 'also sessions idle for over an hour',
      ...TENANT,
      ...JSON_DOCUMENT,
      '--watch': 'again every second',
    },
    load: async () => (await import('../commands/status.ts')).status,
  },
  {
    name: 'reset',
    about: 'clear the count of sessions, so that they can go on',
    args: { '[session...]': 'session ids, or the beginnings of them' },
    options: { '--all': 'all sessions', ...TENANT },
    load: async () => (await import('../commands/reset.ts')).reset,
  },
  {
    name: 'statusline',
    about: "one session in one line, for Claude Code's status line; its JSON comes on stdin",
    options: { '--wrap <command>': 'what another status line prints comes first' },
    load: async () => (await import('../commands/statusline/statusline.ts')).statusline,
  },
  {
    name: 'log',
    about: 'what was warned, blocked, reset and went wrong',
    args: { '[session]': 'only of this session, or of those that begin so' },
    options: FOLLOW,
    load: async () => (await import('../commands/log.ts')).log,
  },
  {
    name: 'explain',
    about: 'which rule says what, and why; records nothing',
    args: { '[event]': 'a file with a PreToolUse event, or - for stdin' },
    options: { '--session <session>': 'what the next call of a session would meet', ...JSON_DOCUMENT },
    load: async () => (await import('../commands/explain.ts')).explain,
  },
  {
    name: 'replay',
    about: 'what the rules would have done to past transcripts',
    args: { '<path...>': 'such as ~/.claude/projects' },
    options: {
      '--warn <calls>': 'calls a minute at which to warn',
      '--block <calls>': 'calls a minute at which to block',
      ...JSON_DOCUMENT,
    },
    load: async () => (await import('../commands/replay.ts')).replay,
  },
  {
    name: 'metrics',
    about: "counters in Prometheus' text format",
    load: async () => (await import('../commands/metrics.ts')).metrics,
  },
  {
    name: 'demo',
    about: 'see it count, warn and block, with real hook processes in a throw-away folder',
    load: async () => (await import('../commands/demo.ts')).demo,
  },
  { name: 'config', about: 'show and change settings', commands: CONFIG },
  { name: 'audit', about: 'the signed log of what was blocked', commands: AUDIT },
  {
    name: 'completion',
    about: 'the script with which your shell completes these commands',
    args: { '[shell]': 'bash, zsh or fish' },
    load: async () => (await import('../commands/completion/script.ts')).completion,
  },
]
