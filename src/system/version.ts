import manifest from '../../package.json' with { type: 'json' }
import { type Failure, failure } from './failure.ts'

export const VERSION = manifest.version

/** The oldest Node whose Node-API the SQLite binary can be loaded by without crashing the process. */
export const MIN_NODE = '22.14.0'
const MIN_NAPI = 10

/** The Failure of running on a Node that is too old; undefined on one that is new enough. */
export function oldNode(versions: { readonly node: string; readonly napi?: string }): Failure | undefined {
  if (Number(versions.napi) >= MIN_NAPI) return undefined
  return failure(
    `Node ${versions.node} is too old, expected ${MIN_NODE} or newer`,
    'Install one, or put the path of one before the command. A clone brings its own: npm ci --ignore-scripts=false && npx spikectl install',
  )
}
