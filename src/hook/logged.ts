/** What the person is told beside an answer, and the lines of log.jsonl that belong to one. */

import type { Answer } from '../hosts/answer.ts'
import { type LogEntry, tryLog } from '../system/log.ts'
import type { Paths } from '../system/paths.ts'

/** The same answer, which also tells the person that, if there is something. */
export function withNotice(answer: Answer, notice: string | undefined): Answer {
  return notice ? { ...answer, notices: [...answer.notices, notice] } : answer
}

/** The answer, which says so where the line could not be written. */
export function logged(answer: Answer, paths: Paths, entry: LogEntry): Answer {
  return withNotice(answer, tryLog(paths.log, entry))
}
