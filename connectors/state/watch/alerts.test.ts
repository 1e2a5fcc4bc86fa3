import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openStateBed, type StateBed } from '../testing/state.ts'
import { type AlertRow, type Condition, dueAlerts, markTold, markUntold, noteConditions, openAlerts } from './alerts.ts'

let bed: StateBed
beforeAll(async () => {
  bed = await openStateBed()
})
afterAll(() => bed.close())
beforeEach(() => bed.pool.query('delete from alerts'))

const low: Condition = { code: 'disk_low', subject: 'vm1 queue', summary: '3% free', holdSeconds: 0 }
const failed: Condition = { code: 'job_failed', subject: 'job_x', summary: 'failed', holdSeconds: 90 }
const look = (found: readonly Condition[], unjudged: readonly string[] = []) => noteConditions(bed.pool, found, unjudged, bed.lease)
const due = () => dueAlerts(bed.pool, 3_600)
/** Time passes for the rows, as this database's clock sees it. */
const pass = (seconds: number) =>
  bed.pool.query(
    `update alerts set since = since - $1 * interval '1 second', seen_at = seen_at - $1 * interval '1 second',
            notified_at = notified_at - $1 * interval '1 second', next_try_at = next_try_at - $1 * interval '1 second'`,
    [seconds],
  )
const tellAll = async () => {
  const told: AlertRow[] = []
  for (const alert of await due()) if (await markTold(bed.pool, alert, bed.lease)) told.push(alert)
  return told.map(({ code, subject, status, notifications }) => ({ code, subject, status, notifications }))
}

describe('the book of alerts', () => {
  test('a start is told once, again after the pause, then its end; then nothing is left', async () => {
    await look([low])
    expect(await tellAll()).toEqual([{ code: 'disk_low', subject: 'vm1 queue', status: 'firing', notifications: 0 }])
    await look([low])
    expect(await tellAll()).toEqual([])
    await pass(3_601)
    await look([low])
    expect(await tellAll()).toMatchObject([{ status: 'firing', notifications: 1 }])
    await pass(61)
    await look([])
    expect(await tellAll()).toMatchObject([{ status: 'resolved', notifications: 2 }])
    expect((await bed.pool.query('select * from alerts')).rows).toEqual([])
  })

  test('what must last is told only when it has, and is forgotten when it passed by itself', async () => {
    await look([failed])
    expect(await due()).toEqual([])
    await pass(61)
    await look([])
    expect((await bed.pool.query('select * from alerts')).rows).toEqual([])
    await look([failed])
    await pass(89)
    await look([failed])
    expect(await due()).toEqual([])
    await pass(2)
    await look([failed])
    expect(await due()).toMatchObject([{ code: 'job_failed', status: 'firing' }])
  })

  test('one look that misses it ends nothing, nor does one that could not judge it', async () => {
    await look([low])
    await tellAll()
    await look([])
    expect(await due()).toEqual([])
    await pass(600)
    await look([], ['disk_low'])
    expect(await openAlerts(bed.pool)).toHaveLength(1)
    expect(await due()).toEqual([])
  })

  test('seen again before its end was told, it goes on without a word', async () => {
    await look([low])
    await tellAll()
    await pass(61)
    await look([])
    expect(await due()).toMatchObject([{ status: 'resolved' }])
    await look([low])
    expect(await due()).toEqual([])
    expect(await openAlerts(bed.pool)).toMatchObject([{ status: 'firing', endedAt: null }])
  })

  test('a receiver that is away is tried again after pauses that double; an episode that ended meanwhile is told all the same', async () => {
    await look([low])
    const pauses: number[] = []
    for (let n = 0; n < 9; n++) {
      await markUntold(bed.pool, (await due())[0]!, bed.lease)
      expect(await due()).toEqual([])
      const { rows } = await bed.pool.query('select extract(epoch from next_try_at - clock_timestamp()) as s from alerts')
      pauses.push(Math.ceil(Number(rows[0].s)))
      await pass(Number(rows[0].s) + 0.1)
      await look([low])
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
    await pass(61)
    await look([])
    expect(await tellAll()).toMatchObject([{ status: 'resolved', notifications: 0 }])
  })

  test('a former leader writes nothing', async () => {
    const former = await bed.former()
    await expect(noteConditions(bed.pool, [low], [], former)).rejects.toMatchObject({ code: 'lease.lost' })
    await look([low])
    const [alert] = await due()
    expect(await markTold(bed.pool, alert!, former)).toBe(false)
    await markUntold(bed.pool, alert!, former)
    expect(await due()).toHaveLength(1)
  })

  test('a clock that was set back holds no message up', async () => {
    await look([low])
    await tellAll()
    // A day into the future, as rows look after the clock was set back by one.
    await pass(-86_400)
    await look([low])
    expect(await due()).toMatchObject([{ status: 'firing', notifications: 1 }])
    await tellAll()
    await pass(-86_400)
    await look([])
    expect(await tellAll()).toMatchObject([{ status: 'resolved' }])
  })
})
