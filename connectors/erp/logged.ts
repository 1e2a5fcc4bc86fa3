/** Rows of the ERP's two logs as the contract tells them, whatever the dialect. Pure functions. */
import type { Row } from '../../engine/model.ts'
import type { LoggedRow } from './erp.ts'

/** ERROR_INFO of what was refused while one of these was written begins with such a name; after it nothing, or a colon (sql/*). */
export const errorSubjects = ({ leads, persons }: { leads: readonly string[]; persons: readonly string[] }): string[] => [
  ...leads.map((id) => `lead ${id}`),
  ...persons.map((id) => `contact ${id}`),
]

/** The newest first. @param AT in rows: ISO, of UTC */
export function loggedRows(events: readonly Row[], errors: readonly Row[]): LoggedRow[] {
  const rows: LoggedRow[] = [
    ...events.map(({ AT, LEAD_ID, JOB, FIELD, VALUE }) => ({
      log: 'LOG_EXECUTION_CRM' as const,
      at: new Date(AT!),
      leadId: LEAD_ID!,
      job: JOB ?? null,
      field: FIELD ?? null,
      value: VALUE ?? null,
    })),
    ...errors.map(({ AT, ERRORCODE, ERRORSTACK, ERROR_INFO }) => {
      const [record = '', ...info] = (ERROR_INFO ?? '').split(': ')
      return {
        log: 'ERROR_LOG' as const,
        at: new Date(AT!),
        record,
        info: info.join(': ') || null,
        code: ERRORCODE ?? null,
        error: ERRORSTACK ?? null,
      }
    }),
  ]
  return rows.sort((one, other) => other.at.getTime() - one.at.getTime())
}
