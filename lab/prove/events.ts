/** Webhooks sent by the laboratory itself, each with an id of its own: what was acknowledged must lie in the queue. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import type { Figures } from './experiment.ts'
import { until } from './programs.ts'
import type { Rig } from './rig.ts'

export interface Sent {
  /** 0: no answer. */
  readonly status: number
  readonly retryAfter: string | null
  readonly ms: number
}

export interface Events {
  readonly acknowledged: ReadonlySet<number>
  /** One attempt. `at`, `secret`, `webhookId`: instead of now, the rig's and one for this lead. */
  send(lead: number, other?: { at?: Date; secret?: string; webhookId?: string }): Promise<Sent>
  /** Sends those again that are not acknowledged yet, until they are, as a CRM does. */
  repeat(leads: Iterable<number>): Promise<void>
  /** In: acknowledged. Out: in a letter. Doubled: in more than one, when the sender did not have to repeat. */
  figures(): Figures
}

export function openEvents(rig: Rig): Events {
  const acknowledged = new Set<number>()
  const repeated = new Set<number>()
  const run = randomBytes(6).toString('hex')
  return {
    acknowledged,
    async repeat(leads) {
      for (const lead of leads) await until(30, async () => acknowledged.has(lead) || (await this.send(lead)).status === 200)
    },
    async send(lead, { at = new Date(), secret = rig.secret, webhookId = `msg_${run}_${lead}` } = {}) {
      const body = JSON.stringify({ Lead: { Id: lead, Stage: 'Desenvolvimento/Orçamento', Company: `Company ${lead}` } })
      const headers = {
        ...{ authorization: `Bearer ${rig.token}`, 'content-type': 'application/json' },
        ...{ 'webhook-id': webhookId, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)) },
        'webhook-signature': new Webhook(secret).sign(webhookId, at, body),
      }
      const begun = performance.now()
      try {
        const signal = AbortSignal.timeout(10_000)
        const answer = await fetch(`${rig.apiUrl}/atualizalead`, { method: 'POST', headers, body, signal })
        await answer.arrayBuffer()
        if (answer.ok) acknowledged.add(lead)
        else repeated.add(lead)
        return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ms: performance.now() - begun }
      } catch {
        repeated.add(lead)
        return { status: 0, retryAfter: null, ms: performance.now() - begun }
      }
    },
    figures() {
      const kept = new Map<number, number>()
      for (const file of ['processar', 'processando', 'processados', 'falhas'].flatMap((folder) => rig.letters(folder))) {
        const id = leadOf(readFileSync(join(rig.queue, file), 'utf8'))
        if (id !== null) kept.set(id, (kept.get(id) ?? 0) + 1)
      }
      const out = [...acknowledged].filter((id) => kept.has(id))
      const doubled = out.filter((id) => kept.get(id)! > 1 && !repeated.has(id)).length
      return { in: acknowledged.size, out: out.length, doubled, lost: acknowledged.size - out.length }
    },
  }
}

function leadOf(text: string): number | null {
  try {
    return (JSON.parse(text) as { Lead?: { Id?: number } }).Lead?.Id ?? null
  } catch {
    return null
  }
}
