/** Users, sessions, attempts to log in, and the audit log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStateBed, type StateBed } from '../testing/state.ts'
import { audited, listAudit } from './audit.ts'
import { closeSession, countAttempt, findSession, forgetAttempts, openSession, touchSession } from './sessions.ts'
import { addUser, findUser, listUsers, setDisabled, setPassword } from './users.ts'

let bed: StateBed
beforeAll(async () => {
  bed = await openStateBed()
})
afterAll(() => bed.close())

const limits = { idleMs: 60_000, maxMs: 3_600_000 }
const sha = (n: number) => n.toString(16).padStart(64, '0')
let names = 0
async function somebody(role: 'viewer' | 'operator' = 'viewer'): Promise<string> {
  const name = `user${++names}`
  expect(await addUser(bed.pool, { name, role, password: 'scrypt$x', mustChange: false })).toBe(true)
  return name
}
const age = (column: 'seen_at' | 'created_at', sha256: string, seconds: number) =>
  bed.pool.query(`update sessions set ${column} = clock_timestamp() - $2 * interval '1 second' where sha256 = $1`, [sha256, seconds])

describe('users', () => {
  test('a name is used once, also after it was disabled', async () => {
    const name = await somebody()
    await setDisabled(bed.pool, name, true)
    expect(await addUser(bed.pool, { name, role: 'operator', password: 'scrypt$y', mustChange: false })).toBe(false)
    expect((await listUsers(bed.pool)).find((one) => one.name === name)).toMatchObject({ role: 'viewer', disabledAt: expect.any(Date) })
  })

  test('a password in plain text is refused by the table itself', async () => {
    await expect(addUser(bed.pool, { name: 'plain', role: 'viewer', password: 'secret', mustChange: false })).rejects.toMatchObject({
      code: 'state.failed',
    })
  })

  test('a disabled user is not found and loses its sessions; enabled again, it must log in again', async () => {
    const name = await somebody()
    await openSession(bed.pool, sha(1), name, limits)
    expect(await setDisabled(bed.pool, name, true)).toBe(true)
    expect(await setDisabled(bed.pool, name, true)).toBe(false)
    expect(await findUser(bed.pool, name)).toBeNull()
    expect(await setDisabled(bed.pool, name, false)).toBe(true)
    expect(await findUser(bed.pool, name)).toMatchObject({ name })
    expect(await findSession(bed.pool, sha(1), limits)).toBeNull()
  })

  test('a new password ends all sessions but the one that asked for it', async () => {
    const name = await somebody()
    await openSession(bed.pool, sha(2), name, limits)
    await openSession(bed.pool, sha(3), name, limits)
    await setPassword(bed.pool, name, { hash: 'scrypt$new', mustChange: false }, sha(2))
    expect(await findSession(bed.pool, sha(2), limits)).toMatchObject({ user: name })
    expect(await findSession(bed.pool, sha(3), limits)).toBeNull()
    await setPassword(bed.pool, name, { hash: 'scrypt$new', mustChange: true }, null)
    expect(await findSession(bed.pool, sha(2), limits)).toBeNull()
    expect(await setPassword(bed.pool, 'nobody', { hash: 'scrypt$x', mustChange: false }, null)).toBe(false)
  })
})

describe('sessions', () => {
  test('end when nobody uses them, and in any case after a while', async () => {
    const name = await somebody('operator')
    await openSession(bed.pool, sha(10), name, limits)
    expect(await findSession(bed.pool, sha(10), limits)).toEqual({ user: name, role: 'operator', mustChange: false })
    await age('seen_at', sha(10), 61)
    expect(await findSession(bed.pool, sha(10), limits)).toBeNull()
    await touchSession(bed.pool, sha(10))
    expect(await findSession(bed.pool, sha(10), limits)).not.toBeNull()
    await age('created_at', sha(10), 3_601)
    expect(await findSession(bed.pool, sha(10), limits)).toBeNull()
    await openSession(bed.pool, sha(11), name, limits)
    const { rows } = await bed.pool.query('select sha256 from sessions where user_name = $1', [name])
    expect(rows, 'what has ended is swept by the next login').toEqual([{ sha256: sha(11) }])
    await closeSession(bed.pool, sha(11))
    expect(await findSession(bed.pool, sha(11), limits)).toBeNull()
  })
})

describe('attempts to log in', () => {
  test('beyond the limit they wait, and a hundred at once are no way around it', async () => {
    const asked = await Promise.all(Array.from({ length: 100 }, () => countAttempt(bed.pool, { 'address a': 5, 'user a': 50 })))
    expect(asked.filter((wait) => wait === null)).toHaveLength(5)
    expect(asked.filter((wait) => wait !== null && wait > 0 && wait <= 900)).toHaveLength(95)
  })

  test('who got in starts anew; a quarter of an hour forgets', async () => {
    const once = () => countAttempt(bed.pool, { 'address b': 1 })
    expect(await once()).toBeNull()
    expect(await once()).toBeGreaterThan(890)
    await forgetAttempts(bed.pool, ['address b'])
    expect(await once()).toBeNull()
    await bed.pool.query(`update login_attempts set at = at - interval '15 minutes' where subject = 'address b'`)
    expect(await once()).toBeNull()
  })
})

describe('the audit log', () => {
  test('has what was done, by whom, before and after', async () => {
    const audit = audited(bed.pool)
    await audit({ actor: 'user:ana', action: 'falhas.edit', target: 'x.json', before: { a: '1' }, after: { a: '2' } }, async () => 1)
    await audit({ actor: 'user:ana', action: 'falhas.requeue', target: 'x.json', reason: 'because' }, async () => ({
      after: { letter: 'y' },
    }))
    expect(await listAudit(bed.pool, { actor: 'user:ana', action: 'falhas', limit: 10 })).toMatchObject([
      { action: 'falhas.requeue', after: { letter: 'y' }, reason: 'because', outcome: 'done' },
      { action: 'falhas.edit', target: 'x.json', before: { a: '1' }, after: { a: '2' }, reason: null, outcome: 'done' },
    ])
  })

  test('what was refused is there too, with its code; what a crash cut short has no outcome', async () => {
    const audit = audited(bed.pool)
    const refuse = () => Promise.reject(Object.assign(new Error('no'), { code: 'queue.no_such_letter' }))
    await expect(audit({ actor: 'user:bob', action: 'falhas.edit', target: 'gone' }, refuse)).rejects.toThrow('no')
    await bed.pool.query(`insert into audit (actor, action, target) values ('user:bob', 'falhas.edit', 'cut')`)
    const outcomes = (await listAudit(bed.pool, { actor: 'user:bob', limit: 10 })).map(({ target, outcome }) => [target, outcome])
    expect(outcomes).toEqual([
      ['cut', null],
      ['gone', 'queue.no_such_letter'],
    ])
  })

  test('is not rewritten and not emptied, by Ponte’s own role either; erasing a person blanks what it says of them, and nothing else', async () => {
    await audited(bed.pool)({ actor: 'user:eve', action: 'a', target: 't', before: { tax: '1' } }, async () => 1)
    const erasing = (sql: string) => `begin; set local ponte.erase = 'on'; ${sql}; commit`
    const refused = [`update audit set actor = 'user:x'`, `update audit set outcome = 'other'`, 'delete from audit', 'truncate audit']
    for (const sql of [
      ...refused,
      ...refused.map(erasing),
      erasing(`update audit set target = 'u'`),
      erasing(`update audit set after = '{}'`),
    ]) {
      const client = await bed.pool.connect()
      await expect(client.query(sql), sql).rejects.toThrow('not rewritten')
      await client.query('rollback')
      client.release()
    }
    // Who is no superuser lacks the right as well, until its owner gives it back.
    const { rows } = await bed.pool.query(
      `select privilege_type from information_schema.role_table_grants where table_name = 'audit' and grantee = current_user`,
    )
    expect(rows.map((row) => row.privilege_type)).not.toEqual(expect.arrayContaining(['DELETE']))
    await bed.pool.query(`begin; set local ponte.erase = 'on'; update audit set before = null where actor = 'user:eve'; commit`)
    expect(await listAudit(bed.pool, { actor: 'user:eve', limit: 1 })).toMatchObject([{ before: null }])
  })

  test('pages go back in time', async () => {
    for (let n = 0; n < 5; n++) await audited(bed.pool)({ actor: 'user:pat', action: 'a', target: String(n) }, async () => n)
    const first = await listAudit(bed.pool, { actor: 'user:pat', limit: 2 })
    const second = await listAudit(bed.pool, { actor: 'user:pat', limit: 2, before: first[1]!.id })
    expect([...first, ...second].map(({ target }) => target)).toEqual(['4', '3', '2', '1'])
  })
})
