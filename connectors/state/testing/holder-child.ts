/** Takes the lease `job`, begins a change, and when told to, tries to go on as if nothing had happened. Arguments: URL, lease in ms. */
import pg from 'pg'
import { begin, clearIntent, settleDelivered, settleFailed } from '../changes/delivery.ts'
import { recordQueued } from '../changes/queueing.ts'
import { acquireLease } from '../runs/leases.ts'
import { change } from './state.ts'

const pool = new pg.Pool({ connectionString: process.argv[2]!, max: 3 })
pool.on('error', () => {})
const lease = (await acquireLease(pool, 'job', 'child', Number(process.argv[3])))!
const mine = change('r1', 'k')
await recordQueued(pool, 'r1', mine.entity, [mine], { fence: lease })
const first = await begin(pool, mine, lease)
let signalled = false
lease.signal.addEventListener('abort', () => {
  signalled = true
})

process.on('message', async () => {
  const agreed = { entity: 'leads', key: '1', crmId: '1', fields: { old: true } }
  const code = (error: { code?: string }) => error.code
  process.send!({
    held: lease.held(),
    signalled: signalled || lease.signal.aborted,
    begin: (await begin(pool, mine, lease)).kind,
    clearIntent: await clearIntent(pool, mine, lease).then(() => 'did not throw'),
    delivered: await settleDelivered(pool, mine, agreed, lease),
    failed: await settleFailed(pool, mine, 'X', false, lease),
    record: await recordQueued(pool, 'r1b', mine.entity, [change('r1b', 'k', 'old')], { fence: lease }).then(() => 'recorded', code),
  })
  await lease.release()
  await pool.end()
  process.disconnect()
})
process.send!({ epoch: lease.epoch, begin: first.kind })
