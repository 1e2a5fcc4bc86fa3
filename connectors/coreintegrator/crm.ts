/** CoreIntegrator's CRM: one call per customer, under an idempotency key. */
import { Agent, request } from 'undici'
import { retryAfterMs } from '../crm/retry.ts'
import { type Answer, type Customer, deliveryKey } from './types.ts'

export interface CustomerCrm {
  /** One attempt; never throws. */
  send(customer: Customer): Promise<Answer>
  close(): Promise<void>
}

/** Answers that speak of the CRM, of our credentials or of CRM_URL, not of the record. */
const awayStatus = new Set([401, 403, 404, 405, 429, 502, 503, 504])
const START_LENGTH = 1_024
/** These may end well when tried again: too slow, the same key still under way, too early. */
const repeatable = new Set([408, 409, 425])

/** @param url where customers are posted to */
export function openCustomerCrm(options: { url: string; timeoutMs: number }): CustomerCrm {
  const agent = new Agent({ connect: { timeout: options.timeoutMs } })
  return {
    async send(customer) {
      try {
        const { statusCode, headers, body } = await request(options.url, {
          method: 'POST',
          dispatcher: agent,
          headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', 'idempotency-key': deliveryKey(customer) },
          body: customer.payload,
          // For all of it: connecting, waiting, reading.
          signal: AbortSignal.timeout(options.timeoutMs),
        })
        const header = headers['retry-after']
        const answer = meaning(statusCode, (Array.isArray(header) ? header[0] : header) ?? null)
        const start = await startOf(body)
        if (answer.kind === 'delivered' && /^\uFEFF?\s*</.test(start)) return { kind: 'away', error: `${told(statusCode)} and a web page` }
        return answer
      } catch (error) {
        return { kind: 'away', error: reason(error as NodeJS.ErrnoException) }
      }
    },
    close: () => agent.close(),
  }
}

function meaning(status: number, retryAfter: string | null): Answer {
  const error = told(status)
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  // A redirect is followed by nobody: CRM_URL is to be corrected.
  if (status < 400 || awayStatus.has(status)) {
    const wait = retryAfterMs(retryAfter, Date.now())
    return { kind: 'away', error, ...(wait === null ? {} : { retryAfterMs: wait }) }
  }
  return { kind: status >= 500 || repeatable.has(status) ? 'failed' : 'refused', error }
}

const told = (status: number): string => `the CRM answered HTTP ${status}`

/**
 * The first characters of a body: a proxy or a login page says 200 too, in HTML. The status has said the rest, so a body that breaks off is
 * no error.
 */
async function startOf(body: AsyncIterable<Buffer>): Promise<string> {
  let start = ''
  try {
    for await (const chunk of body) {
      start += chunk.toString('utf8')
      if (start.length > START_LENGTH) break
    }
  } catch {
    // What came before the break counts.
  }
  return start
}

/** Without the address and without values: it is kept in sync_logs and shown by /logs. */
function reason(error: NodeJS.ErrnoException): string {
  return error.name === 'TimeoutError' ? 'the CRM did not answer in time' : `no answer of the CRM (${error.code ?? error.name})`
}
