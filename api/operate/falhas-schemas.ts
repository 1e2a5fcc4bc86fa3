/** Refused letters as the API shows them. Holds personal data, as the letters do. */

import { z } from '@hono/zod-openapi'
import type { DeadLine } from '../../operations/dead-line.ts'
import type { FoundLetter } from '../../operations/find-dead.ts'
import type { OpenDead } from '../../operations/open-dead.ts'
import type { LineView } from '../../operations/show-dead.ts'
import { kindNames } from '../../records/kinds.ts'

const cell = z.string().nullable()
const about = z
  .object({ entity: z.string(), key: cell, leadId: cell, taxId: cell, name: cell })
  .openapi({ description: 'Whom it is about, as far as the line says.' })
const reason = {
  line: z.int().openapi({ description: 'From 1, in the letter as it was delivered; 0: the whole letter.' }),
  code: z.string(),
  reason: z.string(),
  attempts: z.int(),
  httpStatus: z.int().optional(),
  editedAt: z.string().optional().openapi({ description: 'An operator has changed the line since.' }),
}
const shared = {
  lane: z.enum(kindNames),
  file: z.string(),
  job: z.string().nullable().openapi({ description: 'That takes such letters; null: none does.' }),
  failedAt: z.string(),
  version: z.string().openapi({ description: 'Of what is shown: an edit that names it is refused when somebody else was faster.' }),
}
export const deadLetter = z
  .object({
    ...shared,
    total: z.int().openapi({ description: 'Refused lines in the file.' }),
    lines: z.array(z.object({ ...reason, about: about.optional() })),
  })
  .openapi('DeadLetter')
export const deadPage = z
  .object({
    letters: z.array(deadLetter),
    next: z.string().nullable().openapi({ description: 'For `after`; null: that was all.' }),
    matching: z.int().openapi({ description: 'Letters that may match, as far as their names tell.' }),
  })
  .openapi('DeadPage')

const side = z.object({ kind: z.enum(['read', 'absent', 'away', 'unasked']), why: z.string().optional() })
const field = z.object({
  field: z.string(),
  ...{ sent: cell, erp: cell, crm: cell },
  owner: z.enum(['erp', 'crm']),
  editable: z.boolean(),
  expected: z.string().nullable().openapi({ description: 'What may be entered, in words.' }),
})
export const shownLetter = z
  .object({
    ...shared,
    lines: z.array(
      z.object({
        ...reason,
        about: about.optional(),
        text: z.string().optional(),
        standing: z
          .enum(['open', 'overtaken', 'unknown'])
          .nullable()
          .optional()
          .openapi({ description: 'overtaken: requeueing it sends nothing.' }),
        erp: side.optional(),
        crm: side.optional(),
        crmId: z.int().nullable().optional(),
        fields: z.array(field).optional(),
      }),
    ),
  })
  .openapi('ShownLetter')
export const requeued = z
  .object({
    lane: z.string(),
    file: z.string(),
    prefix: z.string(),
    letter: z.string().nullable().openapi({ description: 'What waits now; null: nothing had to be sent.' }),
    job: z.string().nullable(),
    queued: z.int().openapi({ description: 'Lines that wait again.' }),
    superseded: z
      .int()
      .openapi({ description: 'Lines put away: a newer change of their record waits or was delivered, or nothing is left to send.' }),
    left: z.int().openapi({ description: 'Lines that stay in falhas.' }),
  })
  .openapi('Requeued')

const headOf = ({ file, lane, letter, kind, version }: OpenDead) => ({
  ...{ file, version, lane: lane.name, job: kind?.job ?? null, failedAt: letter.failedAt },
})
const lineOf = ({ reason, about }: DeadLine) => ({ ...reason, about })

export const printFound = ({ dead, lines }: FoundLetter) => ({
  ...headOf(dead),
  total: dead.lines?.length ?? 1,
  lines: lines?.map(lineOf) ?? [...dead.letter.lines],
})

export const printShown = (dead: OpenDead, views: readonly LineView[]) => ({
  ...headOf(dead),
  lines:
    dead.lines === null
      ? [...dead.letter.lines]
      : views.map(({ line, fields, ...view }) => ({ ...lineOf(line), ...view, text: line.text, fields: [...fields] })),
})
