/** GET /metrics on one process: who may, and that nothing slow or large holds a scrape up. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../http/listen.ts'
import { openApi, type TestApi } from '../testing/api.ts'

const scrape = async (it: TestApi) => {
  const startedAt = performance.now()
  const { text, status } = await it.ask('GET', '/metrics', { as: 'read' })
  expect(status).toBe(200)
  return { text, ms: performance.now() - startedAt }
}
const value = (text: string, series: string) => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('who may read', () => {
  let it: TestApi
  beforeAll(async () => {
    it = await openApi({ metricsAddresses: ['127.0.0.1'] })
  })
  afterAll(() => it.close())

  test.each([
    ['read', 200],
    ['operate', 200],
    ['webhook', 403],
    [null, 401],
  ] as const)('a token of scope %s: %i', async (as, status) => {
    expect((await it.ask('GET', '/metrics', { as })).status).toBe(status)
  })

  test('an address of the list needs no token; a forged X-Forwarded-For makes nobody one', async () => {
    const server = await listen(it.app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200)
    await server.close()
    const other = await openApi({ metricsAddresses: ['10.1.2.3'] })
    const closed = await listen(other.app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
    expect((await fetch(`${closed.url}/metrics`, { headers: { 'x-forwarded-for': '10.1.2.3' } })).status).toBe(401)
    await closed.close()
    await other.close()
  })
})

describe('what it tells', () => {
  let it: TestApi
  beforeAll(async () => {
    it = await openApi()
  })
  afterAll(() => it.close())

  test('of requests: by pattern and status, whatever path or method somebody makes up', async () => {
    for (let n = 0; n < 20; n++) await it.app.request(`http://ponte.test/made-up/${n}`, { method: n % 2 ? 'GET' : 'BREW' })
    const { text } = await scrape(it)
    const made = text.split('\n').filter((line) => line.startsWith('ponte_http_requests_total') && line.includes('route="none"'))
    expect(made).toHaveLength(2)
    expect(text).not.toContain('made-up')
    expect(text).not.toContain('BREW')
  })

  test('of a job that this version does not know: nothing, for nobody bounds its name', async () => {
    await it.state.query(
      `insert into job_ends (job, status, runs, last_run, last_ended_at, last_seconds) values ('foreign', 'failed', 1, 'r', clock_timestamp(), 1)`,
    )
    expect((await scrape(it)).text).not.toContain('foreign')
  })

  test('with a state database that answers nobody: within seconds, with all that is known without it', { timeout: 60_000 }, async () => {
    const blocker = await it.state.connect()
    await blocker.query('begin; lock table job_ends, job_counts, changes, quota in access exclusive mode')
    try {
      // What is remembered is fresh for five seconds; after them it is asked for and does not come.
      let last = await scrape(it)
      while (value(last.text, 'ponte_source_stale{source="ends"}') !== 1) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        last = await scrape(it)
      }
      expect(last.ms).toBeLessThan(10_000)
      expect(value(last.text, 'ponte_source_stale{source="queue"}')).toBe(0)
      expect(value(last.text, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }
  })
})

test('100,000 files: one reading, then seldom; a scrape does not wait for it', { timeout: 180_000 }, async () => {
  const it = await openApi()
  const folder = join(it.queue, 'leads', 'processar')
  await mkdir(folder, { recursive: true })
  const names = Array.from(
    { length: 100_000 },
    (_, n) => `update_leads_in_erp_acme_2026_01_02_03_04_05_${String(n % 1000).padStart(3, '0')}_${String(n).padStart(26, '0')}.json`,
  )
  for (let from = 0; from < names.length; from += 2_000)
    await Promise.all(names.slice(from, from + 2_000).map((name) => writeFile(join(folder, name), '')))
  const counted = { times: 0, ms: 0 }
  const real = it.deps.lanes.leads.counts
  it.deps.lanes.leads.counts = async () => {
    const startedAt = performance.now()
    counted.times += 1
    try {
      return await real.call(it.deps.lanes.leads)
    } finally {
      counted.ms = performance.now() - startedAt
    }
  }
  const files = 'ponte_queue_files{lane="leads",folder="processar",prefix="update_leads_in_erp"}'
  let scrapes = 0
  for (let last = await scrape(it); value(last.text, files) !== 100_000; last = await scrape(it)) {
    scrapes += 1
    expect(last.ms).toBeLessThan(20_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const before = counted.times
  for (let n = 0; n < 20; n++) expect(value((await scrape(it)).text, files)).toBe(100_000)
  // On a busy machine twenty scrapes last longer than one reading is good for.
  expect(counted.times - before).toBeLessThan(10)
  console.log(`100,000 files counted in ${Math.round(counted.ms)} ms (${counted.times} readings, ${scrapes + 21} scrapes)`)
  await it.close()
})
