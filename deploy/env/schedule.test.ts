/** Settings of the schedules: each wrong cron expression or zone stops the start and is named. */
import { describe, expect, test } from 'vitest'
import { readSettings } from '../env.ts'

const refusal = (source: Record<string, string>): string => {
  try {
    readSettings(source)
  } catch (error) {
    expect(error).toMatchObject({ code: 'config.invalid', exitCode: 2 })
    return (error as Error).message
  }
  return expect.unreachable()
}

describe('schedules', () => {
  test('the zone of the old system, and no schedule of our own, when nothing is set', () => {
    expect(readSettings({}).schedule).toEqual({ redisUrl: null, zone: 'America/Sao_Paulo', crons: {}, retryMs: 10_000 })
  })

  test('a job by its variable: five parts, six with seconds, a nickname, or off', () => {
    const { schedule } = readSettings({
      SCHEDULE_JOB_EXECUTE_SPARK: '*/5 * * * *',
      SCHEDULE_JOB_DESCARTA_LEAD: '*/2 * * * * *',
      SCHEDULE_PURGE: '@daily',
      SCHEDULE_JOB_VALIDADE_FULL: 'off',
      SCHEDULE_ZONE: 'America/New_York',
      SCHEDULE_BACKUP_POSTGRESQL: '',
    })
    expect(schedule).toMatchObject({ zone: 'America/New_York' })
    expect(schedule.crons).toEqual({
      job_execute_spark: '*/5 * * * *',
      job_descarta_lead: '*/2 * * * * *',
      purge: '@daily',
      job_validade_full: null,
    })
  })

  test.each(['every day', '61 * * * *', '* * * *', '* * * * * * *', '2030-01-01T00:00:00', '*/0 * * * *', '0 0 31 2 *'])(
    'a cron expression that cannot be meant is refused by the name of its variable: %s',
    (cron) => {
      const message = refusal({ SCHEDULE_JOB_EXECUTE_SPARK: cron, SCHEDULE_PURGE: '@daily' })
      expect(message).toContain('SCHEDULE_JOB_EXECUTE_SPARK ')
      expect(message).not.toContain('PURGE')
    },
  )

  test.each(['Mars/Base', 'America/Sao Paulo', '+25:00', 'local'])('a zone that does not exist is refused: %s', (zone) => {
    expect(refusal({ SCHEDULE_ZONE: zone })).toContain('SCHEDULE_ZONE must be a time zone')
  })

  test('all problems are told at once, and a password in REDIS_URL is not repeated', () => {
    const message = refusal({ SCHEDULE_ZONE: 'x', SCHEDULE_PURGE: 'x', REDIS_URL: 'http://user:hunter2@host/0' })
    expect(message).toMatch(/REDIS_URL must be.*\n.*SCHEDULE_ZONE.*\n.*SCHEDULE_PURGE/)
    expect(message).not.toContain('hunter2')
  })
})
