/** Backup, restore and erasure as an operator uses them: real processes, real files, a real database. */
import { appendFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { addLeads, type House, openHouse, withDocument } from '../testing/house.ts'
import type { Environment } from '../testing/ponte.ts'

// Each test is a handful of processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 })

let house: House
let keys: { recipient: string; identity: string }
let dir: string
const runWith = (env: Environment, ...args: string[]) => house.ponte(args, { ...house.env, ...env })
const jsonWith = async (env: Environment, ...args: string[]) => withDocument(await runWith(env, ...args, '--json'))
const withKeys = () => ({ BACKUP_DIR: dir, BACKUP_RECIPIENTS: keys.recipient })
const withIdentity = () => {
  const file = join(dir, '../identity.txt')
  writeFileSync(file, `# created by a test\n${keys.identity}\n`, { mode: 0o600 })
  return { ...withKeys(), BACKUP_IDENTITY_FILE: file }
}
const backups = () => readdirSync(dir).filter((name) => name.endsWith('.age'))

beforeAll(async () => {
  house = await openHouse()
  dir = join(house.folder, 'backups')
  await addLeads(house.erp, 1, 3)
  await house.run('run', 'job_execute_spark')
})
afterAll(() => house.close())

describe('ponte backup', () => {
  test('is never made without a key: the command refuses, the nightly job is skipped and says why', async () => {
    const refused = await house.json('backup')
    expect(refused).toMatchObject({ code: 2, document: { error: { code: 'config.invalid' } } })
    const skipped = await house.json('run', 'backup_postgresql')
    expect(skipped).toMatchObject({ code: 0, document: { status: 'skipped', message: expect.stringContaining('BACKUP_RECIPIENTS') } })
  })

  test('makes a pair of keys, a backup for the public one, and proves it: by its sum without the secret key, whole with it', async () => {
    const { document } = await house.json('backup', 'key')
    keys = document
    expect(keys).toMatchObject({ recipient: expect.stringMatching(/^age1/), identity: expect.stringMatching(/^AGE-SECRET-KEY-1/) })
    const made = await jsonWith(withKeys(), 'backup')
    expect(made).toMatchObject({ code: 0, document: { ok: true, counts: { letters: 1 } } })
    expect(backups()).toHaveLength(1)
    const { stdout } = await runWith(withKeys(), 'backup', 'ls')
    expect(stdout).toContain(backups()[0]!)
    expect((await runWith(withKeys(), 'backup', '--verify')).stdout).toMatch(/as it was written[\s\S]*not read/)
    expect((await runWith(withIdentity(), 'backup', '--verify')).stdout).toMatch(/whole: made by Ponte .*1 letter/)
  })

  test('keeps BACKUP_KEEP of them, and names a damaged one', async () => {
    await jsonWith(withKeys(), 'backup')
    const third = await jsonWith({ ...withKeys(), BACKUP_KEEP: '1' }, 'backup')
    expect(third.document.counts.removed).toBeGreaterThanOrEqual(1)
    expect(backups()).toHaveLength(1)
    appendFileSync(join(dir, backups()[0]!), 'x')
    const damaged = await jsonWith(withIdentity(), 'backup', '--verify')
    expect(damaged).toMatchObject({ code: 1, document: { error: { code: 'backup.damaged' } } })
    await jsonWith(withKeys(), 'backup')
  })
})

describe('ponte restore', () => {
  const newest = () => backups().sort().at(-1)!
  test('refuses without a key, with another key, over a state that is not empty: nothing has changed', async () => {
    expect(await jsonWith(withKeys(), 'restore', newest())).toMatchObject({ code: 2, document: { error: { code: 'config.invalid' } } })
    const other = (await house.json('backup', 'key')).document
    const wrong = await jsonWith({ ...withKeys(), BACKUP_IDENTITY: other.identity }, 'restore', newest(), '--force')
    expect(wrong).toMatchObject({ code: 2, document: { error: { code: 'backup.wrong_key' } } })
    expect(JSON.stringify(wrong.document)).not.toContain('AGE-SECRET-KEY')
    const full = await jsonWith(withIdentity(), 'restore', newest())
    expect(full).toMatchObject({ code: 2, document: { error: { code: 'restore.not_empty' } } })
    expect((await house.json('run', 'job_insert_leads_in_spotter')).document.counts).toMatchObject({ delivered: 3 })
  })

  test('with --force puts everything back, sets the queue of before aside, and nothing is sent a second time', async () => {
    const restored = await jsonWith(withIdentity(), 'restore', newest(), '--force')
    expect(restored).toMatchObject({ code: 0, document: { ok: true, letters: 1 } })
    for (const folder of restored.document.aside) expect(existsSync(folder)).toBe(true)
    for (const job of ['job_insert_leads_in_spotter', 'job_execute_spark', 'job_insert_leads_in_spotter'])
      expect((await house.json('run', job)).code).toBe(0)
    expect(await house.effects('leadAdded')).toBe(3)
  })

  test('that broke off lets no command work, and says how to go on', async () => {
    await house.state.query('update restores set finished_at = null')
    const refused = await house.json('run', 'job_execute_spark')
    expect(refused).toMatchObject({ code: 2, document: { error: { code: 'restore.unfinished' } } })
    expect(refused.document.error.hint).toContain('--force')
    expect((await jsonWith(withIdentity(), 'restore', newest(), '--force')).code).toBe(0)
    expect((await house.json('run', 'job_execute_spark')).code).toBe(0)
  })
})

describe('ponte erase', () => {
  test('shows before it does, also without a CRM, refuses what is no tax id, and what the ERP still names', async () => {
    expect(await house.json('erase', '12')).toMatchObject({ code: 2, document: { error: { code: 'usage.erase' } } })
    const taxId = (await house.erp.query('select taxid from branches order by client limit 1')).rows[0].taxid
    const shown = await house.ponte(['erase', taxId], { ...house.env, API_URL: undefined, API_TOKEN: undefined })
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toContain('it is not configured (API_URL)')
    expect(shown.stdout).toMatch(/Would be erased.*--yes/)
    expect(await house.json('erase', taxId, '--yes')).toMatchObject({ code: 2, document: { error: { code: 'erase.still_in_erp' } } })
    const done = await house.json('erase', taxId, '--yes', '--anyway')
    expect(done).toMatchObject({ code: 0, document: { ok: true, dryRun: false } })
    expect((await house.state.query(`select outcome, target from audit where action = 'erase' order by id`)).rows.at(-1)).toEqual({
      outcome: 'done',
      target: 'erased',
    })
  })
})
