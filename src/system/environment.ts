import { failure } from './failure.ts'
import type { Environment } from './paths.ts'

const MAX_BYTES = 256

/** The tenant and the user that the environment names; Claude Code itself names neither. */
export function namedIn(env: Environment): { tenant: string | undefined; user: string | undefined } {
  return { tenant: nameIn(env, 'SPIKECTL_TENANT'), user: nameIn(env, 'SPIKECTL_USER') }
}

/** The operating system's name of the user, or the number where it has no name, as in a container. */
export function osUser(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}

function nameIn(env: Environment, variable: string): string | undefined {
  const name = env[variable]
  if (name && Buffer.byteLength(name) > MAX_BYTES) {
    throw failure(
      `${variable} is longer than ${MAX_BYTES} bytes`,
      `Expected a short name, as in ${variable}=acme`,
    )
  }
  return name
}
