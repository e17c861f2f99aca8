#!/usr/bin/env node
'use strict'

require('../dist/hook.js').main()
