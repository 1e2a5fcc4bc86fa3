/** The pages in a real Chromium, on a whole bridge that works: what an operator does in a day, and what a viewer cannot. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../../connectors/state/people/audit.ts'
import { isPaused } from '../../connectors/state/runs/schedules.ts'
import { addRefused, insertLeads, pickyCrm } from '../../jobs/testing/operator.ts'
import { seedReference } from '../../jobs/testing/small-erp.ts'
import { chromiumMissing, expectClean, logIn, type Opened, openPages, type Pages } from '../testing/browser.ts'

if (!chromiumMissing('api/pages in a browser')) describe('the pages', walk)

function walk(): void {
  let it: Pages
  let operator: Opened
  let client = 0
  const falhas = () => readdirSync(join(it.bridge.folder, 'queue/leads/falhas')).filter((name) => !name.endsWith('.error.json'))
  const leadsInCrm = async () => (await it.bridge.simulator.effects({ by: 'api' })).filter(({ kind }) => kind === 'leadAdded').length

  /** Letters of one refused lead each. */
  async function refused(count: number): Promise<number[]> {
    const clients = Array.from({ length: count }, () => ++client)
    for (const one of clients) {
      await addRefused(it.bridge, one)
      await it.bridge.run('job_execute_spark')
      await it.bridge.run(insertLeads)
    }
    expect(falhas()).toHaveLength(count)
    return clients
  }
  const shown = (page: Page, text: string) => page.getByText(text, { exact: false }).first().waitFor()

  beforeAll(async () => {
    it = await openPages(pickyCrm)
    await seedReference(it.bridge.erp)
    operator = await it.open('operator')
  })
  afterAll(() => it.close())

  test('who is not logged in is led to the login, and back to where they wanted to go', async () => {
    const visitor = await it.open(null)
    await visitor.page.goto('/ui/jobs?x=1')
    expect(visitor.page.url()).toContain('/ui/login?next=')
    await visitor.page.getByLabel('Name').fill('vera')
    await visitor.page.getByLabel('Password').fill('looks at it all 7')
    await visitor.page.keyboard.press('Enter')
    await visitor.page.waitForURL('**/ui/jobs?x=1')
    const [cookie] = (await visitor.page.context().cookies()).filter(({ name }) => name === 'ponte_session')
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' })
    await visitor.page.getByRole('button', { name: 'Log out' }).click()
    await visitor.page.waitForURL('**/ui/login')
    await visitor.page.goto('/ui')
    expect(visitor.page.url()).toContain('/ui/login')
    expectClean(visitor)
    await visitor.close()
  })

  test('the home page shows both directions, and refreshes by itself without losing the place', async () => {
    const { page } = operator
    await page.goto('/ui')
    await shown(page, 'In step')
    await page.getByRole('link', { name: 'all jobs' }).focus()
    await refused(1)
    await page.getByText('1 letter refused').waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('all jobs')
    expectClean(operator)
  })

  test('a refused lead is corrected and delivered in four clicks', async () => {
    const { page } = operator
    const before = await leadsInCrm()
    let clicks = 0
    const click = async (name: string | RegExp, role: 'link' | 'button' = 'link') => {
      clicks++
      await page.getByRole(role, { name }).first().click()
    }
    await page.goto('/ui')
    await click('1')
    await click('insert_leads_in_crm')
    await shown(page, 'Industry not found')
    await page.getByLabel('industry').fill('Varejo')
    await click('Save and requeue', 'button')
    await page.waitForURL('**/ui/runs/*')
    await shown(page, 'success')
    await shown(page, '1 delivered')
    expect(clicks).toBeLessThanOrEqual(4)
    expect(await leadsInCrm()).toBe(before + 1)
    expect(falhas()).toEqual([])
    const [edit] = await listAudit(it.bridge.state, { action: 'falhas.edit', limit: 1 })
    expect(edit).toMatchObject({
      actor: 'user:olga',
      before: { values: { INDUSTRY: 'Pesca' } },
      after: { values: { INDUSTRY: 'Varejo' } },
      outcome: 'done',
    })
    expectClean(operator)
  })

  test('a value that cannot be is refused by its field, and nothing is changed', async () => {
    await refused(1)
    const { page } = operator
    await page.goto(`/ui/falhas/${falhas()[0]}`)
    await page.getByLabel('phone').fill('call me')
    await page.getByRole('button', { name: 'Save and requeue' }).click()
    await page.getByRole('alert').getByText('phone: expected').waitFor()
    expect(falhas()).toHaveLength(1)
    expectClean(operator)
  })

  test('rebase recomputes a letter from what the ERP holds now', async () => {
    const before = await leadsInCrm()
    await it.bridge.erp.query(`delete from client_industries where client = $1`, [client])
    const { page } = operator
    await page.goto(`/ui/falhas/${falhas()[0]}`)
    await page.getByRole('button', { name: 'Rebase and requeue' }).click()
    await page.waitForURL('**/ui/runs/*')
    await shown(page, '1 delivered')
    expect(await leadsInCrm()).toBe(before + 1)
    expect(falhas()).toEqual([])
    expectClean(operator)
  })

  test('those that are chosen, and all that match a filter, are requeued at once', async () => {
    const before = await leadsInCrm()
    const clients = await refused(3)
    await it.bridge.erp.query('delete from client_industries where client = any($1)', [clients])
    const { page } = operator
    await page.goto('/ui/falhas?code=SOMETHING_ELSE')
    await shown(page, 'No refused letter matches')
    await page.goto('/ui/falhas')
    // Each compare queues what was refused before once more, so the newest letter carries all three.
    await page.getByRole('checkbox').last().check()
    await page.getByRole('button', { name: 'Rebase and requeue' }).click()
    await page.getByText('1 letter: 3 lines wait again').waitFor()
    await page.goto('/ui/falhas?text=industry')
    await page.getByLabel(/all that match/).check()
    await page.getByRole('button', { name: 'Rebase and requeue' }).click()
    await page.getByText('2 letters: 0 lines wait again. 3 lines ended without a call').waitFor()
    await expect.poll(leadsInCrm, { timeout: 60_000, interval: 200 }).toBe(before + 3)
    expectClean(operator)
  })

  test('discarding asks for a reason, and the audit log keeps it', async () => {
    await refused(1)
    const { page } = operator
    await page.goto(`/ui/falhas/${falhas()[0]}`)
    await page.getByRole('button', { name: 'Discard' }).click()
    expect(page.url(), 'without a reason the browser itself says no').toContain('/ui/falhas/')
    await page.getByLabel('Reason').fill('the branch was closed')
    await page.getByRole('button', { name: 'Discard' }).click()
    await shown(page, 'put away')
    expect(falhas()).toEqual([])
    await page.goto('/ui/audit?action=falhas')
    await shown(page, 'the branch was closed')
    await page.goto('/ui/falhas')
    await page.getByRole('button', { name: /^Release/ }).click()
    await shown(page, '1 key released')
    expectClean(operator)
  })

  test('a job is paused, resumed and run', async () => {
    const { page } = operator
    await page.goto('/ui/jobs')
    await page.getByRole('button', { name: `Pause ${insertLeads}` }).click()
    await shown(page, 'paused')
    expect(await isPaused(it.bridge.state, insertLeads)).toBe(true)
    await page.getByRole('button', { name: `Resume ${insertLeads}` }).click()
    await shown(page, 'runs by its schedule again')
    expect(await isPaused(it.bridge.state, insertLeads)).toBe(false)
    await page.getByRole('button', { name: 'Run now purge' }).click()
    await page.waitForURL('**/ui/runs/*')
    await page
      .locator('[data-live=run] .badge')
      .getByText(/success|nothing to do/)
      .waitFor()
    await shown(page, 'olga')
    expectClean(operator)
  })

  test('a tax id leads to everything that happened to it, without standing in the address', async () => {
    const { page } = operator
    await page.goto('/ui/search')
    await page.getByLabel('Which').fill('10.000.000/0000-01')
    await page.getByRole('button', { name: 'Search' }).click()
    await shown(page, 'delivered to the CRM')
    await shown(page, 'user:olga: falhas.edit')
    expect(new URL(page.url())).toMatchObject({ pathname: '/ui/search', search: '', hash: '' })
    expectClean(operator)
  })

  test('Bull Board shows the queue of ticks and asks nobody outside', async () => {
    const { page } = operator
    await page.goto('/painel')
    await page.getByText('ponte', { exact: true }).first().waitFor()
    await page.waitForLoadState('networkidle')
    expectClean(operator)
  })

  test('a viewer looks at everything and can act on nothing', async () => {
    await refused(1)
    const viewer = await it.open('viewer')
    const { page } = viewer
    for (const path of ['/ui', '/ui/jobs', '/ui/falhas', `/ui/falhas/${falhas()[0]}`, '/ui/conflicts', '/ui/audit', '/ui/search']) {
      await page.goto(path)
      const buttons = await page.getByRole('button').allTextContents()
      expect(buttons.filter((text) => !['Log out', 'Filter', 'Search'].includes(text))).toEqual([])
    }
    expectClean(viewer)
    // With a form of their own, in their own session.
    const csrf = await page.locator('input[name=csrf]').first().inputValue()
    const paths = [
      '/ui/jobs/purge/run',
      '/ui/jobs/all/pause',
      `/ui/falhas/${falhas()[0]}/requeue`,
      '/ui/falhas/requeue',
      '/ui/falhas/release',
    ]
    for (const path of paths)
      expect((await page.request.post(path, { form: { csrf }, headers: { origin: it.url } })).status(), path).toBe(403)
    const painel = await page.request.put('/painel/api/queues/ponte/pause', { headers: { origin: it.url } })
    expect(painel.status()).toBe(403)
    expect(falhas()).toHaveLength(1)
    await viewer.close()
  })

  test('a foreign page cannot act through an operator’s browser', async () => {
    const { page } = operator
    await page.goto('/ui')
    const csrf = await page.locator('input[name=csrf]').first().inputValue()
    const post = async (form: Record<string, string>, headers: Record<string, string>) =>
      (await page.request.post('/ui/jobs/all/pause', { form, headers })).status()
    expect(await post({}, { origin: it.url })).toBe(403)
    expect(await post({ csrf: 'x'.repeat(43) }, { origin: it.url })).toBe(403)
    expect(await post({ csrf }, { origin: 'https://evil.example' })).toBe(403)
    expect(await post({ csrf }, { origin: 'null' })).toBe(403)
    for (const headers of [{}, { origin: 'https://evil.example' }])
      expect((await page.request.put('/painel/api/queues/ponte/pause', { headers })).status()).toBe(403)
    const evil = await it.open('operator')
    // Another site's form, in the same browser: the cookie does not travel.
    await evil.page.route('https://evil.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method=post action="${it.url}/ui/jobs/all/pause"><input name=csrf value="${csrf}"></form>`,
      }),
    )
    await evil.page.goto('https://evil.example/')
    const answer = evil.page.waitForResponse((response) => response.url().includes('/pause'))
    await evil.page.evaluate('document.forms[0].submit()')
    expect((await answer).status()).toBeGreaterThanOrEqual(400)
    expect(await isPaused(it.bridge.state, 'purge')).toBe(false)
    await evil.close()
  })

  test('home shows the open alerts with what to do, and how many conflicts there were; a refresh leaves open what is read', async () => {
    const { state } = it.bridge
    await state.query(`insert into alerts (code, subject, status, summary, since) values
      ('job_failed', 'job_x', 'firing', 'job_x failed (erp.unreachable)', now() - interval '125 minutes'),
      ('disk_low', 'vm1/queue', 'firing', 'queue on vm1 has 3 percent free', now() - interval '30 seconds'),
      ('disk_low', 'vm2/queue', 'pending', 'not yet', now())`)
    await state.query(`insert into leases (name, holder, expires_at) values ('watching', 'test', now() + interval '10 minutes')`)
    await state.query(`insert into conflicts (entity, key, field, winner, event, created_at)
      values ('leads', '1', 'NAME', 'erp', 'old', now() - interval '2 days'), ('leads', '1', 'NAME', 'erp', 'new', now())`)
    const { page } = operator
    await page.goto('/ui')
    const [card, runbook] = [page.locator('[data-live=alerts]'), page.locator('[data-live=runbook]')]
    await card.getByText('has 3 percent free').waitFor()
    expect(await card.locator('li').allTextContents()).toEqual([
      expect.stringMatching(/^queue on vm1 has 3 percent free for \d\d s$/),
      'job_x failed (erp.unreachable) for 2 h 05 min',
    ])
    expect(await card.getByRole('link').textContent()).toBe('1 conflict in 24 h, 2 in all')
    await runbook.getByText('What to do about disk_low').click()
    await runbook.getByText('Never delete from').waitFor()
    await state.query(`update alerts set summary = 'queue on vm1 has 2 percent free' where subject = 'vm1/queue'`)
    await card.getByText('has 2 percent free').waitFor()
    expect(await runbook.getByText('Never delete from').isVisible()).toBe(true)
    await state.query(`update leases set expires_at = '-infinity' where name = 'watching'; delete from alerts`)
    await card.getByText('Nobody looks for alerts now').waitFor()
    expectClean(operator)
  })

  test('everything can be reached and done with the keyboard alone, without a script too', async () => {
    const bare = await it.open(null, { javaScriptEnabled: false })
    await logIn(bare.page, 'operator')
    await bare.page.keyboard.press('Tab')
    await bare.page.keyboard.press('Enter')
    expect(bare.page.url()).toContain('#main')
    await bare.page.getByRole('link', { name: 'Jobs', exact: true }).focus()
    await bare.page.keyboard.press('Enter')
    await bare.page.waitForURL('**/ui/jobs')
    await bare.page.getByRole('button', { name: 'Pause all jobs' }).focus()
    await bare.page.keyboard.press('Enter')
    await shown(bare.page, 'Every job is paused')
    await bare.page.getByRole('button', { name: 'Resume all jobs' }).click()
    await shown(bare.page, 'Every job runs by its schedule again')
    expectClean(bare)
    await bare.close()
  })

  // With PONTE_SCREENSHOTS=folder every page is also kept as a picture, in all four forms.
  const pictures = process.env.PONTE_SCREENSHOTS
  const schemes = pictures === undefined ? (['light'] as const) : (['light', 'dark'] as const)
  test.each([
    [390, 'phone'],
    [1280, 'desk'],
  ])('no page is wider than a screen of %i pixels', { timeout: 120_000 }, async (width, device) => {
    const runs = (await it.bridge.state.query(`select id from runs where job = 'job_execute_spark' order by happened limit 1`)).rows
    const paths = {
      home: '/ui',
      jobs: '/ui/jobs',
      job: '/ui/jobs/job_execute_spark',
      run: `/ui/runs/${runs[0].id}`,
      falhas: '/ui/falhas',
      letter: `/ui/falhas/${falhas()[0]}`,
      conflicts: '/ui/conflicts',
      audit: '/ui/audit',
      search: '/ui/search',
      password: '/ui/password',
      'edit-json': '/edit_json',
      docs: '/docs',
    }
    for (const colorScheme of schemes) {
      const one = await it.open('operator', { viewport: { width, height: 800 }, colorScheme })
      const { page } = one
      const looksRight = async (name: string) => {
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), name).toBe(true)
        if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${device}-${colorScheme}.png`), fullPage: true })
      }
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(path)
        // A tag that was escaped by mistake.
        expect(await page.locator('body').textContent(), name).not.toMatch(/<\/[a-z]+>/)
        await looksRight(name)
      }
      await page.goto('/ui/search')
      await page.getByLabel('Which').fill('10.000.000/0000-01')
      await page.getByRole('button', { name: 'Search' }).click()
      await shown(page, 'delivered to the CRM')
      await looksRight('found')
      if (pictures !== undefined) {
        await page.goto('/painel')
        await page.waitForLoadState('networkidle')
        await page.screenshot({ path: join(pictures, `painel-${device}-${colorScheme}.png`), fullPage: true })
      }
      expectClean(one)
      await page.goto('/ui')
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.waitForURL('**/ui/login')
      await looksRight('login')
      await one.close()
    }
  })
}
