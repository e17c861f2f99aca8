/** A machine with managed settings of its own: a process that sees another /etc, with nothing else in it. */

import { spawnSync } from 'node:child_process'
import { type Ended, type Options, run } from './processes.ts'

const AS_ROOT = ['--map-root-user', '--mount']
const IN_ETC = `mount -t tmpfs none /etc && mkdir /etc/claude-code && cp "$1" /etc/claude-code/managed-settings.json &&
  shift && exec "$@"`

/** Where the kernel lets nobody make such a view of the files, and on other systems. */
export const mountable = {
  skip:
    spawnSync('unshare', [...AS_ROOT, 'mount', '-t', 'tmpfs', 'none', '/etc']).status === 0
      ? false
      : 'unshare cannot mount here',
}

/** Runs Node with `args` where `settings`, a file, are the managed ones. */
export function runManaged(settings: string, args: readonly string[], options: Options): Promise<Ended> {
  const words = ['/bin/sh', '-c', IN_ETC, 'sh', settings, process.execPath, ...args]
  return run([...AS_ROOT, ...words], options, 'unshare')
}
