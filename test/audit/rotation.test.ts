import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { append } from '../../src/audit/append.ts'
import { prepareNextKey } from '../../src/audit/keys.ts'
import { openLog } from '../support/logs.ts'

describe('a new key', () => {
  test('is named by a line of the old one, signs from then on, and leaves the old one nowhere', (t) => {
    const { files, block, rotate, members, verify, head } = openLog(t)
    block()
    const old = members().key
    rotate()
    assert.deepEqual([members().event, members().key], ['rotate', old])
    block()
    assert.notEqual(members().key, old)
    const keys = readdirSync(join(files.audit, 'keys')).sort()
    assert.deepEqual(keys, [`${old}.pub.pem`, `${members().key}.pub.pem`, 'signing-key.pem'].sort())
    assert.equal(verify({ head: head() }).problem, undefined)
  })

  test('can be the first thing that is ever logged', (t) => {
    const { block, rotate, verify, members } = openLog(t)
    rotate()
    block()
    assert.deepEqual([verify().lines, verify().problem, members(1).event], [3, undefined, 'rotate'])
  })

  test('that was made, but not named yet when the process died, changes nothing and is used the next time', (t) => {
    const { files, block, rotate, members, verify } = openLog(t)
    block()
    const prepared = prepareNextKey(files.audit).toString('base64url')
    block()
    assert.equal(verify().problem, undefined)
    rotate()
    assert.equal(members().pub, prepared)
    block()
    assert.equal(verify().problem, undefined)
  })

  test('that was named, but not in place yet when the process died, is put in place by the next append', (t) => {
    const { files, options, block, verify, head } = openLog(t)
    block()
    const before = readFileSync(files.auditDb)
    append(
      files,
      () => ({ event: 'rotate', pub: prepareNextKey(files.audit).toString('base64url') }),
      options,
    )
    writeFileSync(files.auditDb, before)
    block()
    assert.equal(existsSync(join(files.audit, 'keys/next-key.pem')), false)
    assert.equal(verify({ head: head() }).problem, undefined)
  })

  test('that was put in place while another process held the old one is found by that process', (t) => {
    const { files, options, block, rotate, verify } = openLog(t)
    block()
    const [key, kept] = ['signing-key.pem', 'kept.pem'].map((name) => join(files.audit, 'keys', name))
    copyFileSync(key ?? '', kept ?? '')
    rotate()
    renameSync(key ?? '', `${key}.new`)
    copyFileSync(kept ?? '', key ?? '')
    // The other process reads the old key before it has the lock; then the new one is in place.
    const event = () => {
      assert.fail('nothing may be signed with a key that is out of force')
    }
    assert.throws(() => append(files, event, options), /is not the one that the log continues with/)
    renameSync(`${key}.new`, key ?? '')
    rmSync(kept ?? '')
    block()
    assert.equal(verify().problem, undefined)
  })
})
