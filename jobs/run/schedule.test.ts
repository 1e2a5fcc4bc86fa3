/** When jobs run by themselves: the old system's times, settings, and clocks that are set forward and back. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSettings } from '../../deploy/env.ts'
import { jobs } from '../catalogue.ts'
import { lastTick, nextTick, retriesOf, type Schedule, schedulesFrom } from './schedule.ts'

const schedules = (source: Record<string, string> = {}, crm = true): Schedule[] => schedulesFrom(readSettings(source).schedule, { crm })
const cronOf = (job: string, source: Record<string, string> = {}) => schedules(source).find((one) => one.job === job)?.cron

describe('the schedules', () => {
  test('every job has one, except those that only a person starts', () => {
    expect(schedules().map(({ job }) => job)).toEqual(jobs.filter((job) => !job.manual).map((job) => job.name))
    expect(new Set(schedules().map(({ zone }) => zone))).toEqual(new Set(['America/Sao_Paulo']))
  })

  test.each([
    ['job_execute_spark', 15],
    ['job_insert_leads_in_spotter', 1],
    ['job_update_leads_in_spotter', 10],
    ['job_insert_contacts_in_spotter', 1],
    ['job_update_contacts_in_spotter', 10],
    ['job_update_leads_in_erp', 3],
    ['job_update_converted_lead_in_erp', 10],
    ['job_update_contact_in_erp', 10],
    ['job_descarta_lead', 30],
    ['job_orca_lead_in_spotter', 1],
    ['job_vende_lead_in_spotter', 1],
    ['job_validade_full', 24 * 60],
  ])('%s runs every %i minutes', (job, minutes) => {
    const schedule = schedules().find((one) => one.job === job)!
    const first = nextTick(schedule, new Date('2026-11-27T12:00:00Z'))!
    expect((nextTick(schedule, first)!.getTime() - first.getTime()) / 60_000).toBe(minutes)
  })

  test('a setting changes a job by either of its names, or takes it off', () => {
    expect(cronOf('job_insert_leads_in_spotter', { SCHEDULE_JOB_INSERT_LEADS_IN_CRM: '*/2 * * * *' })).toBe('*/2 * * * *')
    expect(cronOf('job_insert_leads_in_spotter', { SCHEDULE_JOB_INSERT_LEADS_IN_SPOTTER: '*/7 * * * * *' })).toBe('*/7 * * * * *')
    expect(cronOf('job_execute_spark', { SCHEDULE_JOB_EXECUTE_SPARK: 'off' })).toBeUndefined()
  })

  test('the example file names every default as it is', () => {
    const text = readFileSync(new URL('../../deploy/.env.example', import.meta.url), 'utf8')
    // In quotes, because the shell reads this file too.
    const given = [...text.matchAll(/^# (SCHEDULE_(?!ZONE=)[A-Z_]+)="(.+)"$/gm)].map(([, name, cron]) => [name!, cron!] as const)
    const known = given.filter(([name]) => jobs.some((job) => name === `SCHEDULE_${job.name.toUpperCase()}`))
    expect(known).toHaveLength(schedules().length)
    expect(schedules(Object.fromEntries(known))).toEqual(schedules())
  })

  test.each([
    [{ SCHEDULE_JOB_EXECUTE_SPARKS: '* * * * *' }, 'SCHEDULE_JOB_EXECUTE_SPARKS names no job'],
    [{ SCHEDULE_JOB_LEADS_FULL_SYNC: '* * * * *' }, 'SCHEDULE_JOB_LEADS_FULL_SYNC would run job_leads_full_sync'],
    [
      { SCHEDULE_JOB_INSERT_LEADS_IN_CRM: '* * * * *', SCHEDULE_JOB_INSERT_LEADS_IN_SPOTTER: 'off' },
      'SCHEDULE_JOB_INSERT_LEADS_IN_SPOTTER sets job_insert_leads_in_spotter a second time',
    ],
  ])('a variable that cannot be meant is named: %o', (source, message) => {
    expect(() => schedules(source)).toThrow(expect.objectContaining({ code: 'config.invalid', exitCode: 2 }))
    expect(() => schedules(source)).toThrow(message)
  })

  test('without a CRM only what needs none is scheduled', () => {
    const jobsWithout = schedules({}, false).map(({ job }) => job)
    expect(jobsWithout).toContain('job_execute_spark')
    expect(jobsWithout).toContain('purge')
    expect(jobsWithout).not.toContain('job_insert_leads_in_spotter')
  })

  test('the compare is tried again five times, as the original did', () => {
    expect(retriesOf('job_execute_spark')).toBe(5)
    expect(retriesOf('job_validade_full')).toBe(3)
  })
})

describe('clocks that are set', () => {
  const newYork = (cron: string) => ({ cron, zone: 'America/New_York' })
  const ticks = (cron: string, from: string, to: string): string[] => {
    const found: string[] = []
    for (let at = nextTick(newYork(cron), new Date(from)); at !== null && at <= new Date(to); at = nextTick(newYork(cron), at))
      found.push(at.toISOString())
    return found
  }

  test('forward: 02:30 does not exist on 2026-03-08 and ticks once, when the clock shows 03:00', () => {
    expect(ticks('30 2 * * *', '2026-03-07T05:00:00Z', '2026-03-10T05:00:00Z')).toEqual([
      '2026-03-07T07:30:00.000Z',
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:30:00.000Z',
    ])
  })

  test('back: 01:30 comes twice on 2026-11-01 and ticks once', () => {
    expect(ticks('30 1 * * *', '2026-10-31T12:00:00Z', '2026-11-02T12:00:00Z')).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-02T06:30:00.000Z',
    ])
  })

  test.each([
    ['forward', '2026-03-08T05:00:00Z', '2026-03-08T09:00:00Z'],
    ['back', '2026-11-01T04:00:00Z', '2026-11-01T08:00:00Z'],
  ])('%s: a job of every 15 minutes neither pauses nor hurries', (_, from, to) => {
    expect(ticks('*/15 * * * *', from, to)).toHaveLength(16)
  })

  test('the last tick is found across the hour that comes twice', () => {
    expect(lastTick(newYork('30 1 * * *'), new Date('2026-11-01T06:45:00Z'))).toEqual(new Date('2026-11-01T05:30:00Z'))
  })
})
