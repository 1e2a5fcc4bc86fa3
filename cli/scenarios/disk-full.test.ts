/**
 * A queue on a disk that is really full: a compare that publishes, and a webhook, are told clearly, and nothing is lost or doubled; one that
 * is nearly full is an alert. Real processes, a real tmpfs.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addLeads, type House, lettersIn, openHouse, withDocument } from '../testing/house.ts'
import { openReceiver } from '../testing/receiver.ts'

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

test('nearly full it is an alert, full a webhook is answered 503 with Retry-After; with room both are over by themselves', {
  timeout: 120_000,
}, async () => {
  if (!mounted) return
  const receiver = await openReceiver()
  const token = 'token-of-the-crm-for-webhooks'
  mount('-o', 'remount,size=4m', mounted)
  const fill = join(mounted, 'fill')
  /** Leaves so many percent of the disk free. */
  const leave = (percent: number) => {
    rmSync(fill, { force: true })
    const { bavail, blocks, bsize } = statfsSync(mounted!)
    writeFileSync(fill, Buffer.alloc(Math.max(0, Math.floor((bavail - (blocks * percent) / 100) * bsize))))
  }
  leave(3)
  const api = house.ponte.start(['api', '--json'], {
    ...house.env,
    ...{ QUEUE_ROOT: join(mounted, 'queue'), PORT: '0', PONTE_TOKENS: `crm:webhook:${token}`, ALERT_WEBHOOK_URL: receiver.url },
  })
  try {
    const { url } = JSON.parse(await api.shows('}\n')) as { url: string }
    const webhook = async (id: number) => {
      const body = JSON.stringify({ Lead: { Id: id, Stage: 'Entrada', Company: 'x' } })
      const answer = await fetch(`${url}/atualizalead`, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } })
      return { status: answer.status, retryAfter: answer.headers.get('retry-after') }
    }
    const told = (type: string) =>
      receiver.find(({ body }) => body.includes(`"${type}"`) && body.includes('"disk_low"') && / queue"/.test(body))
    expect(JSON.parse((await told('alert.firing')).body)).toMatchObject({
      severity: 'critical',
      summary: expect.stringMatching(/^[0-3]\.\d % free on the queue disk of .* \(limit 10 %\)$/),
    })
    expect(await webhook(1)).toEqual({ status: 200, retryAfter: null })
    let id = 1
    // Again when the API gave a page back while the disk was being filled: that letter had room.
    await expect
      .poll(
        () => {
          leave(0)
          return webhook(++id)
        },
        { timeout: 20_000 },
      )
      .toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
    expect((await house.run('alerts')).stdout).toMatch(/CRITICAL {2}disk_low\n {2}\d\.\d % free on the queue disk/)

    leave(50)
    await expect.poll(() => webhook(id), { timeout: 20_000 }).toEqual({ status: 200, retryAfter: null })
    // It is over when it was not seen for a minute, which is not waited for here.
    await expect
      .poll(
        async () => {
          await house.state.query(`update alerts set seen_at = seen_at - interval '1 minute' where subject like '% queue'`)
          return receiver.received.some(({ body }) => body.includes('"alert.resolved"') && / queue"/.test(body))
        },
        { timeout: 40_000, interval: 1_000 },
      )
      .toBe(true)
  } finally {
    api.child.kill('SIGKILL')
    await api.ended
    await receiver.close()
  }
})
