/** A restore is killed at each of its steps, by real SIGKILLs, and run again: it ends as one that was never disturbed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refuseUnfinished } from '../../connectors/state/backup/restores.ts'
import { jobNamed, recordJobs } from '../catalogue.ts'
import { runJob } from '../run/run-job.ts'
import { type Bridge, openBridge, openContext } from '../testing/bridge.ts'
import { expectExactlyOnce } from '../testing/checks.ts'
import { addBranch, addContact, seedReference } from '../testing/small-erp.ts'
import { restore } from './restore.ts'

const child = fileURLToPath(new URL('../testing/restore-child.ts', import.meta.url))
const identity = await generateX25519Identity()
let bridge: Bridge
let file: string
let whole: string

async function grow(from: number, to: number): Promise<void> {
  for (let client = from; client <= to; client++) {
    await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
    await addContact(bridge.erp, { code: client, client, name: `Contato ${client}`, email: `c.${client}@example.com` })
  }
}
const places = () => ({ state: bridge.state, queueRoot: join(bridge.folder, 'queue'), stateDir: bridge.folder })
const again = () => restore(file, identity, places(), true)

/** What a restore has to bring back: letters, snapshots, the index. */
async function found(): Promise<string> {
  const kept: string[] = []
  for (const place of ['queue/leads', 'queue/contacts', 'snapshots'])
    for (const entry of readdirSync(join(bridge.folder, place), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      kept.push(`${relative(bridge.folder, path)} ${readFileSync(path, 'base64')}`)
    }
  const { rows } = await bridge.state.query('select id, entity, key, status, letter from changes order by id')
  const { rows: restores } = await bridge.state.query('select count(*)::integer as n from restores')
  return JSON.stringify({ kept: kept.sort(), rows, restores })
}

beforeAll(async () => {
  bridge = await openBridge({ settleMs: 50, leaseMs: 1_000, backupRecipients: [await identityToRecipient(identity)] })
  await seedReference(bridge.erp)
  await grow(1, 4)
  await bridge.cycle()
  await grow(5, 8)
  await bridge.erp.query('update branches set address_number = 77')
  await bridge.run('job_execute_spark')
  await bridge.run('job_insert_leads_in_spotter')
  file = String((await bridge.run('backup_postgresql')).counts.file)
  await bridge.cycle()
  await bridge.context.lanes.leads.close()
  await bridge.context.lanes.contacts.close()
  await again()
  whole = await found()
})
afterAll(() => bridge.close())

test.each([
  ['while it reads into the folders aside', 'create .*/\\.restoring-.*/leads/', false],
  ['between the commit and the first folder’s change of place', 'mkdir .*/queue/\\.replaced-', true],
  ['when the old lane is aside and the new one is not in its place', 'rename .*/queue/leads$', true],
  ['between the two lanes', 'rename .*/\\.replaced-[^/]*/contacts$', true],
  ['between the queue and the snapshots', 'rename .*/\\.replaced-[^/]*/snapshots$', true],
  ['when the old snapshots are aside and the new ones are not in their place', 'rename (?!.*replaced).*/snapshots$', true],
  ['when all is in its place, and that is not yet noted', 'query update restores set finished_at', true],
])('killed %s', async (_when, step, isCommitted) => {
  await bridge.state.query(`update changes set letter = 'changed since'`)
  const before = await found()
  const { state: _, ...folders } = places()
  const given = JSON.stringify({ file, identity, stateUrl: bridge.where.stateUrl, ...folders })
  const victim = spawn(process.execPath, [child, given, step], { stdio: ['ignore', 'inherit', 'inherit'] })
  expect((await once(victim, 'exit'))[1]).toBe('SIGKILL')
  if (isCommitted) await expect(refuseUnfinished(bridge.state)).rejects.toMatchObject({ code: 'restore.unfinished', exitCode: 2 })
  else {
    expect(await found()).toBe(before)
    await refuseUnfinished(bridge.state)
  }

  const { aside } = await again()
  expect(await found()).toBe(whole)
  await refuseUnfinished(bridge.state)
  for (const folder of aside) expect(existsSync(folder)).toBe(true)
  for (const place of [bridge.folder, folders.queueRoot])
    expect(readdirSync(place).filter((name) => name.startsWith('.restoring-'))).toEqual([])
})

test('after all of them nothing is sent twice, and nothing is missing', async () => {
  const { context, close } = await openContext(bridge.where)
  try {
    for (let round = 0; round < 3; round++)
      for (const { name } of recordJobs)
        expect(await runJob(context, jobNamed(name))).toMatchObject({ status: expect.not.stringMatching(/failed/) })
    await expectExactlyOnce({ ...bridge, context }, { leads: 8, persons: 8 })
  } finally {
    await close()
  }
})
