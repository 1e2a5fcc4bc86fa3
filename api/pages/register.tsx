/** The pages: who may see them, what protects them, and each of them. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { ApiDeps, PageSettings } from '../deps.ts'
import { answerError, toApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { registerAssets } from './assets.ts'
import { registerAudit } from './audit.tsx'
import { registerConflicts } from './conflicts.tsx'
import { registerFalhas } from './falhas/falhas.ts'
import { registerHome } from './home/home.tsx'
import { barePage, page, type View } from './layout.tsx'
import { registerPainel } from './painel/painel.ts'
import { isLive, personOf, requireLogin, requireOwnForm } from './people/guard.ts'
import { registerLogin, registerLogout } from './people/login.tsx'
import { ownPasswordPath, registerOwnPassword } from './people/own-password.tsx'
import { registerJobPages } from './runs/jobs.tsx'
import { registerSearch } from './search.tsx'

/** Adds the pages to an app: the one of the API, or one that listens elsewhere (UI_PORT). */
export function registerPages(app: OpenAPIHono<ApiEnv>, deps: ApiDeps, settings: PageSettings): void {
  const { state, log } = deps
  const pages = new Hono<ApiEnv>()
  const viewOf = (c: Context<ApiEnv>): View => ({
    person: personOf(c),
    clock: { now: new Date(), zone: settings.zone },
    path: c.req.path,
  })
  pages.onError((error, c) => {
    const known = toApiError(error)
    if (known.status >= 500) log.error({ err: error, requestId: c.get('requestId'), code: known.code }, 'a page failed')
    if (isLive(c) || c.req.path.startsWith('/painel/api/')) return answerError(c, known)
    const body = <Failure message={known.message} hint={known.hint} requestId={c.get('requestId')} />
    const title = 'That did not work'
    return c.get('person') === undefined
      ? barePage(c, title, known.status, body)
      : page(c, viewOf(c), { title, status: known.status }, body)
  })

  pages.get('/', (c) => c.redirect('/ui', 302))
  pages.use('/ui/*', pageHeaders())
  registerAssets(pages)
  registerLogin(pages, deps, settings.session)
  for (const path of ['/ui/*', '/painel', '/painel/*']) pages.use(path, requireLogin(state, settings.session, ownPasswordPath))
  pages.use('/ui/*', requireOwnForm())
  registerLogout(pages, deps)
  registerOwnPassword(pages, deps, viewOf)
  registerHome(pages, deps, viewOf)
  registerJobPages(pages, deps, viewOf)
  registerFalhas(pages, deps, viewOf)
  registerConflicts(pages, deps, viewOf)
  registerSearch(pages, deps, viewOf)
  registerAudit(pages, deps, viewOf)
  registerPainel(pages, deps)
  app.route('/', pages)
}

/** Nothing from outside, no script or style in the page itself, no frame around it. */
function pageHeaders() {
  return createMiddleware<ApiEnv>(async (c, next) => {
    c.header(
      'content-security-policy',
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    // With no-referrer, browsers would send `Origin: null` with forms.
    c.header('referrer-policy', 'same-origin')
    await next()
  })
}

const Failure = ({ message, hint, requestId }: { message: string; hint: string | undefined; requestId: string }) => (
  <section class="card">
    <h1>That did not work</h1>
    <p role="alert">{message}</p>
    {hint === undefined ? null : <p>{hint}</p>}
    <p>
      <a href="/ui">Back to the home page</a>
    </p>
    <p class="dim">Request {requestId}, for the log.</p>
  </section>
)
