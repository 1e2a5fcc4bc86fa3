/** The API and the pages: on one port, or the pages on one of their own (UI_PORT). */
import { createApp, createPages } from '../../api/app.ts'
import type { ApiDeps } from '../../api/deps.ts'
import { listen } from '../../api/http/listen.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Closer } from '../closer.ts'

/**
 * @returns where each of them is
 * @throws PonteError `api.cannot_listen`
 */
export async function serveHttp(
  deps: Omit<ApiDeps, 'settings'>,
  settings: Settings,
  closer: Closer,
): Promise<{ readonly url: string; readonly pages: string }> {
  const { host, port, uiPort, trustedProxies, session } = settings.api
  const pages = { zone: settings.schedule.zone, session }
  const api = { ...settings.api, productId: settings.productId }
  const open = async (app: ReturnType<typeof createApp>, at: number) => {
    const server = await listen(app, { host, port: at, trustedProxies })
    closer.add(() => server.close())
    return server.url
  }
  const url = await open(createApp({ ...deps, settings: uiPort === null ? { ...api, pages } : api }), port)
  const ui = uiPort === null ? url : await open(createPages({ ...deps, settings: api }, pages), uiPort)
  return { url, pages: `${ui}/ui` }
}
