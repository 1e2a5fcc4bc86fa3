import { expect, test } from 'vitest'
import { mariaDbMissing, testMariaDb } from './testing.ts'

if (!mariaDbMissing('connectors/mysql/testing')) {
  test('every call hands out an empty database of its own on one shared server', async () => {
    const [one, two] = await Promise.all([testMariaDb(), testMariaDb()])
    await one.pool.query('create table t (n bigint); insert into t values (9007199254740993)')
    expect((await one.pool.query('select n from t'))[0]).toEqual([{ n: '9007199254740993' }])
    await expect(two.pool.query('select n from t')).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
    expect(new URL(one.url).port).toBe(new URL(two.url).port)
    await Promise.all([one.drop(), two.drop()])
  })

  test('sessions of the pool have the wanted sql_mode; a dropped database is gone', async () => {
    const database = await testMariaDb({ sqlMode: 'ORACLE' })
    const [rows] = await database.pool.query('select @@sql_mode as mode')
    expect(rows).toEqual([{ mode: expect.stringContaining('ORACLE') }])
    const name = new URL(database.url).pathname.slice(1)
    await database.drop()
    const other = await testMariaDb()
    expect((await other.pool.query('select 1 from information_schema.schemata where schema_name = ?', [name]))[0]).toEqual([])
    await other.drop()
  })
}
