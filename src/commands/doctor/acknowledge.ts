/** `spikectl doctor --acknowledge`: a person has read of the blocks that could not be signed. */

import { withStore } from '../../store/sqlite-store.ts'
import { isAbsent } from '../../system/files.ts'
import { tryLog } from '../../system/log.ts'
import { counted } from '../../system/plural.ts'
import type { Context } from '../context.ts'
import { refuseAgents, whoIsThere } from '../person.ts'

/** From now on only later ones are warned of. They stay counted, in `status` and in the metrics. */
export function acknowledge(context: Context): void {
  refuseAgents(context, 'doctor --acknowledge')
  const { paths, terminal } = context
  const fresh = isAbsent(paths.stateDb)
    ? 0
    : withStore(paths.stateDb, (store) => store.acknowledgeUnsigned()).result
  if (fresh === 0) {
    terminal.remark('nothing to acknowledge: every block since the last time was signed')
    return
  }
  const what = `${counted(fresh, 'block')} that could not be signed`
  const message = `acknowledged by ${whoIsThere().by}: ${what}`
  const unlogged = tryLog(paths.log, { event: 'acknowledged', message })
  if (unlogged) terminal.remark(`warning: ${unlogged}`)
  terminal.remark(`acknowledged: ${what}`)
}
