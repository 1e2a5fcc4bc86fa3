/**
 * Bull Board at /painel: the queue of ticks as BullMQ has it. It only says when jobs look (architecture 2), so nothing that is done there can
 * lose anything; pausing a job is done on the page of jobs. Viewers get a board that only shows.
 */
import type { Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { type Audited, audited } from '../../connectors/state/audit.ts'
import type { Role } from '../../connectors/state/users.ts'
import { checkOrigin } from '../compat/csrf.ts'
import type { ApiDeps } from '../deps.ts'
import { ApiError } from '../errors.ts'
import type { ApiEnv } from '../types.ts'
import { personOf, requireOperator } from './guard.ts'
import { painelPath as path } from './painel-path.ts'

/** Its page asks Google for a font; nothing here is fetched from outside. */
const foreign = /<link[^>]+href="https?:[^>]*>/g
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"

/** Behind the guard. */
export function registerPainel(pages: Hono<ApiEnv>, { ticks, state }: Pick<ApiDeps, 'ticks' | 'state'>): void {
  const boards = new Map<Role, Promise<Hono>>()
  const boardFor = (role: Role): Promise<Hono> => {
    const known = boards.get(role)
    if (known) return known
    const board = open(ticks, role)
    boards.set(role, board)
    // A queue that is away now may be there the next time.
    board.catch(() => boards.delete(role))
    return board
  }
  for (const route of [path, `${path}/*`]) {
    pages.use(route, onlyOwn(audited(state)))
    pages.all(route, async (c) => answer(c, await boardFor(personOf(c).role)))
  }
}

async function open(ticks: ApiDeps['ticks'], role: Role): Promise<Hono> {
  if (!ticks) throw new ApiError('NOT_FOUND', 'The queue of ticks cannot be looked into from here.')
  // Loaded by who looks: what starts the API does not wait for it.
  const { boardOf } = await import('./painel-board.ts')
  return boardOf((await ticks()).queue, role === 'viewer')
}

async function answer(c: Context<ApiEnv>, board: Hono): Promise<Response> {
  const answered = await board.fetch(c.req.raw, c.env)
  c.header('content-security-policy', policy)
  c.header('referrer-policy', 'same-origin')
  if (!answered.headers.get('content-type')?.startsWith('text/html')) return answered
  return c.html((await answered.text()).replaceAll(foreign, ''))
}

/** Its script knows no token of ours: what acts needs the session's cookie (SameSite=Strict), our Origin and an operator. */
function onlyOwn(audit: Audited) {
  const operator = requireOperator()
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    if (c.req.header('origin') === undefined) throw new ApiError('FORBIDDEN', 'Only the page itself may act.')
    checkOrigin(c)
    const action = { actor: `user:${personOf(c).name}`, action: 'painel', target: `${c.req.method} ${c.req.path}` }
    return operator(c, async () => void (await audit(action, next)))
  })
}
