#!/usr/bin/env node
'use strict'

const isStatusLine = process.argv[2] === 'statusline'
const isDrawn = isStatusLine && require('../dist/statusline.js').main(process.argv.slice(3))
if (!isDrawn) import('../dist/cli.mjs').then((cli) => cli.main())
