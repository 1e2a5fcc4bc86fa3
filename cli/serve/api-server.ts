/** The HTTP API of this process: its waker, its server. `ponte api` and `ponte up` open it. */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { ApiDeps } from '../../api/deps.ts'
import type { Spotter } from '../../connectors/crm/spotter/types.ts'
import { purgeReceived } from '../../connectors/state/webhooks.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Context } from '../../jobs/context.ts'
import { createWaker } from '../../jobs/run/waker.ts'
import type { Closer } from '../closer.ts'
import type { Output } from '../output.ts'
import { serveHttp } from './serve-http.ts'

const HOUR_MS = 3_600_000

export interface ApiServer {
  readonly url: string
  readonly pages: string
}

/**
 * @param context what woken jobs are given; null without a CRM: then nothing can be looked up, and letters wait
 * @throws PonteError `api.cannot_listen`
 */
export async function openApiServer(
  settings: Settings,
  parts: Pick<Context, 'erp' | 'state' | 'lanes' | 'log'> & { readonly crm: Spotter; readonly context: Context | null } & Pick<
      ApiDeps,
      'metrics' | 'ticks'
    >,
  closer: Closer,
  signal: AbortSignal,
): Promise<ApiServer> {
  const { erp, state, lanes, log, crm, context, metrics, ticks } = parts
  const waker = context === null ? null : createWaker(context)
  closer.add(async () => waker?.close())
  closer.add(purgeHourly(state, log))
  const deps = {
    erp,
    crm,
    state,
    lanes,
    log,
    wake: (job: string) => waker?.wake(job),
    stopping: signal,
    ...(metrics ? { metrics } : {}),
    ...(ticks ? { ticks } : {}),
  }
  const server = await serveHttp(deps, settings, closer)
  log.info(server, 'the API is up')
  return server
}

export function sayServing(output: Output, settings: Settings, { url, pages }: ApiServer): void {
  output.say(`Ponte's API listens on ${url} (what it answers: ${url}/docs)`)
  output.say(`Its pages are at ${pages} (who may log in: ponte users add <name> --role operator)`)
  if (settings.api.tokens.length === 0) output.say('PONTE_TOKENS is empty: only tokens made by "ponte token add" are good.')
}

function purgeHourly(state: pg.Pool, log: Logger): () => Promise<void> {
  const purge = () =>
    purgeReceived(state).then(
      (rows) => log.debug({ rows }, 'forgot old webhook ids'),
      (err) => log.warn({ err }, 'old webhook ids could not be removed'),
    )
  const timer = setInterval(purge, HOUR_MS)
  timer.unref()
  return async () => clearInterval(timer)
}
