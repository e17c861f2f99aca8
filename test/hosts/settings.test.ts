import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { withHooks, withoutHooks } from '../../src/hosts/claude-code/settings/edit.ts'
import { EVENTS, ownHooks, settingsIn } from '../../src/hosts/claude-code/settings/hooks.ts'

const HOOK = { command: '/usr/bin/node', args: ['/opt/spikectl/bin/spikectl-hook.js'], failClosed: false }

/** Settings of all shapes, with and without hooks of others, as people and programs lay them out. */
const groups = fc.array(
  fc.record({ matcher: fc.string(), hooks: fc.array(fc.constant({ type: 'command', command: 'guard.sh' })) }),
)
const hooks = fc.dictionary(fc.constantFrom(...EVENTS, 'PreCompact', 'Notification'), groups, { minKeys: 1 })
const settings = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.option(hooks), fc.boolean())
  .map(([others, ofOthers, isFirst]) => {
    const { hooks: _, ...rest } = others
    if (!ofOthers) return rest
    return isFirst ? { hooks: ofOthers, ...rest } : { ...rest, hooks: ofOthers }
  })
const layout = fc.record({
  indent: fc.constantFrom('', '  ', '    ', '\t'),
  eol: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\ufeff'),
  end: fc.constantFrom('', '\n'),
})

function laidOut(value: object, { indent, eol, mark, end }: { [key: string]: string }): string {
  return mark + JSON.stringify(value, null, indent).replaceAll('\n', eol ?? '\n') + end
}

describe('settings with our hooks', () => {
  test('hold each hook once, whatever was there, and are the same when it is done twice', () => {
    fc.assert(
      fc.property(settings, layout, (value, how) => {
        const once = withHooks(laidOut(value, how), HOOK, 'settings.json')
        const read = settingsIn(once)
        assert.ok(read)
        assert.deepEqual(
          ownHooks(read).map(({ event }) => event),
          [...EVENTS],
        )
        assert.equal(withHooks(once, HOOK, 'settings.json'), once)
      }),
    )
  })

  test('keep every byte of the rest, and are as before without them', () => {
    fc.assert(
      fc.property(settings, layout, (value, how) => {
        const text = laidOut(value, how)
        const isEmptied = Object.values(value.hooks ?? {}).some(
          (each) => Array.isArray(each) && each.length === 0,
        )
        const left = withoutHooks(withHooks(text, HOOK, 'settings.json'), 'settings.json')
        if (isEmptied) assert.doesNotMatch(left, /spikectl/)
        else assert.equal(left, text)
      }),
    )
  })

  test('are laid out as the file is, and nothing else is laid out anew', () => {
    const text = '{\r\n\t"env": {"A":   "1"},\r\n\t"hooks": {"PreCompact": [ ]}\r\n}'
    const changed = withHooks(text, HOOK, 'settings.json')
    assert.ok(
      changed.startsWith(
        '{\r\n\t"env": {"A":   "1"},\r\n\t"hooks": {"PreCompact": [ ],\r\n\t\t"PreToolUse": [\r\n\t\t\t{\r\n',
      ),
    )
    assert.doesNotMatch(changed, /[^\r]\n/)
  })

  test('are put between the bytes of a file with tabs, lists on one line among others, and no LF at its end', () => {
    const pieces = [
      '{\n\t"permissions": { "allow": ["Bash(ls)",  "Read"],\n\t\t"deny": [\n\t\t"x" ] },\n',
      '\t"hooks": { "PreCompact": [ ], "PreToolUse": [{"matcher":"Bash","hooks":[{"type":"command","command":"x"}]}',
      '],\n\t\t"Other": [\n\t\t]',
      ' },\n\t"env":\t{"A":"1"}}',
    ]
    const text = pieces.join('')
    const changed = withHooks(text, HOOK, 'settings.json')
    const places = pieces.map((piece) => changed.indexOf(piece))
    assert.deepEqual(
      places.toSorted((a, b) => a - b),
      places,
    )
    assert.equal(places[0], 0)
    assert.ok(changed.endsWith(pieces.at(-1) ?? ''))
    assert.match(changed, /"x"}]},\n\t\t\t{\n\t\t\t\t"matcher": "\*",\n\t\t\t\t"hooks": \[\n/)
    assert.match(changed, /\[\n\t\t\],\n\t\t"PostToolBatch": \[\n\t\t\t{\n/)
    assert.equal(withoutHooks(changed, 'settings.json'), text)
  })

  test('are laid out like the rest of a file that is laid out as JSON.stringify does', () => {
    const indents = fc.constantFrom('  ', '    ', '\t')
    fc.assert(
      fc.property(settings, indents, (value, indent) => {
        const changed = withHooks(JSON.stringify(value, null, indent), HOOK, 'settings.json')
        const isDefault = Object.keys(value).length === 0
        assert.equal(changed, JSON.stringify(JSON.parse(changed), null, isDefault ? '  ' : indent))
      }),
    )
  })

  test('stay on one line where all does', () => {
    assert.doesNotMatch(withHooks('{"a":1,  "b":2}', HOOK, 'settings.json'), /\n/)
  })
})
