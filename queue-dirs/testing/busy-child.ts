/**
 * A process that publishes, enqueues, claims, records and finishes until it is killed. Started by crash.test.ts:
 * node busy-child.ts <root> <ledger> <name of this life> <seed>
 *
 * The ledger is a file outside the queue, one line per fact, written after the fact was acknowledged (`effect`: before the
 * attempt to record it). A write that has returned survives SIGKILL.
 */
import { createHash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { seeded } from '../../base/testing/random.ts'
import { openLane } from '../lane.ts'
import type { LineOutcome } from '../lane.types.ts'
import { idOf } from './census.ts'

const [root, ledgerFile, life, seed] = process.argv.slice(2) as [string, string, string, string]
const random = seeded(Number(seed))
const ledger = openSync(ledgerFile, 'a')
const note = (fact: string, id: string, more = '') => void writeSync(ledger, `${fact} ${id} ${more}\n`)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const line = (id: string) => JSON.stringify({ id, filler: 'x'.repeat(Math.floor(random() * 300)) })

const lane = await openLane({ root, name: 'leads', linesPerFile: 4, leaseMs: 800, heartbeatMs: 150 })
const recover = () =>
  lane.recover(async (_, lines) => {
    for await (const { text } of lines) note('accepted', idOf(text) as string)
  })

async function publish(): Promise<void> {
  for (let run = 0; ; run += 1) {
    const ids = Array.from({ length: 1 + Math.floor(random() * 10) }, (_, n) => `${life}-b${run}-${n}`)
    const staging = await lane.stage(`${life}-${run}`, 'leads.insert', 'insert_leads_in_crm', new Date())
    for (const id of ids) await staging.write(line(id))
    // As in life: the hash tells apart what two processes publish in one millisecond under the same prefix.
    await staging.seal(createHash('md5').update(ids.join()).digest('hex'), { queued: ids.length })
    for (const id of ids) note('accepted', id)
    await staging.commit()
    await pause(random() * 120)
  }
}

async function enqueue(): Promise<void> {
  for (let n = 0; ; n += 1) {
    const ids = [1, 2, 3].map((part) => `${life}-w${n}-${part}`)
    await Promise.all(ids.map((id) => lane.enqueue('converted_lead', 'acme', line(id)).then(() => note('accepted', id))))
    await pause(random() * 60)
  }
}

async function consume(worker: string): Promise<void> {
  for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm', 'converted_lead'], worker })) {
    const running: Promise<void>[] = []
    for await (const { index, text } of claim.lines()) {
      if (random() < 0.1) continue
      const id = idOf(text) as string
      if (!(await claim.held())) break
      note('effect', id)
      const kind = random() < 0.2 ? 'dead' : 'done'
      const outcome: LineOutcome = kind === 'done' ? { kind } : { kind, code: 'test.dead', reason: 'dead', attempts: 1 }
      running.push(claim.record(index, outcome).then(() => note('recorded', id, kind)))
    }
    await Promise.all(running)
    await claim.finish()
  }
}

async function consumeForEver(worker: string): Promise<void> {
  for (;;) {
    await consume(worker)
    await pause(10)
  }
}

await recover()
process.send?.('ready')
await Promise.all([publish(), enqueue(), consumeForEver('w1'), consumeForEver('w2')])
