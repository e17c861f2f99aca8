/**
 * Loaded into a hook and its recorder by NODE_OPTIONS: the recorder that has a line to sign goes on under strace, which
 * sends it a signal as it enters one of its system calls. It stays the child that the hook has started. The hook starts
 * one whatever the start of Node took on this machine.
 */

const { SPIKECTL_RECORD: job = '', RECORDER_STRACE: strace, ...env } = process.env

if (strace && process.argv[2] === 'record' && 'line' in JSON.parse(job)) {
  const args = [...JSON.parse(strace), process.execPath, ...process.argv.slice(1)]
  process.execve(args[0], args, { ...env, SPIKECTL_RECORD: job, NODE_OPTIONS: '' })
}

require('./started.cjs')(0)
