import { maskText } from '../../../base/log/mask.ts'
import type { CrmResult, Refusal } from './types.ts'

const longestMessage = 300

/**
 * Says by type why the CRM refused a request, so that nobody else reads its texts.
 *
 * The texts: `Duplicated Keys` with `_cod.cliente`, and `Lead is sold`. What Exact answers to a repeated tax
 * id on LeadsAdd is not public: any complaint of a duplicate there counts, in English or Portuguese.
 *
 * @param token masked like personal data, in case a message quotes it
 * @returns a failed CrmResult; its message is masked and at most 300 characters long
 */
export function refusalOf(endpoint: string, answer: { status: number; message: string }, token: string): CrmResult<never> {
  return {
    ok: false,
    refusal: kindOf(endpoint, answer.status, answer.message),
    status: answer.status,
    message: printable(answer.message, token),
  }
}

function kindOf(endpoint: string, status: number, message: string): Refusal['kind'] {
  if (/duplicated keys/i.test(message) && message.includes('_cod.cliente')) return 'duplicate-client-code'
  if (/lead is sold/i.test(message)) return 'already-sold'
  if (
    endpoint === 'LeadsAdd' &&
    (status === 409 || /duplicat|duplicid|already (exists|registered)|j[áa] (existe|cadastrad)/i.test(message))
  )
    return 'duplicate-lead'
  if (status === 404 || status === 410 || saysNotFound(message)) return 'not-found'
  return 'rejected'
}

/** @returns whether the CRM says, in English or Portuguese, that what we named does not exist */
export function saysNotFound(message: string): boolean {
  return /\bnot found\b|n[ãa]o encontrad/i.test(message)
}

/** One line of at most 300 characters, masked before it is cut: half a tax id would not be recognised. */
export function printable(message: string, token: string): string {
  const line = maskText(message.slice(0, 10_000).replaceAll(token, '[token]'))
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return line.length <= longestMessage ? line : `${line.slice(0, longestMessage - 1)}…`
}
