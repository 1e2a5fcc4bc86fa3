import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { query, transaction } from '../query.ts'
import { findRun } from '../runs/run-history.ts'
import { endRun, startRun } from '../runs/runs.ts'
import { change, openStateBed, type StateBed, stray } from '../testing/state.ts'
import { begin, clearIntent, settleDelivered, settleFailed } from './delivery.ts'
import { recordQueued } from './queueing.ts'

const entity = 'leads.update'
const agreed = { entity: 'leads', key: '1', crmId: '77', fields: { NAME: 'new' } }

let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())

const go = { kind: 'go', inDoubt: false }
const doubt = { kind: 'go', inDoubt: true }
const superseded = { kind: 'already', status: 'superseded' }
const queue = (run: string, key: string, hash: string) => recordQueued(bed.pool, run, entity, [change(run, key, hash)])

describe('begin', () => {
  test('marks the intent; a second try without a word about the first is in doubt', async () => {
    await queue('r1', 'a', 'h1')
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(go)
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(doubt)
  })

  test('the second try is not in doubt when the first certainly did nothing', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await clearIntent(bed.pool, change('r1', 'a'), bed.lease)
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(go)
  })

  test('says what ended already', async () => {
    await queue('r1', 'a', 'h1')
    await queue('r2', 'a', 'h2')
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(superseded)
    await begin(bed.pool, change('r2', 'a'), bed.lease)
    await settleDelivered(bed.pool, change('r2', 'a'), agreed, bed.lease)
    expect(await begin(bed.pool, change('r2', 'a'), bed.lease)).toEqual({ kind: 'already', status: 'delivered' })
  })

  test('judges a failed line once more when the crash fell before its progress', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await settleFailed(bed.pool, change('r1', 'a'), 'X', false, bed.lease)
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(go)
    expect(await bed.history('a')).toMatchObject([{ status: 'queued' }])
  })

  test('of a create whose key was created before is in doubt: a compare that read the ERP before that published after it', async () => {
    const create = (run: string, key: string) => ({ ...change(run, key), entity: 'leads.insert' })
    const created = async (run: string, key: string) => {
      await recordQueued(bed.pool, run, 'leads.insert', [create(run, key)])
      return begin(bed.pool, create(run, key), bed.lease)
    }
    expect(await created('r1', '1-1')).toEqual(go)
    await settleDelivered(bed.pool, create('r1', '1-1'), agreed, bed.lease)
    expect(await created('r2', '1-1')).toEqual(doubt)
    expect(await created('r2', '2-1')).toEqual(go)
    // An update may follow an update.
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await settleDelivered(bed.pool, change('r1', 'a'), agreed, bed.lease)
    await queue('r2', 'a', 'h2')
    expect(await begin(bed.pool, change('r2', 'a', 'h2'), bed.lease)).toEqual(go)
  })

  test('remembers under which name the letter was met', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a', 'h1', 'requeued.json'), bed.lease)
    expect(await bed.history('a')).toMatchObject([{ letter: 'requeued.json' }])
  })

  test('of a former holder marks nothing and records nothing', async () => {
    const former = await bed.former()
    await queue('r1', 'a', 'h1')
    expect(await begin(bed.pool, change('r1', 'a'), former)).toEqual({ kind: 'fenced' })
    expect(await begin(bed.pool, stray('s.json', 0, 'b'), former)).toEqual({ kind: 'fenced' })
    expect(await bed.history('a')).toMatchObject([{ status: 'queued', doubt: false }])
    expect(await bed.history('b')).toEqual([])
  })

  test('of one change by many at once is not in doubt for one of them only', async () => {
    await queue('r1', 'a', 'h1')
    const all = await Promise.all(Array.from({ length: 8 }, () => begin(bed.pool, change('r1', 'a'), bed.lease)))
    expect(all.filter((one) => one.kind === 'go' && !one.inDoubt)).toHaveLength(1)
    expect(all.filter((one) => one.kind === 'go')).toHaveLength(8)
  })
})

describe('a letter that nobody recorded', () => {
  test('is recorded when it is met, and its repetition is known', async () => {
    expect(await begin(bed.pool, stray('s.json', 0, 'a'), bed.lease)).toEqual(go)
    expect(await begin(bed.pool, stray('s.json', 0, 'a'), bed.lease)).toEqual(doubt)
    await settleDelivered(bed.pool, stray('s.json', 0, 'a'), agreed, bed.lease)
    expect(await begin(bed.pool, stray('s.json', 0, 'a'), bed.lease)).toEqual({ kind: 'already', status: 'delivered' })
  })

  test('two lines of one key in one stray letter are two changes: A, B, A ends as A', async () => {
    for (const [index, hash] of ['A', 'B', 'A'].entries()) {
      expect(await begin(bed.pool, stray('s.json', index, 'a', hash), bed.lease), `line ${index}`).toEqual(go)
      await settleDelivered(bed.pool, stray('s.json', index, 'a', hash), agreed, bed.lease)
    }
  })

  test('yields to what a compare has queued', async () => {
    await queue('r1', 'a', 'h2')
    expect(await begin(bed.pool, stray('s.json', 0, 'a'), bed.lease)).toEqual(superseded)
    expect(await bed.history('a')).toMatchObject([{ run: 'r1', status: 'queued' }])
  })

  test('replaces an earlier stray one that is still waiting, and takes over its doubt', async () => {
    await begin(bed.pool, stray('s.json', 0, 'a', 'h1'), bed.lease)
    expect(await begin(bed.pool, stray('t.json', 0, 'a', 'h2'), bed.lease)).toEqual(doubt)
    expect(await begin(bed.pool, stray('s.json', 0, 'a', 'h1'), bed.lease)).toEqual(superseded)
  })

  test('replaces a failed one, so that requeueing that one cannot block the lane', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await settleFailed(bed.pool, change('r1', 'a'), 'X', false, bed.lease)
    expect(await begin(bed.pool, stray('s.json', 0, 'a'), bed.lease)).toEqual(go)
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual(superseded)
  })

  test('met by several workers at once is begun and never throws', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, n) => begin(bed.pool, stray(`s${n}.json`, 0, 'a'), bed.lease)))
    expect(all.every((one) => one.kind === 'go')).toBe(true)
    expect((await bed.history('a')).filter((one) => one.status === 'queued')).toHaveLength(1)
  })
})

describe('settle', () => {
  test('delivered writes the ledger with it, and a repetition changes nothing', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    for (let twice = 0; twice < 2; twice++) expect(await settleDelivered(bed.pool, change('r1', 'a'), agreed, bed.lease)).toBe(true)
    expect((await bed.pool.query('select entity, key, fields from agreed')).rows).toEqual([
      { entity: 'leads', key: '1', fields: { NAME: 'new' } },
    ])
    expect(await bed.history('a')).toMatchObject([{ status: 'delivered' }])
  })

  test('by a former holder writes neither change nor ledger, and leaves the new holder its doubt', async () => {
    const former = await bed.former()
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    expect(await settleDelivered(bed.pool, change('r1', 'a'), agreed, former)).toBe(false)
    expect(await settleFailed(bed.pool, change('r1', 'a'), 'X', false, former)).toBe(false)
    await clearIntent(bed.pool, change('r1', 'a'), former)
    expect(await bed.history('a')).toMatchObject([{ status: 'queued', doubt: true }])
    expect((await bed.pool.query('select from agreed')).rowCount).toBe(0)
  })

  test('failed leaves a change superseded that was replaced meanwhile', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await queue('r2', 'a', 'h2')
    expect(await settleFailed(bed.pool, change('r1', 'a'), 'X', false, bed.lease)).toBe(true)
    expect((await bed.history('a')).map((one) => one.status)).toEqual(['superseded', 'queued'])
  })
})

describe('runs', () => {
  test('a run left open by a crash is closed by the next of its job, and only by that', async () => {
    await startRun(bed.pool, 'r1', 'a')
    await startRun(bed.pool, 'r2', 'b')
    expect(await findRun(bed.pool, 'r1')).toMatchObject({ status: 'running', endedAt: null })
    await startRun(bed.pool, 'r3', 'a')
    expect(await findRun(bed.pool, 'r1')).toMatchObject({ status: 'failed', message: 'the process ended before the run did' })
    expect(await findRun(bed.pool, 'r2')).toMatchObject({ status: 'running' })
    await endRun(bed.pool, 'r3', 'success', { lines: 2 })
    expect(await findRun(bed.pool, 'r3')).toMatchObject({ status: 'success', counts: { lines: 2 }, message: null })
    expect(await findRun(bed.pool, 'nobody')).toBeNull()
  })
})

describe('a state database that is away', () => {
  test('is told by code, also when its driver gives none: a session killed in the middle of a statement', async () => {
    const pool = new pg.Pool({ connectionString: bed.url, max: 1 })
    pool.on('error', () => {})
    const { rows } = await pool.query('select pg_backend_pid() as pid')
    const asleep = query(pool, 'select pg_sleep(30)').catch((error) => error)
    await bed.pool.query('select pg_sleep(0.2), pg_terminate_backend($1)', [rows[0].pid])
    expect(await asleep).toMatchObject({ name: 'PonteError', code: 'state.unreachable' })
    await pool.end()
    await expect(query(pool, 'select 1')).rejects.toMatchObject({ code: 'state.unreachable' })
    const nowhere = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/x', max: 1 })
    await expect(query(nowhere, 'select 1')).rejects.toMatchObject({ code: 'state.unreachable' })
    await nowhere.end()
  })

  test('a value that it cannot keep is the record’s own fault', async () => {
    await expect(query(bed.pool, 'select $1::bigint', ['99999999999999999999'])).rejects.toMatchObject({ code: 'state.value_refused' })
    expect((await query(bed.pool, 'select $1::text as kept, $2::text[] as all', ['a\0b', ['\0', 'c']])).rows).toEqual([
      { kept: 'ab', all: ['', 'c'] },
    ])
  })

  test('a statement that it refuses is something else', async () => {
    await expect(query(bed.pool, 'select 1/0')).rejects.toMatchObject({ code: 'state.failed' })
  })
})

describe('a transaction whose server goes away between two statements', () => {
  test('fails by code, and the process lives on', async () => {
    const pool = new pg.Pool({ connectionString: bed.url, max: 1 })
    pool.on('error', () => {})
    const work = transaction(pool, async (client) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      await bed.pool.query('select pg_terminate_backend($1)', [rows[0].pid])
      await sleep(200)
      await query(client, 'select 1')
    })
    await expect(work).rejects.toMatchObject({ code: 'state.unreachable' })
    await expect(query(pool, 'select 1'), 'with a new connection').resolves.toMatchObject({ rowCount: 1 })
    await pool.end()
  })
})
