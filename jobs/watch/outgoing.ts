/** The one way out to those who are told: a deadline for everything, no redirects, and no address in any error, because addresses hold keys. */
import { request } from 'undici'
import { PonteError } from '../../base/error.ts'
import { type AlertMessage, signedHeaders } from './alert-message.ts'

const DEADLINE_MS = 10_000

/** @throws PonteError `watch.not_told` when the receiver did not answer 2xx in time */
export async function send(
  what: string,
  url: string,
  options: { readonly body?: string; readonly headers?: Readonly<Record<string, string>>; readonly deadlineMs?: number } = {},
): Promise<void> {
  const { body = null, headers = {}, deadlineMs = DEADLINE_MS } = options
  let reason: string
  try {
    const signal = AbortSignal.timeout(deadlineMs)
    const answer = await request(url, { method: body === null ? 'GET' : 'POST', headers: { ...headers }, body, signal })
    await answer.body.dump({ limit: 64 * 1024, signal })
    if (answer.statusCode >= 200 && answer.statusCode < 300) return
    reason = `HTTP ${answer.statusCode}`
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException
    reason = name === 'TimeoutError' ? 'no answer in time' : (code ?? name)
  }
  throw new PonteError('watch.not_told', `the receiver of ${what} did not take it (${reason})`, {
    hint: 'check the address in the settings and the receiver; it is tried again by itself',
  })
}

/** @param secret whsec_...; null: not signed. @throws PonteError `watch.not_told` */
export async function sendAlert(url: string, secret: string | null, message: AlertMessage): Promise<void> {
  const body = JSON.stringify(message)
  await send('alerts', url, { body, headers: signedHeaders(message.id, body, secret, Math.floor(Date.now() / 1_000)) })
}
