/** A queue on a disk that is really full while a compare publishes: told clearly, nothing lost, nothing doubled. Real processes, a real tmpfs. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addLeads, type House, lettersIn, openHouse, withDocument } from './testing/house.ts'

const leads = 700
const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })

let house: House
let mounted: string | null = null
beforeAll(async () => {
  house = await openHouse()
  const folder = join(house.folder, 'small')
  mkdirSync(folder)
  try {
    mount('-t', 'tmpfs', '-o', 'size=256k,mode=0750', 'tmpfs', folder)
    mounted = folder
  } catch {
    console.log('LEFT OUT: cli/disk-full (mounting is not permitted here; run as root, or with CAP_SYS_ADMIN)')
  }
  await addLeads(house.erp, 1, leads)
})
afterAll(async () => {
  if (mounted) execFileSync('umount', [mounted])
  await house.close()
})

test('a disk that fills up while letters are written: 1, no letter, no record; with room, everything is delivered once', async () => {
  if (!mounted) return
  const env = { ...house.env, QUEUE_ROOT: join(mounted, 'queue') }
  const failed = withDocument(await house.ponte(['run', 'job_execute_spark', '--json'], env))
  expect(failed).toMatchObject({ code: 1, document: { ok: false, status: 'failed' } })
  expect(failed.document.message).toMatch(/leads\.insert: Could not \w+ in .*small\/queue.* \(ENOSPC.*\)\. Free space/)
  const { rows } = await house.state.query('select count(*)::integer as n from changes')
  expect(rows[0].n).toBe(0)
  expect(lettersIn(join(env.QUEUE_ROOT, 'leads', 'processar'))).toEqual([])

  mount('-o', 'remount,size=32m', mounted)
  const compared = withDocument(await house.ponte(['run', 'job_execute_spark', '--json'], env))
  expect(compared).toMatchObject({ code: 0, document: { counts: { changed: leads, queued: leads, suppressed: 0 } } })
  const delivered = withDocument(await house.ponte(['run', 'job_insert_leads_in_spotter', '--json'], env))
  expect(delivered).toMatchObject({ code: 0, document: { counts: { delivered: leads, dead: 0, open: 0 } } })
  const created = await house.simulator.effects({ kind: 'leadAdded' })
  expect(created).toHaveLength(leads)
  expect(new Set(created.map((effect) => effect.key)).size).toBe(leads)
})
