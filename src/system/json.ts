/** JSON that can be shown: no character in it stands as it is that could fool a terminal or a reader. */

import { UNSEEN } from './text.ts'

/** The JSON of a value, on one line unless it is to be indented. It parses to the same value. */
export function jsonOf(value: unknown, indent = 0): string {
  return shownJson(JSON.stringify(value, null, indent))
}

/** The same JSON with control, bidi and zero-width characters as \uXXXX: in sound JSON they stand in strings alone. */
export function shownJson(json: string): string {
  return json.replace(UNSEEN, (character) => (character === '\n' ? character : escaped(character)))
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
