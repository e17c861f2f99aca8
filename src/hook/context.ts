/** An event on its way to an answer: what everybody goes by who decides it, answers it or writes it down. */

import { type Identity, identify } from '../guard/identity.ts'
import type { Policy } from '../guard/policy.ts'
import type { Host } from '../hosts/host.ts'
import type { GuardedInput, SettingsChangeInput } from '../hosts/input.ts'
import { type Config, withProject } from '../settings/load.ts'
import { namedIn } from '../system/environment.ts'
import { type Environment, type Paths, projectSettingsPath } from '../system/paths.ts'

/** One run of the hook, before its event is known. */
export interface Run {
  readonly env: Environment
  readonly paths: Paths
  readonly config: Config
}

/** An event that is answered, or at least written down. */
export type HeardInput = GuardedInput | SettingsChangeInput

export interface Context<Input extends HeardInput = HeardInput> extends Run {
  /** The client that tells of the event. */
  readonly host: Host
  readonly input: Input
  /** By whom it is. */
  readonly identity: Identity
  /** The rules that hold for it. */
  readonly policy: Policy
  readonly project: string
  /** Why the project's own settings are ignored, if they are. */
  readonly ignored: string | undefined
  /** The event is one of another session, whose client is an agent of this one. */
  readonly isNested?: true
}

export async function contextOf<Input extends HeardInput>(
  run: Run,
  host: Host,
  input: Input,
): Promise<Context<Input>> {
  const { env, config } = run
  const identity = identify({ ...namedIn(env), session: input.session })
  const project = env.CLAUDE_PROJECT_DIR || input.cwd || process.cwd()
  const { policy, ignored } = await withProject(config.policy, projectSettingsPath(project))
  return { ...run, host, input, identity, policy, project, ignored }
}
