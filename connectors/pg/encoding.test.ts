/** Databases that look well and spoil what is written into them. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresErp } from '../erp/dialects/postgres/erp.ts'
import { type TestDatabase, testDatabase, testServer } from '../erp/testing/test-erp.ts'
import { openState } from '../state/pool.ts'
import { refuseLetters } from './encoding.ts'

let admin: TestDatabase
beforeAll(async () => {
  admin = await testDatabase()
})
afterAll(() => admin.drop())

async function withDatabase(how: string, work: (url: string) => Promise<void>): Promise<void> {
  const name = `ponte_test_${Date.now()}_encoding`
  await admin.pool.query(`create database ${name} template template0 ${how}`)
  try {
    await work((await testServer()).url(name))
  } finally {
    await admin.pool.query(`drop database ${name} with (force)`)
  }
}

test.each([
  ["encoding 'LATIN1' locale_provider libc locale 'C'", 'LATIN1'],
  ["encoding 'SQL_ASCII' locale_provider libc locale 'C'", 'SQL_ASCII'],
])('%s is refused, as ERP and as state', (how, name) =>
  withDatabase(how, async (url) => {
    const told = { code: 'pg.encoding', exitCode: 2, message: expect.stringContaining(name) }
    const erp = postgresErp({ url })
    await expect(erp.ping()).rejects.toMatchObject(told)
    await erp.close()
    await expect(openState(url)).rejects.toMatchObject(told)
  }),
)

test('lc_ctype C is refused as ERP, whose names are put in title case, and serves as state', () =>
  withDatabase("encoding 'UTF8' locale_provider libc locale 'C'", async (url) => {
    const pool = new pg.Pool({ connectionString: url })
    await expect(refuseLetters(pool)).rejects.toMatchObject({ code: 'pg.encoding', message: expect.stringContaining('lc_ctype') })
    await pool.end()
    await (await openState(url)).end()
  }))

test('C.UTF-8 serves for both', () => expect(refuseLetters(admin.pool)).resolves.toBeUndefined())
