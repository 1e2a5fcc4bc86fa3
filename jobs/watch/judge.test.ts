import { describe, expect, test } from 'vitest'
import type { JobEnd } from '../../connectors/state/runs/job-figures.ts'
import { alertCodes } from './alert-catalogue.ts'
import { type FigureName, type Figures, figureNames, type Looked } from './figures.ts'
import { judge } from './judge.ts'

const limits = { lagMinutes: 60, deadPerHour: 10, conflictsPerHour: 50, diskFreePercent: 10 }
const well: Figures = {
  ends: [],
  counts: [],
  waiting: [],
  hour: { conflicts: 0, dead: 0, inboundMedian: null, inboundP95: null },
  detectors: [],
  quota: [],
  queue: [],
  disks: [],
  reachable: [],
  lateSeconds: 0,
  alerts: [],
  tablespaces: [],
  held: 0,
  backupSeconds: 0,
}
const looked = (more: Partial<Figures>, stale: readonly FigureName[] = []): Looked =>
  Object.fromEntries(
    figureNames.map((name) => [name, { value: { ...well, ...more }[name], ageSeconds: 1, stale: stale.includes(name) }]),
  ) as unknown as Looked
const found = (more: Partial<Figures>, stale: readonly FigureName[] = []) => judge(looked(more, stale), limits).found
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))
const end = (job: string, status: JobEnd['status'], minute: number, lastCode: string | null = null): JobEnd => ({
  job,
  status,
  runs: 1,
  seconds: 1,
  lastEndedAt: at(minute),
  lastSeconds: 1,
  lastCode,
  lastRun: `run-${minute}`,
  lastAgeSeconds: 1,
})
const disk = (free: number) => ({ machine: 'vm1', place: 'queue', freeBytes: free, sizeBytes: 1_000 })
const waiting = (seconds: number) => [{ entity: 'leads.update', count: 1, oldestSeconds: seconds }]
const letter = (folder: 'processar' | 'falhas', prefix: string, oldestSeconds: number) => [
  { lane: 'leads' as const, folder, prefix, files: 1, oldestSeconds },
]
const reach = (what: 'crm' | 'erp', up: boolean, seconds: number) => [{ machine: 'vm1', what, up, seconds }]
const insert = 'job_insert_leads_in_spotter'
const update = 'job_update_leads_in_spotter'

test('when all is well, nothing is found', () => {
  expect(judge(looked({}), limits)).toEqual({ found: [], unjudged: [] })
})

describe.each<readonly [string, Partial<Figures>, Partial<Figures>]>([
  ['disk_low', { disks: [disk(99)] }, { disks: [disk(100), { ...disk(0), sizeBytes: 0 }] }],
  ['lag_over_limit', { waiting: waiting(3_600) }, { waiting: waiting(3_599) }],
  ['lag_over_limit', { queue: letter('processar', 'converted_lead', 3_600) }, { queue: letter('falhas', 'converted_lead', 1e6) }],
  [
    'lag_over_limit',
    { queue: letter('processar', 'update_leads_in_erp', 4_000) },
    { queue: letter('processar', 'insert_leads_in_crm', 1e6) },
  ],
  ['falhas_growing', { hour: { ...well.hour, dead: 10 } }, { hour: { ...well.hour, dead: 9 } }],
  ['conflicts_many', { hour: { ...well.hour, conflicts: 50 } }, { hour: { ...well.hour, conflicts: 49 } }],
  ['records_held', { held: 1 }, { held: 0 }],
  ['backup_missing', { backupSeconds: 7 * 86_400 }, { backupSeconds: 7 * 86_400 - 1 }],
  ['crm_unreachable', { reachable: reach('crm', false, 120) }, { reachable: [...reach('crm', false, 119), ...reach('erp', true, 1e6)] }],
  ['erp_unreachable', { reachable: reach('erp', false, 60) }, { reachable: reach('erp', false, 59) }],
  ['schedules_stalled', { lateSeconds: 300 }, { lateSeconds: 299 }],
  ['schedules_stalled', { lateSeconds: 1e6 }, { lateSeconds: null }],
  ['job_failed', { ends: [end(insert, 'failed', 2)] }, { ends: [end(insert, 'failed', 1), end(insert, 'skipped', 2)] }],
  ['guard_stopped', { ends: [end(insert, 'stopped', 2)] }, { ends: [end(insert, 'stopped', 1), end(insert, 'success', 2)] }],
])('%s', (code, wrong, right) => {
  test('is found', () => {
    expect(found(wrong).map((one) => one.code)).toEqual([code])
    expect(alertCodes).toContain(code)
  })
  test('is not found just below its limit', () => {
    expect(found(right)).toEqual([])
  })
})

test('jobs that failed because the CRM is away are one alert, not many; one that failed of itself is told all the same', () => {
  const ends = [end(insert, 'failed', 2, 'crm.unavailable'), end(update, 'failed', 2, 'erp.write_refused')]
  expect(found({ ends, reachable: reach('crm', false, 500) }).map(({ code, subject }) => [code, subject])).toEqual([
    ['crm_unreachable', 'vm1'],
    ['job_failed', update],
  ])
  // Away for some calls only: then the job speaks.
  expect(found({ ends, reachable: reach('crm', true, 500) }).map(({ subject }) => subject)).toEqual([insert, update])
})

test('a run that was told to stop has not failed', () => {
  expect(found({ ends: [end(insert, 'failed', 2, 'run.interrupted')] })).toEqual([])
})

test('what could not be seen is not judged: neither raised nor over', () => {
  const { found: none, unjudged } = judge(looked({ disks: [disk(1)], waiting: waiting(1e6) }, ['disks', 'ends', 'waiting']), limits)
  expect(none).toEqual([])
  expect([...unjudged].sort()).toEqual(['disk_low', 'guard_stopped', 'job_failed', 'lag_over_limit'])
})
