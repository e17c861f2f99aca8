/** What nearly every call asks of state.db, and changes in it. */

export const FIND = `SELECT session.id, notice, policy, tools, session.live, lasting, agent.live AS agentLive, swept_ms AS sweptMs
  FROM retired LEFT JOIN session ON session.key = ?
  LEFT JOIN agent ON agent.session = session.id AND agent.agent = ?`

export const SAVE_SESSION = `UPDATE session SET live = ?, lasting = ?, notice = ?, policy = ?, tools = ?, last_ms = ?,
  last_minute = ?, peak = max(peak, ?), calls = calls + ?, warned = warned + ?, blocked = blocked + ?,
  halted = halted + ?, unasked = unasked + ? WHERE id = ?`

export const SAVE_AGENT = `INSERT INTO agent (session, agent, type, calls, last_minute, live, latched)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session, agent) DO UPDATE SET calls = calls + excluded.calls,
    last_minute = excluded.last_minute, live = excluded.live, latched = excluded.latched`
