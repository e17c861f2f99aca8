/**
 * RFC 8785 canonical JSON of the values that an audit line may hold. Strings and keys are written as
 * ECMAScript's JSON.stringify writes them, keys in the order of their UTF-16 code units.
 */

export type AuditValue = string | number | boolean | readonly AuditValue[] | AuditObject
export interface AuditObject {
  readonly [key: string]: AuditValue
}

/** Throws a TypeError for a number that is no safe integer, and for anything JSON does not know. */
export function canonical(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) return canonicalObject(value)
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  throw new TypeError(
    `Expected an audit value to be a string, safe integer, boolean, object or array, got ${value}`,
  )
}

function canonicalObject(object: object): string {
  // Sorted as an array and written by hand: an object of JavaScript puts keys like "10" before all others.
  const entries = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(',')}}`
}

const UNSAFE =
  // C1 controls, bidi marks, embeddings, overrides and isolates, zero-width characters, line separators.
  /[\u0080-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** The string without what could fool a terminal or a reviewer, in at most `maxBytes` of its JSON form. */
export function clean(text: string, maxBytes: number): string {
  const safe = text.toWellFormed().replace(UNSAFE, '\ufffd')
  if (Buffer.byteLength(JSON.stringify(safe)) - 2 <= maxBytes) return safe
  let used = Buffer.byteLength('…')
  let kept = ''
  for (const character of safe) {
    used += Buffer.byteLength(JSON.stringify(character)) - 2
    if (used > maxBytes) break
    kept += character
  }
  return `${kept}…`
}
