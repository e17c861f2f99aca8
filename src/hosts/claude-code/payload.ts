/**
 * The JSON objects that the client hands over on stdin, read without trust. Pure. Checked by hand: every tool call
 * would have to compile a schema library.
 */

import { isObject, type Members } from '../../guard/members.ts'
/** The object as it came. */
export type Payload = Members

/** The Failure to throw: `what` completes "… on stdin …". */
export type Complaint = (what: string) => Error

/** The longest id or tool name, in bytes of UTF-8. */
const MAX_ID_BYTES = 256

/** The whole text of stdin as an object. */
export function parsePayload(text: string, complaint: Complaint): Payload {
  if (text.trim() === '') throw complaint('is empty')
  const payload = fromJson(text, complaint)
  if (!isObject(payload)) throw complaint('is no JSON object')
  return payload
}

/** An id; undefined when it is empty or no string, so that the next identity in line is counted. */
export function idOf(payload: Payload, key: string, complaint: Complaint): string | undefined {
  const id = textOf(payload[key])
  if (id?.includes('\0')) throw complaint(`has a NUL character in ${key}`)
  if (id && Buffer.byteLength(id) > MAX_ID_BYTES) throw complaint(`has a ${key} over ${MAX_ID_BYTES} bytes`)
  return id
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function fromJson(text: string, complaint: Complaint): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw complaint('is not JSON') // the parser's own message quotes the input, which may hold secrets
  }
}
