import { failure } from './failure.ts'
import type { Environment } from './paths.ts'

const MAX_BYTES = 256

/** The tenant and the user that the environment names; Claude Code itself names neither. */
export function namedIn(env: Environment): { tenant: string | undefined; user: string | undefined } {
  return { tenant: nameIn(env, 'SPIKECTL_TENANT'), user: nameIn(env, 'SPIKECTL_USER') }
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
