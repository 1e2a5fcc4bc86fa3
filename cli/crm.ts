/** The CRM's client from the settings. */
import type pg from 'pg'
import type { Logger } from 'pino'
import { PonteError } from '../base/error.ts'
import { postgresQuota } from '../connectors/crm/postgres-quota.ts'
import type { Urgency } from '../connectors/crm/quota.ts'
import { defaultBackoff } from '../connectors/crm/retry.ts'
import { spotter } from '../connectors/crm/spotter/spotter.ts'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import { needCrm, type Settings } from '../deploy/env.ts'

/** @throws PonteError `config.invalid` when the settings name no CRM */
export function openCrm(settings: Settings, state: pg.Pool, log: Logger, urgency: Urgency = 'bulk'): Spotter {
  const { url, token } = needCrm(settings)
  const { limit, windowMs, concurrency, timeoutMs, backoffMs } = settings.crmLimits
  const crm = spotter({
    baseUrl: url,
    token,
    quota: limit === 0 ? null : postgresQuota(state, { resource: new URL(url).host, limit, windowMs }),
    urgency,
    concurrency,
    timeoutMs,
    backoff: { ...defaultBackoff, baseMs: backoffMs },
    log,
  })
  return settings.shadow ? readOnly(crm) : crm
}

/** Shadow mode: whoever would write is refused by name, before anything leaves. */
function readOnly(crm: Spotter): Spotter {
  const refuse = () =>
    Promise.reject(
      new PonteError('crm.shadow', 'SHADOW is on: nothing is written to the CRM', {
        hint: 'set SHADOW=false to let Ponte work',
        exitCode: 2,
      }),
    )
  const writes = { addLead: refuse, updateLead: refuse, addPerson: refuse, updatePerson: refuse, winLead: refuse, qualify: refuse }
  return { ...crm, ...writes, removeRecommendedProduct: refuse, addRecommendedProducts: refuse }
}

/** For a process that must also work without a CRM: every call is refused by name. */
export function absentCrm(): Spotter {
  const refuse = () =>
    Promise.reject(new PonteError('crm.not_configured', 'no CRM is configured', { hint: 'set API_URL and API_TOKEN', exitCode: 2 }))
  return new Proxy({} as Spotter, { get: (_, name) => (name === 'close' ? async () => {} : refuse) })
}
