/** What a lane answers when files may not exceed 4,096 bytes. Started by disk-full.test.ts under prlimit; prints JSON. */
import type { PonteError } from '../../base/error.ts'
import { openLane } from '../lane.ts'

const [root] = process.argv.slice(2) as [string]
const lane = await openLane({ root, name: 'leads' })
const attempt = (act: Promise<unknown>) =>
  act.then(
    () => 'did it',
    (error: PonteError) => error.code,
  )
const answers: Record<string, string> = {}

answers.small = await attempt(lane.enqueue('converted_lead', 'acme', '{"id":"small"}'))
answers.large = await attempt(lane.enqueue('converted_lead', 'acme', JSON.stringify({ id: 'large', filler: 'x'.repeat(10_000) })))

const large = await lane.stage('r1', 'e', 'insert_leads_in_crm', new Date())
const fillUp = async () => {
  for (let n = 0; n < 100; n += 1) await large.write(JSON.stringify({ id: `n${n}`, filler: 'x'.repeat(100) }))
  await large.seal('f'.repeat(32), {})
}
answers.staging = await attempt(fillUp())
await large.discard()

const small = await lane.stage('r2', 'e', 'insert_leads_in_crm', new Date())
for (const id of ['x', 'y']) await small.write(JSON.stringify({ id }))
await small.seal('f'.repeat(32), {})
await small.commit()
for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm'], worker: 'w' })) {
  const dead = (bytes: number) => ({ kind: 'dead', code: 'test.dead', reason: 'x'.repeat(bytes), attempts: 1 }) as const
  answers.record = await attempt(claim.record(0, dead(5000)))
  answers.recordAgain = await attempt(claim.record(0, dead(2650)))
  await claim.record(1, { ...dead(1), reason: '\u0001'.repeat(200) })
  // The sidecar repeats the reasons, indented and escaped: more than the limit.
  answers.finish = await attempt(claim.finish())
}
await lane.close()
process.stdout.write(JSON.stringify(answers))
