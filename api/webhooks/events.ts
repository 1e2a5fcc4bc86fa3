/** The four webhooks (mission E.1 rows 2 to 4 and "inserted timeline"), and where each goes. */
import { z } from '@hono/zod-openapi'
import type { LaneName } from '../../queue-dirs/lane.types.ts'

export interface WebhookEvent {
  readonly path: string
  /** First part of the letter's name (mission C.2). */
  readonly prefix: string
  readonly lane: LaneName
  /** What the old service answered. */
  readonly answer: string | null
  /** The job that the letter is for; null: nobody reads it yet. */
  readonly job: string | null
  readonly schema: typeof leadEvent | typeof anyObject
  readonly summary: string
}

const known = (description: string) => z.unknown().optional().openapi({ description })

/**
 * Only what the letter and its job cannot do without is checked; the rest is kept as it came (mission F says what is known).
 */
export const leadEvent = z
  .looseObject({
    Lead: z.looseObject({
      Id: z.int().positive().openapi({ description: "The CRM's id of the lead.", example: 4711 }),
      Stage: z.string().openapi({ example: 'Desenvolvimento/Orçamento' }),
      Company: z.string().openapi({ description: 'Becomes part of the name of the letter, reduced to letters, digits, _ and -.' }),
      CpfCnpj: known('Tax id.'),
      Phone: known('Text or number.'),
      Industry: known('{ value }'),
      Origin: known('{ value }'),
      Address: known('{ Address_Maps, ZipCode, AddAddressInformation, City, State }'),
      CustomFields: known('[{ id, value }]'),
      Contact: known('[{ Id, LeadId, Name, Email, Phone, Position }]'),
    }),
  })
  .openapi('LeadEvent')

/** The shape of timeline events is not public: kept as received. */
export const anyObject = z.looseObject({}).openapi('TimelineEvent')

const saved = 'Payload saved successfully'

export const events: readonly WebhookEvent[] = [
  {
    path: '/atualizalead',
    prefix: 'update_leads_in_erp',
    lane: 'leads',
    answer: saved,
    job: 'job_update_leads_in_erp',
    schema: leadEvent,
    summary: 'A lead was updated in the CRM',
  },
  {
    path: '/convertedlead',
    prefix: 'converted_lead',
    lane: 'leads',
    answer: saved,
    job: 'job_update_converted_lead_in_erp',
    schema: leadEvent,
    summary: 'A lead was converted',
  },
  {
    path: '/leaddescartada',
    prefix: 'lead_descartada',
    lane: 'leads',
    answer: null,
    job: 'job_descarta_lead',
    schema: leadEvent,
    summary: 'A lead was discarded',
  },
  {
    path: '/insertedtimeline',
    prefix: 'inserted_timeline',
    lane: 'contacts',
    answer: saved,
    job: null,
    schema: anyObject,
    summary: 'Something was added to the timeline of a lead',
  },
]
