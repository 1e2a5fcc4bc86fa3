/**
 * An operator whose process is killed in the middle: the victim of crash tests. Arguments: `Whereabouts` as JSON, what to do, and where to
 * die: `letter`: when the letter has been dealt with and the index has not, `index`: when the index knows and the letter was not touched.
 */

import { discardDead } from '../../operations/discard-dead.ts'
import { editDead } from '../../operations/edit-dead.ts'
import { type OpenDead, openDead } from '../../operations/open-dead.ts'
import { rebaseOn } from '../../operations/rebase.ts'
import { requeue } from '../../operations/requeue.ts'
import type { Lane } from '../../queue-dirs/lane.types.ts'
import { openContext } from './bridge.ts'
import { operatorAt } from './operator.ts'

const [where, act, at, file] = process.argv.slice(2) as [string, 'requeue' | 'rebase' | 'edit' | 'discard', 'letter' | 'index', string]
const { context } = await openContext(JSON.parse(where))
const die = () => process.kill(process.pid, 'SIGKILL')

/** Dies before or after the letter moves. */
function doomed<Name extends string>(lane: Lane<Name>): Lane<Name> {
  const around =
    <A extends unknown[], T>(move: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (at === 'index') die()
      const result = await move(...args)
      die()
      return result
    }
  return { ...lane, requeue: around(lane.requeue), mendDead: around(lane.mendDead) }
}

const operator = operatorAt({ context })
const found = await openDead(context.lanes, file)
const dead: OpenDead = { ...found, lane: doomed(found.lane) }
if (act === 'edit') await editDead(operator, dead, { set: { industry: 'Varejo' }, requeue: true })
if (act === 'requeue') await requeue(operator, dead, null)
if (act === 'rebase') await requeue(operator, dead, null, { rebase: rebaseOn(context.erp) })
if (act === 'discard') await discardDead(operator, dead, null, 'for the test')
