/** JSON objects that anybody may have written: every member may be anything. */

export type Members = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Those of a value; none of what is no object. */
export function membersOf(value: unknown): Members {
  return isObject(value) ? value : {}
}
