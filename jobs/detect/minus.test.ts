/** The engine and the database's own MINUS views name the same keys: 10,000 random rows on each side. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { type EntityName, entityNamed } from '../../records/kinds.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { addRandomRows } from '../testing/random-rows.ts'
import { compareEntity } from './compare-entity.ts'

const rows = 10_000
const seed = testSeed()
let bridge: Bridge

async function engineKeys(name: EntityName): Promise<string[]> {
  const entity = entityNamed(name)
  const extract = await bridge.context.erp.openExtract(2)
  try {
    const outcome = await compareEntity(bridge.context.engine, extract, entity, { run: 'minus' })
    if (outcome.kind === 'stopped') throw new Error(outcome.guards[0]!.message)
    const keys: string[] = []
    for await (const changes of outcome.comparison.changes()) keys.push(...changes.map((change) => change.key))
    expect(keys).toHaveLength(outcome.comparison.changed)
    await outcome.comparison.close()
    return keys.sort()
  } finally {
    await extract.close()
  }
}
const viewKeys = async (sql: string) => (await bridge.erp.query<{ key: string }>(sql)).rows.map((row) => row.key).sort()

describe(`on ${rows} random rows (seed ${seed})`, () => {
  beforeAll(async () => {
    bridge = await openBridge()
    await addRandomRows(bridge.erp, rows, seed)
  })
  afterAll(() => bridge.close())

  test.each([
    ['leads.update', 'select id::text as key from view_update_lead_in_crm'],
    ['contacts.update', `select id || '-' || lead_id as key from view_update_contact_in_crm`],
    ['leads.insert', 'select id as key from view_insert_lead_in_crm'],
    ['contacts.insert', 'select code::text as key from view_insert_contact_in_crm'],
  ] as const)('the changes of %s are the rows of its MINUS view', async (name, sql) => {
    const expected = await viewKeys(sql)
    expect(expected.length).toBeGreaterThan(rows / 50)
    expect(expected.length).toBeLessThan(rows)
    expect(await engineKeys(name)).toEqual(expected)
  })
})
