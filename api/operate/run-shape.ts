/** A run as the API shows it. */
import { z } from '@hono/zod-openapi'
import type { Run } from '../../connectors/state/runs/runs.ts'

export const runStatus = z.enum(['queued', 'running', 'success', 'skipped', 'failed', 'stopped'])
export const runTrigger = z.enum(['schedule', 'manual', 'webhook', 'job'])
export const runParameters = z
  .object({
    dryRun: z.boolean().optional().openapi({ description: 'Look and report, change nothing.' }),
    acceptGuard: z.string().max(40).optional().openapi({ description: 'The run of this job that a guard stopped and that may go on.' }),
  })
  .openapi('RunParameters')

export const runShape = z
  .object({
    id: z.string(),
    job: z.string(),
    trigger: runTrigger,
    parameters: runParameters,
    requestedAt: z.iso.datetime(),
    requestedBy: z.string().nullable(),
    parent: z.string().nullable().openapi({ description: 'The run that made work for this one, or whose retry it is.' }),
    attempt: z.int(),
    worker: z.string().nullable(),
    status: runStatus,
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    counts: z.record(z.string(), z.unknown()),
    code: z.string().nullable(),
    message: z.string().nullable(),
    retryAt: z.iso.datetime().nullable().openapi({ description: 'When it is tried again.' }),
  })
  .openapi('Run')

export function printedRun({ requestedAt, startedAt, endedAt, retryAt, counts, parameters, ...rest }: Run) {
  return {
    ...rest,
    parameters: { ...parameters },
    counts: { ...counts },
    requestedAt: requestedAt.toISOString(),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    retryAt: retryAt?.toISOString() ?? null,
  }
}
