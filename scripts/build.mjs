/**
 * `npm run build`. Says only what is wrong: rolldown's own command line prints a line for each file that it writes. In
 * JavaScript, because who has an old Node and lets npm run no scripts builds with that.
 */

import { build } from 'rolldown'
import { loadConfig } from 'rolldown/config'

await build(await loadConfig('rolldown.config.ts'))
