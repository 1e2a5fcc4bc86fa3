/** The state goes out and comes back whole; and who worked before it came back writes nothing. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PonteError } from '../../../base/error.ts'
import { begin, settleDelivered } from '../changes/delivery.ts'
import { recordQueued } from '../changes/queueing.ts'
import { openState } from '../pool.ts'
import { acquireLease } from '../runs/leases.ts'
import { startRun } from '../runs/runs.ts'
import { change, openStateBed, type StateBed, stray } from '../testing/state.ts'
import { withExport } from './export.ts'
import { importState } from './import.ts'
import { type Backup, finishRestore } from './restores.ts'

let bed: StateBed
let target: StateBed
beforeEach(async () => {
  ;[bed, target] = await Promise.all([openStateBed(), openStateBed()])
  await target.lease.release()
})
afterEach(async () => {
  await bed.close()
  await target.close()
})

interface Dump extends Backup {
  readonly tables: { name: string; columns: readonly string[]; pieces: Uint8Array[] }[]
}

const dump = (): Promise<Dump> =>
  withExport(bed.pool, async ({ at, schema, tables, rows }) => {
    const dumped: Dump['tables'] = []
    for (const table of tables) {
      const pieces: Uint8Array[] = []
      for await (const piece of rows(table)) pieces.push(piece)
      dumped.push({ ...table, pieces })
    }
    return { name: 'b', at, schema, tables: dumped }
  })

async function load(backup: Dump, force = false): Promise<bigint> {
  return importState(target.pool, backup, force, async ({ fill }) => {
    for (const { name, columns, pieces } of backup.tables) if (pieces.length > 0) await fill(name, columns, asStream(pieces))
  })
}
async function* asStream(pieces: readonly Uint8Array[]) {
  yield* pieces
}
const rowsOf = async ({ pool }: StateBed, sql: string) => (await pool.query(sql)).rows

describe('a state that comes back', () => {
  test('leaves what was done since in the audit log, and adds what it knows and the log does not', async () => {
    const act = ({ pool }: StateBed, action: string, at: string) =>
      pool.query(`insert into audit (at, actor, action, target, outcome) values ($2, 'user:ana', $1, 't', 'done')`, [action, at])
    await act(bed, 'both', '2026-11-01')
    await act(bed, 'only in the backup', '2026-11-02')
    await act(target, 'both', '2026-11-01')
    await act(target, 'since', '2026-11-03')
    await load(await dump(), true)
    const { rows } = await target.pool.query('select action from audit order by at')
    expect(rows.map(({ action }) => action)).toEqual(['both', 'only in the backup', 'since'])
  })

  test('has every row as it was: hostile text, nulls, JSON, times to the microsecond, references', async () => {
    const nasty = 'tab\t back\\slash \\. nl\n "quotes" \\N ção 𝒳 %'
    await bed.pool.query(
      `insert into inbound_events (id, job, letter, lead_id, outcome, received_at) values ($1, $1, '', '', 'applied', clock_timestamp()), ('n', '', '', '', 'echo', null)`,
      [nasty],
    )
    await bed.pool.query(`insert into users (name, role, password) values ('ana', 'operator', 'scrypt$1')`)
    await bed.pool.query(`insert into audit (actor, action, target, before) values ('user:ana', 'x', $1, $2)`, [
      nasty,
      JSON.stringify({ a: nasty }),
    ])
    await bed.pool.query(`insert into api_tokens (name, scope, sha256) values ('crm', 'webhook', repeat('a', 64))`)
    const all = ['inbound_events', 'users', 'audit', 'api_tokens'].map((name) => `select t::text from ${name} t order by 1`)
    const before = await Promise.all(all.map((sql) => rowsOf(bed, sql)))
    await load(await dump())
    expect(await Promise.all(all.map((sql) => rowsOf(target, sql)))).toEqual(before)
    // New rows are numbered after the old ones.
    await target.pool.query(`insert into audit (actor, action, target) values ('cli:root', 'y', 'z')`)
    expect(await rowsOf(target, 'select id::integer from audit order by happened')).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('is that of one moment, whatever is written while it goes out', async () => {
    await bed.pool.query(`insert into cursors (name, value) values ('a', '1')`)
    const seen = await withExport(bed.pool, async ({ tables, rows }) => {
      await bed.pool.query(`insert into agreed (entity, key, fields) values ('leads', '9', '{}')`)
      await bed.pool.query(`update cursors set value = '2'`)
      const text = async (name: string) => {
        let all = ''
        for await (const piece of rows(tables.find((table) => table.name === name)!)) all += Buffer.from(piece).toString()
        return all
      }
      return { agreed: await text('agreed'), cursors: await text('cursors') }
    })
    expect(seen).toMatchObject({ agreed: '', cursors: expect.stringMatching(/^a\t1\t/) })
  })

  test('is refused over another one, over workers, and by another schema; then nothing has changed', async () => {
    await target.pool.query(`insert into cursors (name, value) values ('mine', '1')`)
    const backup = await dump()
    await expect(load(backup)).rejects.toMatchObject({ code: 'restore.not_empty', exitCode: 2 })
    const lease = (await acquireLease(target.pool, 'job', 'somebody', 60_000))!
    await expect(load(backup, true)).rejects.toMatchObject({ code: 'restore.in_use', exitCode: 2 })
    await lease.release()
    await expect(load({ ...backup, schema: backup.schema.slice(0, -1) }, true)).rejects.toMatchObject({ code: 'backup.other_schema' })
    const torn = { ...backup, tables: [{ name: 'cursors', columns: ['name', 'value'], pieces: [Buffer.from('only-one-column\n')] }] }
    await expect(load(torn, true)).rejects.toBeInstanceOf(PonteError)
    expect(await rowsOf(target, 'select name from cursors')).toEqual([{ name: 'mine' }])
    await load(backup, true)
    expect(await rowsOf(target, 'select name from cursors where name = $$mine$$')).toEqual([])
  })

  test('lets nobody work before its letters are in their places', async () => {
    const id = await load(await dump())
    await expect(openState(target.url)).rejects.toMatchObject({ code: 'restore.unfinished', exitCode: 2 })
    await finishRestore(target.pool, id)
    await (await openState(target.url)).end()
  })
})

describe('after a restore', () => {
  /** Delivered, waiting, refused, in doubt: one change of each. */
  async function busyState(): Promise<void> {
    const { pool, lease } = bed
    for (const key of ['done', 'waits', 'refused', 'doubted'])
      await recordQueued(pool, 'r1', 'leads.insert', [{ key, hash: 'h', letter: 'l' }])
    const one = (key: string) => ({ ...change('r1', key, 'h', 'l'), entity: 'leads.insert' })
    await begin(pool, one('done'), lease)
    await settleDelivered(pool, one('done'), { entity: 'leads', key: '1', crmId: '1', fields: { NAME: 'x' } }, lease)
    await begin(pool, one('doubted'), lease)
    await pool.query(`update changes set status = 'failed' where key = 'refused'`)
    await begin(pool, { ...stray('hand.json', 0, 'byhand'), entity: 'leads.insert' }, lease)
    await pool.query(`update changes set intent_at = null where key = 'byhand'`)
  }
  const history = async (key: string) =>
    (await target.history(key)).map(({ status, doubt }) => (status === 'queued' && doubt ? 'in doubt' : status))

  test('a change that a compare makes again ends without a call; a create in doubt, and what only a letter holds, is looked for', async () => {
    await busyState()
    await load(await dump())
    expect(await history('done')).toEqual(['delivered'])
    expect(await history('waits')).toEqual(['superseded'])
    expect(await history('refused')).toEqual(['superseded'])
    expect(await history('doubted')).toEqual(['in doubt'])
    expect(await history('byhand')).toEqual(['in doubt'])
    expect(await rowsOf(target, 'select fields from agreed')).toEqual([{ fields: {} }])
  })

  test('the first change of every key is in doubt; the second is not, unless it creates what the first created', async () => {
    await busyState()
    await load(await dump())
    const lease = (await acquireLease(target.pool, 'job', 'new', 60_000))!
    for (const entity of ['leads.insert', 'leads.update'])
      for (const key of ['done', 'waits', 'refused', 'never seen']) {
        const one = { ...change('r2', key, 'h2'), entity }
        await recordQueued(target.pool, 'r2', entity, [one])
        expect(await begin(target.pool, one, lease), key).toEqual({ kind: 'go', inDoubt: true })
        await settleDelivered(target.pool, one, { entity: 'leads', key, crmId: '1', fields: {} }, lease)
        const two = { ...one, run: 'r3', hash: 'h3' }
        await recordQueued(target.pool, 'r3', entity, [two])
        expect(await begin(target.pool, two, lease), key).toEqual({ kind: 'go', inDoubt: entity === 'leads.insert' })
      }
    const dropped = { ...stray('new.json', 0, 'dropped'), entity: 'leads.insert' }
    expect(await begin(target.pool, dropped, lease)).toEqual({ kind: 'go', inDoubt: true })
  })

  test('a letter whose run is older than the restore, or unknown, ends without a call; one of a newer run is delivered', async () => {
    await startRun(bed.pool, 'r1', 'job_execute_spark')
    await load(await dump())
    await startRun(target.pool, 'r2', 'job_execute_spark')
    const lease = (await acquireLease(target.pool, 'job', 'new', 60_000))!
    const from = (run: string) => begin(target.pool, change(run, run), lease)
    expect(await from('r1')).toEqual({ kind: 'already', status: 'superseded' })
    expect(await from('lost')).toEqual({ kind: 'already', status: 'superseded' })
    expect(await from('r1.contacts.abc')).toEqual({ kind: 'already', status: 'superseded' })
    expect(await from('r2.contacts.abc')).toEqual({ kind: 'go', inDoubt: true })
  })

  test('a worker from before it writes nothing, also under a lease that the backup does not know', async () => {
    const backup = await dump()
    const known = { name: 'job', epoch: bed.lease.epoch }
    await load(backup)
    await acquireLease(target.pool, 'job', 'new', 60_000)
    await acquireLease(target.pool, 'made after the backup', 'new', 60_000)
    const one = change('r2', 'k')
    await recordQueued(target.pool, 'r2', one.entity, [one])
    expect(await begin(target.pool, one, known)).toEqual({ kind: 'fenced' })
    expect(await begin(target.pool, one, { name: 'made after the backup', epoch: 1 })).toEqual({ kind: 'fenced' })
  })

  test('sessions end, open tasks look first, the quota starts with a whole window of silence', async () => {
    await bed.pool.query(`insert into users (name, role, password) values ('ana', 'operator', 'scrypt$1')`)
    await bed.pool.query(`insert into sessions (sha256, user_name) values (repeat('b', 64), 'ana')`)
    await bed.pool.query(`insert into tasks (id, kind, lead_id, steps) values ('t', 'k', 1, '[]')`)
    await bed.pool.query(`select quota_register('crm', 30, 20000, 0)`)
    await load(await dump())
    expect(await rowsOf(target, 'select * from sessions')).toEqual([])
    expect(await rowsOf(target, 'select name from users')).toEqual([{ name: 'ana' }])
    expect(await rowsOf(target, 'select begun from tasks')).toEqual([{ begun: true }])
    expect(await rowsOf(target, `select outcome from quota_take('crm', false)`)).toEqual([{ outcome: 'blocked' }])
  })
})
