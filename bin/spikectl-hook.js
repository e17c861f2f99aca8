#!/usr/bin/env node
'use strict'

function built() {
  try {
    return require('../dist/hook.js')
  } catch (error) {
    process.stderr.write(`spikectl: ${require('./not-built.js').notBuilt(error)}\n`)
    process.exit(1) // never 2, which would block the call
  }
}

built().main()
