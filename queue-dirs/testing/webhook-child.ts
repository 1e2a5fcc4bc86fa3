/** A process that takes in letters when it is asked, until it is killed. Started by read-only.test.ts: node webhook-child.ts <root> */
import type { PonteError } from '../../base/error.ts'
import { openLane } from '../lane.ts'

const [root] = process.argv.slice(2) as [string]
const lane = await openLane({ root, name: 'leads', leaseMs: 3_000, heartbeatMs: 500 })
const put = (id: string) =>
  lane.enqueue('converted_lead', 'acme', JSON.stringify({ id })).then(
    () => ({ id, answer: 'accepted' }),
    ({ code }: PonteError) => ({ id, answer: code }),
  )
process.on('message', async (ids: readonly string[]) => process.send!(await Promise.all(ids.map(put))))
process.send!('ready')
