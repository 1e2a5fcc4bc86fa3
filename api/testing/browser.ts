/** Ponte's pages in a real Chromium: a whole bridge that works, people who may log in, and a browser that tells what it saw. */
import { execFileSync } from 'node:child_process'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { openQueueBackend } from '../../connectors/queue-backend/open.ts'
import type { QueueBackend } from '../../connectors/queue-backend/queue-backend.ts'
import { addUser, type Role } from '../../connectors/state/people/users.ts'
import { nextTick, type Schedule } from '../../jobs/run/schedule.ts'
import { startWorker } from '../../jobs/run/worker.ts'
import { hashPassword } from '../http/password.ts'
import { openTwoWay, type TwoWay, type TwoWayOptions } from './two-way.ts'

/** Whether no Chromium is installed; then the line that names the suite is printed, and the caller registers no test. */
export function chromiumMissing(suite: string): boolean {
  if (chromiumPath() !== undefined) return false
  console.log(`LEFT OUT: ${suite}: it needs Chromium (Debian: apt-get install chromium).`)
  return true
}

function chromiumPath(): string | undefined {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    } catch {}
  }
  return undefined
}

export const passwords: Readonly<Record<Role, string>> = { operator: 'mends what broke 7', viewer: 'looks at it all 7' }
const names: Readonly<Record<Role, string>> = { operator: 'olga', viewer: 'vera' }

export interface Pages extends TwoWay {
  readonly browser: Browser
  /** A fresh browser profile, logged in (null: not). */
  open(role: Role | null, options?: BrowserContextOptions): Promise<Opened>
}

export interface Opened {
  readonly page: Page
  /** Errors in the console, and requests that left our origin: both are to be empty. */
  readonly seen: { readonly errors: string[]; readonly outside: string[] }
  close(): Promise<void>
}

const schedules: readonly Schedule[] = [
  { job: 'job_execute_spark', cron: '0 3 1 1 *', zone: 'America/Sao_Paulo' },
  { job: 'job_insert_leads_in_spotter', cron: '30 3 1 1 *', zone: 'America/Sao_Paulo' },
]

/** @param options as for the bridge; jobs run when they are asked for: no schedule comes during a test */
export async function openPages(options: TwoWayOptions = {}): Promise<Pages> {
  const pages = { zone: 'America/Sao_Paulo', session: { idleMs: 3_600_000, maxMs: 43_200_000 } }
  let backend: Promise<QueueBackend> | undefined
  const ticks = () => {
    backend ??= openQueueBackend({ redisUrl: null, stateUrl: it.bridge.where.stateUrl }, { nextTick, onError: () => {} })
    return backend
  }
  const it: TwoWay = await openTwoWay({ wake: true, ...options, settings: { pages, ...options.settings }, ticks })
  const worker = await startWorker(it.bridge.context, await ticks(), { schedules, retryMs: 100 })
  for (const role of ['operator', 'viewer'] as const)
    await addUser(it.bridge.state, { name: names[role], role, password: await hashPassword(passwords[role]), mustChange: false })
  const browser = await chromium.launch({ executablePath: chromiumPath()!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  return {
    ...it,
    browser,
    async open(role, contextOptions = {}) {
      const context = await browser.newContext({ baseURL: it.url, locale: 'en-GB', ...contextOptions })
      const page = await context.newPage()
      page.setDefaultTimeout(30_000)
      const seen = { errors: [] as string[], outside: [] as string[] }
      page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()))
      page.on('pageerror', (error) => seen.errors.push(String(error)))
      page.on('request', (request) => {
        if (!request.url().startsWith(`${it.url}/`) && !request.url().startsWith('data:')) seen.outside.push(request.url())
      })
      if (role !== null) await logIn(page, role)
      return { page, seen, close: () => context.close() }
    },
    async close() {
      await browser.close()
      await worker.close()
      await (await ticks()).close()
      await it.close()
    },
  }
}

export async function logIn(page: Page, role: Role): Promise<void> {
  await page.goto('/ui/login')
  await page.getByLabel('Name').fill(names[role])
  await page.getByLabel('Password').fill(passwords[role])
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/ui')
}

/** Nothing was wrong in the browser, and nothing was asked of anybody else. */
export function expectClean({ seen }: Opened): void {
  expect(seen).toEqual({ errors: [], outside: [] })
}
