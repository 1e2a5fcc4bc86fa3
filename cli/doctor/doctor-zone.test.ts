/** The check of the ERP's time-zone rules, on what databases with old and new rules would answer. */
import { expect, test } from 'vitest'
import { tryZone } from './doctor-zone.ts'

const NOW = new Date('2026-12-01T00:00:00Z')
/** A database in whose rules January is so many hours from UTC, and July. */
const database = (january: number, july: number, zone: string | null = 'America/Sao_Paulo') => ({
  dialect: 'oracle' as const,
  localTimes: async (moments: readonly Date[]) => ({
    zone,
    times: moments.map((at) => new Date(at.getTime() + (at.getUTCMonth() === 0 ? january : july) * 3_600_000)),
  }),
})

test('a database that still has Brazilian summer time is told, with the way to newer rules', async () => {
  expect(await tryZone(database(-2, -3), NOW)).toEqual({
    detail: "America/Sao_Paulo: in 2026-01 the database's clocks are 1 h fast",
    hint: expect.stringContaining('v$timezone_file'),
  })
})

test('one with the rules of today is in order, whatever its zone', async () => {
  expect(await tryZone(database(-3, -3), NOW)).toEqual({ detail: 'America/Sao_Paulo: the database has its rules of today' })
  expect(await tryZone(database(-5, -4, 'America/New_York'), NOW)).not.toHaveProperty('hint')
  expect(await tryZone(database(0, 0, null), NOW)).not.toHaveProperty('hint')
})

test('a setting that is no zone is told, and so is one whose hour is not what the ERP uses', async () => {
  expect((await tryZone(database(-3, -3, 'Brasilia'), NOW)).detail).toContain('"Brasilia", which is no time zone')
  expect((await tryZone(database(-3, -3, 'America/Manaus'), NOW)).detail).toContain('1 h fast')
})
