/** The CRM's refusals as dead changes. */
import type { CrmResult, Refusal } from '../../connectors/crm/spotter/types.ts'
import type { Dead } from './carry-out.ts'

const codes: Record<Refusal['kind'], string> = {
  'duplicate-lead': 'DUPLICATE_LEAD',
  'duplicate-client-code': 'DUPLICATE_CLIENT_CODE',
  'already-sold': 'LEAD_ALREADY_SOLD',
  'not-found': 'NOT_FOUND',
  rejected: 'CRM_REJECTED',
}

export function refused(result: Extract<CrmResult<unknown>, { ok: false }>): Dead {
  return { kind: 'dead', code: codes[result.refusal], reason: result.message, httpStatus: result.status }
}

export const dead = (code: string, reason: string): Dead => ({ kind: 'dead', code, reason })
