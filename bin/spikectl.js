#!/usr/bin/env node
'use strict'

function built(name) {
  try {
    return require(`../dist/${name}.js`)
  } catch (error) {
    process.stderr.write(`error: ${require('./not-built.js').notBuilt(error)}\n`)
    if (!isStatusLine) process.exit(2)
    process.stdout.write('spikectl: not built\n') // a status line that fails is not shown
    process.exit(0)
  }
}

const isStatusLine = process.argv[2] === 'statusline'
const isDrawn = isStatusLine && built('statusline').main(process.argv.slice(3))
if (!isDrawn) built('cli').main()
