/**
 * Bull Board at /painel: the queue of ticks as BullMQ has it. It only shows, to operators too: what is done there would be in no history of
 * ours, and a queue that is paused there stops every job. Jobs are run, paused and resumed on the page of jobs.
 */
import type { Context, Hono } from 'hono'
import type { ApiDeps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { ApiEnv } from '../../http/types.ts'
import { painelPath as path } from './painel-path.ts'

/** Its page asks Google for a font; nothing here is fetched from outside. */
const foreign = /<link[^>]+href="https?:[^>]*>/g
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"

/** Behind the guard. */
export function registerPainel(pages: Hono<ApiEnv>, { ticks }: Pick<ApiDeps, 'ticks'>): void {
  let opened: Promise<Hono> | null = null
  const board = () => {
    opened ??= open(ticks).catch((error) => {
      // A queue that is away now may be there the next time.
      opened = null
      throw error
    })
    return opened
  }
  for (const route of [path, `${path}/*`])
    pages.all(route, async (c) => {
      if (c.req.method !== 'GET' && c.req.method !== 'HEAD') throw new ApiError('FORBIDDEN', 'Bull Board only shows; /ui/jobs acts.')
      return answer(c, await board())
    })
}

async function open(ticks: ApiDeps['ticks']): Promise<Hono> {
  if (!ticks) throw new ApiError('NOT_FOUND', 'The queue of ticks cannot be looked into from here.')
  // Loaded by who looks: what starts the API does not wait for it.
  const { boardOf } = await import('./painel-board.ts')
  return boardOf((await ticks()).queue)
}

async function answer(c: Context<ApiEnv>, board: Hono): Promise<Response> {
  const answered = await board.fetch(c.req.raw, c.env)
  c.header('content-security-policy', policy)
  c.header('referrer-policy', 'same-origin')
  if (!answered.headers.get('content-type')?.startsWith('text/html')) return answered
  return c.html((await answered.text()).replaceAll(foreign, ''))
}
