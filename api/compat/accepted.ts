import type { CrmResult } from '../../connectors/crm/spotter/types.ts'
import { ApiError, type ErrorCode } from '../http/errors.ts'

type Refused = CrmResult<unknown> & { ok: false }

/** @returns what the CRM gave. @throws ApiError what it said against it, by type */
export function accepted<T>(result: CrmResult<T>): T {
  if (result.ok) return result.value
  throw refused(result)
}

export function refused({ refusal, message }: Pick<Refused, 'refusal' | 'message'>): ApiError {
  const code = codes[refusal]
  return new ApiError(code, (texts[code] ?? ((said) => said))(message))
}

/** Why the CRM refused -> the code that says so. */
export const codes: Readonly<Record<Refused['refusal'], ErrorCode>> = {
  'duplicate-lead': 'DUPLICATE_LEAD',
  'duplicate-client-code': 'DUPLICATE_CLIENT_CODE',
  'already-sold': 'LEAD_ALREADY_SOLD',
  'not-found': 'NOT_FOUND',
  rejected: 'CRM_REFUSED',
}

/** Texts that callers of the old service look for. */
export const duplicateText = '_cod.cliente duplicado'
export const soldText = 'Lead is sold'

const texts: Partial<Record<ErrorCode, (said: string) => string>> = {
  DUPLICATE_CLIENT_CODE: () => duplicateText,
  LEAD_ALREADY_SOLD: (said) => (said.includes(soldText) ? said : `${soldText}. ${said}`),
}
