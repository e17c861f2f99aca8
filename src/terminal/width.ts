/** How wide text is on a screen. */

import { stripVTControlCharacters } from 'node:util'

/** Drawn over or beside the character before them: accents, joiners, variation selectors. */
const NARROWEST = /^[\p{Mn}\p{Me}\p{Cf}]$/u
/** Two columns each: East Asian letters and signs, full-width forms, emoji. Source: Unicode's East Asian Width, W and F. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

/** In columns; colours have none. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of stripVTControlCharacters(text)) {
    if (character > '\u02ff' && NARROWEST.test(character)) continue
    width += character > '\u10ff' && WIDE.test(character) ? 2 : 1
  }
  return width
}
