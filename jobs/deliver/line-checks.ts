/** What a line must have before the CRM is asked anything about it. */

import type { EntityName } from '../../records/entities.ts'
import type { Line } from '../../records/lines.ts'
import type { Dead } from './carry-out.ts'
import { dead } from './refused.ts'

type Checked = Pick<Line, 'ids' | 'row'>

const checks: Record<EntityName, (line: Checked) => Dead | null> = {
  'leads.insert': ({ row }) =>
    taxIdOf(row) ?? (row.NAME ? null : missing('NAME is missing.')) ?? (row.CLIENT_CODE ? null : missing('CLIENT_CODE is missing.')),
  'leads.update': ({ ids, row }) =>
    (isId(ids.ID) ? null : missing('ID must be the CRM lead id.')) ?? (row.NAME ? null : missing('NAME is missing.')) ?? taxIdOf(row),
  'contacts.insert': ({ ids, row }) =>
    (isId(ids.LEAD_ID) ? null : missing('LEAD_ID must be the CRM lead id.')) ??
    (row.EMAIL ? null : missing('EMAIL is missing.')) ??
    (row.NAME ? null : missing('NAME is missing.')),
  'contacts.update': ({ ids, row }) =>
    (isId(ids.ID) ? null : missing('ID must be the CRM person id.')) ??
    (isId(ids.LEAD_ID) ? null : missing('LEAD_ID must be the CRM lead id.')) ??
    (row.NAME && row.EMAIL ? null : missing('NAME and EMAIL are mandatory.')),
}

/** @returns why the line goes to falhas without a call; null: it is worth one */
export const incomplete = (entity: EntityName, line: Checked): Dead | null => checks[entity](line)

const missing = (reason: string): Dead => dead('MISSING_FIELD', reason)

const isId = (text: string | null): boolean => Number.isSafeInteger(Number(text)) && Number(text) > 0

const taxIdOf = (row: Checked['row']): Dead | null =>
  row.TAXID?.length === 14 ? null : dead('INVALID_TAXID', 'The tax id is missing or longer than 14 positions.')
