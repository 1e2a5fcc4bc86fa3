/** The four webhooks, and where each goes. */
import { z } from '@hono/zod-openapi'

export interface WebhookEvent {
  readonly path: string
  /** First part of the letter's name. */
  readonly prefix: string
  /** What the old service answered. */
  readonly answer: string | null
  readonly schema: typeof leadEvent | typeof anyObject
  readonly summary: string
}

const known = (description: string) => z.unknown().optional().openapi({ description })

/**
 * Only what the letter and its job cannot do without is checked; the rest is kept as it came.
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
    answer: saved,
    schema: leadEvent,
    summary: 'A lead was updated in the CRM',
  },
  {
    path: '/convertedlead',
    prefix: 'converted_lead',
    answer: saved,
    schema: leadEvent,
    summary: 'A lead was converted',
  },
  {
    path: '/leaddescartada',
    prefix: 'lead_descartada',
    answer: null,
    schema: leadEvent,
    summary: 'A lead was discarded',
  },
  {
    path: '/insertedtimeline',
    prefix: 'inserted_timeline',
    answer: saved,
    schema: anyObject,
    summary: 'Something was added to the timeline of a lead',
  },
]
