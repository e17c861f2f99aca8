/** JSON objects that anybody may have written: every member may be anything. */

export type Members = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members of a value; none where it is no object. */
export function membersOf(value: unknown): Members {
  return isObject(value) ? value : {}
}

/** The JSON object in a text; undefined where it holds none. */
export function objectIn(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // no JSON: to every caller the same as JSON that is no object
  }
}

/** The members of the JSON object in a text; none where it holds none. */
export function membersIn(text: string): Members {
  return objectIn(text) ?? {}
}
