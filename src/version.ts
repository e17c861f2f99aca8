import manifest from '../package.json' with { type: 'json' }

export const VERSION = manifest.version

/** The oldest Node whose Node-API the SQLite binary can be loaded by without crashing the process. */
export const MIN_NODE = '22.14.0'
const MIN_NAPI = 10

/** What to say on a Node that is too old; undefined on one that is new enough. */
export function oldNode(versions: { readonly node: string; readonly napi?: string }): string | undefined {
  if (Number(versions.napi) >= MIN_NAPI) return undefined
  return `Node ${versions.node} is too old, expected ${MIN_NODE} or newer. Run spikectl with a newer one, for example: npx node@24 bin/spikectl.js`
}
