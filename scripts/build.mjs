/**
 * `npm run build`. Says only what is wrong: rolldown's own command line prints a line for each file that it writes. In
 * JavaScript, because who has an old Node and lets npm run no scripts builds with that.
 */

import { rmSync } from 'node:fs'
import { build } from 'rolldown'
import { loadConfig } from 'rolldown/config'

// Not by rolldown: the bundles are made at the same time, and one would clean away what another has written.
rmSync('dist', { recursive: true, force: true })
await build(await loadConfig('rolldown.config.ts'))
