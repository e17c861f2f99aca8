/** Lines of log.jsonl that belong to an answer. */

import { withNotice } from '../hosts/claude-code/wording.ts'
import type { Reply } from '../hosts/reply.ts'
import { type LogEntry, tryLog } from '../system/log.ts'
import type { Paths } from '../system/paths.ts'

/** The reply, which says so where the line could not be written. */
export function logged(reply: Reply, paths: Paths, entry: LogEntry): Reply {
  const problem = tryLog(paths.log, entry)
  return problem ? withNotice(reply, problem) : reply
}
