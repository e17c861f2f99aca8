/** Looking at sessions, and letting them go on. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addSessionCommands(root: Command): void {
  root
    .command('status')
    .description('sessions, busiest first')
    .argument('[session]', 'a session id, or the beginning of one')
    .option('--all', 'also sessions idle for over an hour')
    .option('--tenant <tenant>', 'only sessions of this tenant')
    .option('--json', 'one JSON document')
    .option('--watch', 'again every second')
    .action((session, options, command) =>
      run(command, async (context) =>
        (await import('../commands/status.ts')).status(context, session, options),
      ),
    )
  root
    .command('reset')
    .description('clear the count of sessions, so that they can go on')
    .argument('[session...]', 'session ids, or the beginnings of them')
    .option('--all', 'all sessions')
    .option('--tenant <tenant>', 'only sessions of this tenant')
    .action((sessions, options, command) =>
      run(command, async (context) =>
        (await import('../commands/reset.ts')).reset(context, sessions, options),
      ),
    )
  addViews(root)
  addTrials(root)
}

function addViews(root: Command): void {
  root
    .command('statusline')
    .description("one session in one line, for Claude Code's status line; its JSON comes on stdin")
    .option('--wrap <command>', 'what another status line prints comes first')
    .action((_, command: Command) =>
      run(command, async (context) =>
        (await import('../commands/statusline/statusline.ts')).statusline(context, command.optsWithGlobals()),
      ),
    )
  root
    .command('log')
    .description('what was warned, blocked, reset and went wrong')
    .argument('[session]', 'only of this session, or of those that begin so')
    .option('-f, --follow', 'go on as the log grows')
    .option('--json', 'the lines as they are stored')
    .action((session, options, command) =>
      run(command, async (context) => (await import('../commands/log.ts')).log(context, session, options)),
    )
}

/** What is asked without a session at hand: of an event, of the past, of all, of a demo. */
function addTrials(root: Command): void {
  root
    .command('explain')
    .description('which rule says what, and why; records nothing')
    .argument('[event]', 'a file with a PreToolUse event, or - for stdin')
    .option('--session <session>', 'what the next call of a session would meet')
    .option('--json', 'one JSON document')
    .action((place, options, command) =>
      run(command, async (context) =>
        (await import('../commands/explain.ts')).explain(context, place, options),
      ),
    )
  root
    .command('replay')
    .description('what the rules would have done to past transcripts')
    .argument('<path...>', 'such as ~/.claude/projects')
    .option('--warn <calls>', 'calls a minute at which to warn')
    .option('--block <calls>', 'calls a minute at which to block')
    .option('--json', 'one JSON document')
    .action((places, options, command) =>
      run(command, async (context) =>
        (await import('../commands/replay.ts')).replay(context, places, options),
      ),
    )
  root
    .command('metrics')
    .description("counters in Prometheus' text format")
    .action((_, command) =>
      run(command, async (context) => (await import('../commands/metrics.ts')).metrics(context)),
    )
  root
    .command('demo')
    .description('see it count, warn and block, with real hook processes in a throw-away folder')
    .action((_, command) =>
      run(command, async (context) => (await import('../commands/demo.ts')).demo(context)),
    )
}
