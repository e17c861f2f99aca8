/** The damaged copies of the first file, each with the place and the word of what is wrong. */

import { sha256 } from '../../../src/audit/chain.ts'
import { keyId } from '../../../src/audit/ed25519.ts'
import {
  anybody,
  cut,
  edit,
  forge,
  NEUTRAL,
  notCanonical,
  plusL,
  respelt,
  type Spoil,
  signedBy,
  tooLong,
} from './damage.ts'
import { block, FIRST, genesis, JUNK, KEYS } from './log.ts'

export interface Damage {
  readonly spoil: Spoil
  /** Where it is found, counted from 1; undefined when no line is wrong. */
  readonly line?: number
  readonly problem?: string
}

export const DAMAGES: Readonly<Record<string, Damage>> = {
  'truncated-tail': { spoil: (pieces) => pieces.slice(0, 2) },
  'torn-tail': { spoil: (pieces) => [...pieces.slice(0, -1), cut(pieces.at(-1), 100)] },
  'torn-lf': { spoil: (pieces) => [...pieces.slice(0, -1), cut(pieces.at(-1), -1)] },
  'value-changed': {
    spoil: edit(1, (line) => line.replace('500', '499')),
    line: 2,
    problem: 'bad signature',
  },
  'duplicate-key-before': {
    spoil: edit(1, (line) => line.replace('{', '{"count":1,')),
    ...{ line: 2, problem: 'bad signature' },
  },
  whitespace: { spoil: edit(1, (line) => line.replace('{', '{ ')), line: 2, problem: 'bad signature' },
  'escape-respelt': {
    spoil: edit(1, (line) => line.replace('Bash', '\\u0042ash')),
    ...{ line: 2, problem: 'bad signature' },
  },
  'trailing-space': {
    spoil: edit(1, (line) => line.replace('\n', ' \n')),
    ...{ line: 2, problem: 'malformed suffix' },
  },
  crlf: {
    spoil: (pieces) => pieces.map((piece) => Buffer.from(piece.toString().replace('\n', '\r\n'))),
    ...{ line: 1, problem: 'malformed suffix' },
  },
  'byte-order-mark': { spoil: edit(0, (line) => `\ufeff${line}`), line: 1, problem: 'no genesis' },
  'empty-line': {
    spoil: (pieces) => pieces.toSpliced(1, 0, Buffer.from('\n')),
    ...{ line: 2, problem: 'malformed suffix' },
  },
  'signature-respelt': { spoil: edit(1, respelt), line: 2, problem: 'malformed suffix' },
  'signature-s-plus-l': { spoil: edit(1, plusL), line: 2, problem: 'bad signature' },
  'line-deleted': { spoil: (pieces) => pieces.toSpliced(1, 1), line: 2, problem: 'chain broken' },
  'line-repeated': {
    spoil: (pieces) => pieces.toSpliced(2, 0, ...pieces.slice(1, 2)),
    ...{ line: 3, problem: 'chain broken' },
  },
  'lines-swapped': {
    spoil: (pieces) => [0, 2, 1, 3, 4, 5, 6].flatMap((index) => pieces.slice(index, index + 1)),
    ...{ line: 2, problem: 'chain broken' },
  },
  'no-genesis': { spoil: (pieces) => pieces.slice(1), line: 1, problem: 'no genesis' },
  'second-genesis': {
    spoil: (pieces) => [...pieces.slice(0, 2), ...forge(0, genesis(KEYS.b), KEYS.b)([])],
    ...{ line: 3, problem: 'key is not the active key' },
  },
  'second-genesis-of-the-same-key': {
    spoil: forge(2, genesis(KEYS.a)),
    ...{ line: 3, problem: 'no genesis' },
  },
  'unsigned-end': {
    spoil: (pieces) => [...pieces, Buffer.from('{"all":true,"by":"dev","event":"reset"}\n')],
    ...{ line: 8, problem: 'malformed suffix' },
  },
  'unsigned-half-line-at-the-end': {
    spoil: (pieces) => [...pieces, Buffer.from('{"all":true,"by":"dev","event":"reset"\n')],
    ...{ line: 8, problem: 'malformed suffix' },
  },
  'junk-without-a-name': {
    spoil: (pieces) => pieces.toSpliced(1, 0, JUNK),
    ...{ line: 2, problem: 'malformed suffix' },
  },
  'junk-changed': {
    spoil: edit(3, (line) => line.replace('50', '51')),
    line: 4,
    problem: 'malformed suffix',
  },
  'junk-that-is-no-beginning': {
    spoil: (pieces) => pieces.toSpliced(1, 0, Buffer.from('a note\n')),
    ...{ line: 2, problem: 'malformed suffix' },
  },
  'junk-taken-away': {
    spoil: (pieces) => pieces.toSpliced(3, 1),
    ...{ line: 4, problem: 'the junk that this line names is not there' },
  },
  'old-key-after-rotate': {
    spoil: (pieces) => [...pieces.slice(0, -1), ...signedBy(KEYS.a, pieces.at(-1))],
    ...{ line: 7, problem: 'key is not the active key' },
  },
  'new-key-before-rotate': {
    spoil: (pieces) => [...pieces.slice(0, 1), ...signedBy(KEYS.b, pieces[1])],
    ...{ line: 2, problem: 'key is not the active key' },
  },
  'name-of-another-key': {
    spoil: forge(1, block(500, { key: KEYS.b.key })),
    ...{ line: 2, problem: 'key is not the active key' },
  },
  'line-of-another-log': {
    spoil: forge(1, block(500, { log: '0'.repeat(32) })),
    ...{ line: 2, problem: 'line of another log' },
  },
  'unknown-format': {
    spoil: forge(1, block(500, { v: 'spikectl.audit/2' })),
    ...{ line: 2, problem: 'unknown format' },
  },
  'not-canonical': { spoil: notCanonical, line: 2, problem: 'not canonical' },
  'line-too-long': { spoil: tooLong, line: 2, problem: 'line too long' },
  'opening-line-in-the-middle': {
    spoil: forge(1, {
      event: 'segment',
      prev_segment: { file: FIRST, bytes: 0, sha256: sha256(Buffer.alloc(0)) },
    }),
    ...{ line: 2, problem: 'an opening line in the middle of a file' },
  },
  'weak-key': {
    spoil: forge(
      0,
      { ...genesis(KEYS.a), pub: NEUTRAL.toString('base64url'), key: keyId(NEUTRAL) },
      anybody(),
    ),
    ...{ line: 1, problem: 'weak key' },
  },
  'rotate-to-a-weak-key': {
    spoil: forge(1, { event: 'rotate', pub: NEUTRAL.toString('base64url') }),
    ...{ line: 2, problem: 'weak key' },
  },
  'no-line': { spoil: () => [], line: 1, problem: 'no line in it' },
}
