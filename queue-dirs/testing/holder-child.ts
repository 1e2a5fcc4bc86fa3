/**
 * A process that holds a letter and an outbox, is stopped past its lease, and says what it can still do when it is woken.
 * Started by stopped-holder.test.ts: node holder-child.ts <root> <lease ms> <heartbeat ms>
 */

import type { PonteError } from '../../base/error.ts'
import { openLane } from '../lane.ts'

const [root, lease, heartbeat] = process.argv.slice(2) as [string, string, string]
const lane = await openLane({ root, name: 'leads', leaseMs: Number(lease), heartbeatMs: Number(heartbeat) })
const codeOf = (error: unknown) => (error as PonteError).code
const attempt = (act: Promise<unknown>) => act.then(() => 'did it', codeOf)

const staging = await lane.stage('slow-run', 'leads.insert', 'insert_leads_in_crm', new Date())
await staging.write('{"id":"unsealed"}')
const deskName = await lane.enqueue('converted_lead', 'before', '{"id":"before"}')

for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm'], worker: 'slow' })) {
  const lines: number[] = []
  for await (const { index } of claim.lines()) lines.push(index)
  await claim.record(lines[0] as number, { kind: 'done' })
  process.send?.({ holding: claim.name.file, deskName })
  await new Promise((resolve) => process.once('message', resolve))
  const answers = {
    held: await claim.held(),
    record: await attempt(claim.record(lines[1] as number, { kind: 'done' })),
    finish: await claim.finish().then(
      (finished) => finished.to,
      (error) => codeOf(error),
    ),
    seal: await attempt(staging.seal('c'.repeat(32), {})),
    enqueue: await attempt(lane.enqueue('converted_lead', 'after', '{"id":"after"}')),
  }
  process.send?.(answers)
  break
}
await lane.close()
process.disconnect?.()
