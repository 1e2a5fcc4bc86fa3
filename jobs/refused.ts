/** The CRM's refusals as dead lines, with the machine codes of mission E.1. */
import type { CrmResult, Refusal } from '../connectors/crm/types.ts'
import type { Delivery } from './deliver-line.ts'

const codes: Record<Refusal['kind'], string> = {
  'duplicate-lead': 'DUPLICATE_LEAD',
  'duplicate-client-code': 'DUPLICATE_CLIENT_CODE',
  'already-sold': 'LEAD_ALREADY_SOLD',
  'not-found': 'NOT_FOUND',
  rejected: 'CRM_REJECTED',
}

export function refused(result: Extract<CrmResult<unknown>, { ok: false }>): Delivery {
  return { kind: 'dead', code: codes[result.refusal], reason: result.message, httpStatus: result.status }
}

export const dead = (code: string, reason: string): Delivery => ({ kind: 'dead', code, reason })
