/** The jobs that put the whole CRM beside the mirror, as an operator meets them: dry run, guard, report. Real processes. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crmLead, upTo } from '../../jobs/testing/crm-leads.ts'
import { type House, openHouse, withDocument } from '../testing/house.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
  await house.simulator.load(upTo(12).map((id) => crmLead({ id, ...(id === 5 ? { city: null } : {}) })))
}, 120_000)
afterAll(() => house.close())
const mirrored = async () => (await house.erp.query('select count(*)::int as n from leads')).rows[0].n

describe('the full sync', () => {
  test('with --dry-run says what it would do, and does nothing: 0', async () => {
    const { code, stdout } = await house.run('run', 'job_leads_full_sync', '--dry-run')
    expect(stdout).toMatch(/Nothing was changed\. 11 leads are ready, 11 of them new; 0 would leave the mirror; 1 leads and 0 contacts/)
    expect(code).toBe(0)
    expect(await mirrored()).toBe(0)
  })

  test('is the only job that takes --dry-run: 2', async () => {
    const { code, document } = await house.json('run', 'job_execute_spark', '--dry-run')
    expect(document.error.code).toBe('run.no_dry_run')
    expect(code).toBe(2)
  })

  test('loads the mirror, tells what was left out, and stops with 3 when the CRM shrank', async () => {
    const loaded = await house.run('run', 'job_leads_full_sync')
    expect(loaded.stdout).toMatch(/11 new · 11 applied/)
    expect(loaded.stdout).toMatch(/1 leads and 0 contacts were left out: see LOG_EXECUTION_CRM/)
    expect([loaded.code, await mirrored()]).toEqual([0, 11])

    await house.simulator.reset(false)
    await house.simulator.load(upTo(4).map((id) => crmLead({ id })))
    const stopped = await house.run('run', 'job_leads_full_sync')
    expect(stopped.stdout).toMatch(
      /STOPPED BY A GUARD[\s\S]*less than 50 percent \(FULL_SYNC_MIN_PERCENT\) of the 11[\s\S]*--accept-guard \w{26}/,
    )
    expect([stopped.code, await mirrored()]).toEqual([3, 11])
  })
})

describe('the discard job and the validation', () => {
  test('stops with 3 at a landslide; the limit is a setting', async () => {
    expect((await house.run('run', 'job_descarta_lead')).code).toBe(3)
    const { code, document } = withDocument(
      await house.ponte(['run', 'job_descarta_lead', '--json'], { ...house.env, DISCARD_LIMIT_PERCENT: '100' }),
    )
    expect([code, document.counts.removed, await mirrored()]).toEqual([0, 7, 4])
  })

  test('answers to its old name, and leaves its report in the state folder', async () => {
    const { code, document } = await house.json('run', 'job_validate_full')
    expect([code, document.job, document.counts.equal]).toEqual([0, 'job_validade_full', 4])
    expect(readdirSync(join(house.folder, 'state/reports'))).toEqual([document.counts.report])
  })
})
