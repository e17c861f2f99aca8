import { failure } from '../failure.ts'
import type { Database } from '../sqlite.ts'

/**
 * state.db. One row a session: `live` is what the rules remember (NULL once the session has been idle for a
 * minute), `summary` is what people ask for. One row an agent. One row of totals, which never go down.
 */
const SCHEMA = `
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  idle INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  live TEXT,
  summary TEXT NOT NULL
);
CREATE INDEX session_by_age ON session (idle, last_ms);
CREATE TABLE agent (
  session INTEGER NOT NULL,
  agent TEXT NOT NULL,
  type TEXT NOT NULL,
  calls INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (session, agent)
) WITHOUT ROWID;
CREATE INDEX agent_by_age ON agent (last_ms) WHERE agent NOT IN ('main', '(idle)');
CREATE TABLE total (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  calls INTEGER NOT NULL,
  warned INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  halted INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  swept_ms INTEGER NOT NULL
);
INSERT INTO total VALUES (1, 0, 0, 0, 0, 0, 0);
`

const VERSION = 1

/** Creates the tables in a new file. To be called inside a transaction that holds the write lock. */
export function ensureSchema(db: Database, file: string): void {
  const version = db.pragma('user_version', { simple: true })
  if (version === VERSION) return
  if (version !== 0) {
    throw failure(`${file} was written by another version of spikectl`, 'Run: npm install -g spikectl@latest')
  }
  db.exec(SCHEMA)
  db.pragma(`user_version = ${VERSION}`)
}
