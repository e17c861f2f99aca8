/** The signed log. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addAuditCommands(audit: Command): void {
  audit
    .command('verify')
    .description('check every line, signature and link of the log')
    .argument('[path]', 'a folder with a log, or one file of it')
    .option('--fast', 'the chain, and the last signature of each key')
    .option('--checkpoint <file>', 'does it still begin with the lines of this checkpoint?')
    .option('--key <key>', 'does it begin with the key of this name?')
    .option('--require-anchor', 'exit code 3 if nothing vouches for its end')
    .option('--json', 'one JSON document')
    .action((path, options, command) =>
      run(command, async (context) =>
        (await import('../commands/audit/verify.ts')).auditVerify(context, path, options),
      ),
    )
  audit
    .command('show')
    .description('the log for people')
    .argument('[path]', 'a folder with a log, or one file of it')
    .option('-f, --follow', 'go on as the log grows')
    .option('--json', 'the lines as they are stored')
    .action((path, options, command) =>
      run(command, async (context) =>
        (await import('../commands/audit/show.ts')).auditShow(context, path, options),
      ),
    )
  audit
    .command('checkpoint')
    .description('the length and hash of the log, signed, to be kept elsewhere')
    .action((_, command) =>
      run(command, async (context) =>
        (await import('../commands/audit/checkpoint.ts')).auditCheckpoint(context),
      ),
    )
  addAuditUpkeep(audit)
}

function addAuditUpkeep(audit: Command): void {
  const keys = () => import('../commands/audit/keys.ts')
  audit
    .command('export-key')
    .description('a public key of the log, as PEM')
    .argument('[key]', 'the name of an earlier key; else the one it goes on with')
    .option('--openssh', 'for ssh-keygen')
    .option('--jwk', 'for JOSE libraries')
    .option('--vkey', 'for tools that verify signed notes')
    .action((name, options, command) =>
      run(command, async (context) => (await keys()).auditExportKey(context, name, options)),
    )
  audit
    .command('rotate-key')
    .description('replace the signing key; the old one signs the new one in')
    .action((_, command) => run(command, async (context) => (await keys()).auditRotateKey(context)))
  audit
    .command('prune')
    .description('remove the oldest files, and sign that it was done')
    .option('--keep <files>', 'all but the newest files')
    .option('--before <date>', 'those whose last line is older')
    .action((options, command) =>
      run(command, async (context) =>
        (await import('../commands/audit/prune.ts')).auditPrune(context, options),
      ),
    )
}
