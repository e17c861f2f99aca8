#!/usr/bin/env node
'use strict'

import('../dist/cli.mjs').then((cli) => cli.main())
