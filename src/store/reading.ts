/** What a ledger is given to read: files that grow, and what stands in them. */

/** How far a file was read, and by what it is known to be the same file. */
export interface Position {
  /** Which file it was: device and inode. */
  readonly node: string
  /** Bytes read. */
  readonly offset: number
  /** A keyed hash of the last bytes before that. */
  readonly tail: string
  /** Bytes that it had. */
  readonly size: number
  /** Lines that begin before this are older than the last prompt of a person, or than the session's first event; or BY_TIME. */
  readonly mark: number
}

/** The mark of a file that may have been there for long, when there were more files than are looked at in one event. */
export const BY_TIME = -1

/** What stands in a file behind a position. */
export interface Reading extends Omit<Position, 'mark'> {
  readonly path: string
  /** It is the main agent's. */
  readonly isMain: boolean
  /** What was read, in bytes: from where on, which is 0 where it is not the file of that position, and up to where. */
  readonly from: number
  readonly to: number
  readonly entries: readonly Entry[]
  /** Why it is not read, in words that complete "FILE …"; it counts nothing then. */
  readonly problem?: string
}

/** A message's usage, or a person's prompt. */
export interface Entry {
  /** Of the line in its file: bytes. */
  readonly offset: number
  /** Unix ms; undefined where the line does not say. */
  readonly at: number | undefined
  /** A number as good as unique to the message; absent of a prompt. */
  readonly message?: number
  readonly tokens: number
}

/** Reads a session's files, so many bytes an event. */
export interface TokenReader {
  /**
   * What is new: called without the lock first, and then under it, where it reads again only what has moved on since. Of
   * more files than are looked at in one event, those after the file `after`.
   */
  read(positionOf: (path: string) => Position | undefined, after: string): Read
}

export interface Read {
  readonly readings: readonly Reading[]
  /** The last file that was looked at; empty where all were. */
  readonly last: string
}
