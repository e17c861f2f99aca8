import type { Database } from '../system/sqlite.ts'
import { VERSION, versionOf } from './schema.ts'

/**
 * state.db. One row a session: `live` is what the rules remember (NULL once the session has been idle for a
 * minute), `lasting` what outlives that, the rest is what people ask for, kept for 30 days. One row an agent: `live`
 * is what it has done lately.
 *
 * A session whose client another session's agent has started names that one (`parent`) and the outermost of them (`root`).
 *
 * What sessions have used up is summed in `session`, and in `day` for each tenant and user: see ledger.ts. `transcript` has how
 * far each file was read, `message` what each message of it counts.
 *
 * A call writes one page of each and no more: one index is over minutes, so that it changes once a minute, the
 * other over sessions that are idle, so that it changes when a session begins or ends to be; and `retired` holds only
 * what sessions had counted that are forgotten by now. So totals never go down.
 */
const TABLES = `
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  user TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  project TEXT NOT NULL,
  notice TEXT NOT NULL DEFAULT '',
  tools TEXT NOT NULL DEFAULT '{}',
  peak INTEGER NOT NULL DEFAULT 0,
  calls INTEGER NOT NULL DEFAULT 0,
  warned INTEGER NOT NULL DEFAULT 0,
  blocked INTEGER NOT NULL DEFAULT 0,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  last_minute INTEGER NOT NULL,
  live TEXT
);
CREATE INDEX session_by_age ON session (live IS NULL, last_minute);
CREATE TABLE agent (
  session INTEGER NOT NULL,
  agent TEXT NOT NULL,
  type TEXT NOT NULL,
  calls INTEGER NOT NULL,
  last_minute INTEGER NOT NULL,
  PRIMARY KEY (session, agent)
) WITHOUT ROWID;
CREATE INDEX agent_by_age ON agent (last_minute) WHERE agent NOT IN ('main', '(idle)');
CREATE TABLE retired (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  calls INTEGER NOT NULL,
  warned INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  swept_ms INTEGER NOT NULL
);
INSERT INTO retired VALUES (1, 0, 0, 0, 0, 0)
`

/** What has to be done to an empty file, one step a version. A step that was ever released is never changed. */
const STEPS: readonly string[] & { readonly length: typeof VERSION } = [
  TABLES,
  'ALTER TABLE retired ADD COLUMN unsigned INTEGER NOT NULL DEFAULT 0',
  `UPDATE session SET live = NULL;
   ALTER TABLE session ADD COLUMN lasting TEXT NOT NULL DEFAULT '';
   ALTER TABLE session ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE agent ADD COLUMN live TEXT;
   ALTER TABLE agent ADD COLUMN latched INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN would_warn INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN would_block INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN would_halt INTEGER NOT NULL DEFAULT 0`,
  "ALTER TABLE session ADD COLUMN guard TEXT NOT NULL DEFAULT ''",
  `ALTER TABLE session ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0`,
  'CREATE INDEX idle_counts ON session (live, calls, warned, blocked, halted, unasked) WHERE live IS NULL',
  `ALTER TABLE retired ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE retired ADD COLUMN loosened INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN policy TEXT NOT NULL DEFAULT '';
   ALTER TABLE session ADD COLUMN loosened TEXT NOT NULL DEFAULT ''`,
  'ALTER TABLE retired ADD COLUMN unsigned_seen INTEGER NOT NULL DEFAULT 0',
  `ALTER TABLE session ADD COLUMN parent TEXT NOT NULL DEFAULT '';
   ALTER TABLE session ADD COLUMN root TEXT NOT NULL DEFAULT '';
   CREATE INDEX session_by_parent ON session (tenant, parent) WHERE parent <> ''`,
  `ALTER TABLE session ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN tokens_before INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN cents INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN cents_before INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN cost INTEGER;
   ALTER TABLE session ADD COLUMN cost_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN prompt_at INTEGER;
   ALTER TABLE session ADD COLUMN stretch_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE session ADD COLUMN looked_at TEXT NOT NULL DEFAULT '';
   CREATE TABLE transcript (
     id INTEGER PRIMARY KEY,
     session INTEGER NOT NULL,
     path TEXT NOT NULL,
     node TEXT NOT NULL,
     "offset" INTEGER NOT NULL,
     tail TEXT NOT NULL,
     size INTEGER NOT NULL,
     mark INTEGER NOT NULL,
     UNIQUE (session, path)
   );
   CREATE TABLE message (
     session INTEGER NOT NULL,
     id INTEGER NOT NULL,
     transcript INTEGER NOT NULL,
     tokens INTEGER NOT NULL,
     PRIMARY KEY (session, id)
   ) WITHOUT ROWID;
   CREATE TABLE day (
     tenant TEXT NOT NULL,
     user TEXT NOT NULL,
     day TEXT NOT NULL,
     tokens INTEGER NOT NULL,
     cents INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, day)
   ) WITHOUT ROWID`,
]

/** Brings a file up to date. To be called inside a transaction that holds the write lock. */
export function ensureSchema(db: Database, file: string): void {
  const missing = STEPS.slice(versionOf(db, file))
  if (missing.length > 0) db.exec(`${missing.join(';')}; PRAGMA user_version = ${VERSION}`)
}
