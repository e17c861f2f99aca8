/**
 * How we write to a terminal.
 *
 * stdout holds what was asked for and nothing else; stderr holds errors, hints and progress. Colour only where
 * the stream is a terminal (NO_COLOR, FORCE_COLOR and --no-color as usual). An error is
 * one line `error: …`, then a line `hint: …` that says what to do, if possible something to paste.
 */

import {
  Chalk,
  type ChalkInstance,
  type ColorInfo,
  type ColorSupportLevel,
  supportsColor,
  supportsColorStderr,
} from 'chalk'
import { isFailure, mendable } from '../system/failure.ts'
import { jsonOf } from '../system/json.ts'
import { wrapped } from './wrap.ts'

export interface Terminal {
  readonly colour: ChalkInstance
  /** How wide it is; where it is none, what $COLUMNS says, or 80. */
  readonly columns: number
  /** Writes a line to stdout. */
  print(line: string): void
  /** Writes a sentence to stdout, on as many lines as it needs. */
  say(sentence: string): void
  /** Writes one JSON document to stdout: never in colour, and without a character that could fool a terminal. */
  printJson(value: unknown): void
  /** Writes a line to stderr. */
  remark(line: string): void
}

const DEFAULT_COLUMNS = 80
const LEAST_COLUMNS = 20

export function openTerminal(options: { readonly color?: boolean | undefined }): Terminal {
  const level = options.color === false ? 0 : levelOf(supportsColor)
  const columns = columnsOf(process.stdout.columns, process.env.COLUMNS)
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  return {
    colour: new Chalk({ level }),
    columns,
    print,
    say: (sentence) => print(wrapped(sentence, columns).join('\n')),
    printJson: (value) => void process.stdout.write(`${jsonOf(value)}\n`),
    remark: (line) => void process.stderr.write(`${line}\n`),
  }
}

/** A terminal may not know how wide it is, and says 0. */
function columnsOf(terminal: number | undefined, wanted = ''): number {
  const columns = terminal || (/^\d{1,4}$/.test(wanted) && Number(wanted)) || DEFAULT_COLUMNS
  return Math.max(LEAST_COLUMNS, columns)
}

/** chalk knows terminals, FORCE_COLOR and --no-color; https://no-color.org it leaves to us. */
function levelOf(support: ColorInfo): ColorSupportLevel {
  const isUnwanted = Boolean(process.env.NO_COLOR) && process.env.FORCE_COLOR === undefined
  return isUnwanted || !support ? 0 : support.level
}

/** Says what went wrong; returns the exit code. What nobody can mend is a defect of ours: its stack is shown. */
export function reportError(thrown: unknown): number {
  const error = mendable(thrown)
  const { red, cyan } = new Chalk({ level: levelOf(supportsColorStderr) })
  if (!isFailure(error)) {
    process.stderr.write(`${red('error:')} ${error instanceof Error ? error.stack : String(error)}\n`)
    return 2
  }
  process.stderr.write(`${red('error:')} ${error.message}\n${cyan('hint:')} ${error.hint}\n`)
  return error.exitCode
}
