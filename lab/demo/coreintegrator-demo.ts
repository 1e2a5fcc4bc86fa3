/** `npm run coreintegrator`: the stack of deploy/coreintegrator without Docker, and the walk through it. */
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { createLog } from '../../base/log/log.ts'
import type { CommandContext } from '../../cli/command.ts'
import { startCoreIntegrator } from '../../cli/coreintegrator/coreintegrator-service.ts'
import type { DatabaseSettings } from '../../connectors/coreintegrator/database.ts'
import type { LogRow } from '../../connectors/coreintegrator/types.ts'
import { removePrivateServer, startPrivateServer } from '../../connectors/mysql/private-server.ts'
import type { CoreIntegratorSettings } from '../../deploy/env/coreintegrator.ts'
import { startCustomerCrm } from '../simulators/coreintegrator-crm/simulator.ts'

type Context = CommandContext<CoreIntegratorSettings>

const insertRohit = "INSERT INTO erp_customers (cust_id, cust_name, phone_no) VALUES (3, 'Rohit', '9998887776')"
/** A CRM that fails 20 % of its calls fails a customer's whole cycle once in 125. */
const WALK_SYNCS = 10

/** @returns the exit code: 1 when a walk did not end as it should */
export async function coreIntegratorDemo({ settings, output, closer, signal }: Context, walk: boolean): Promise<number> {
  const folder = resolve('data/coreintegrator')
  await removePrivateServer(folder)
  const { database, client } = await databaseFor(settings, folder, closer)
  const crmUrl = settings.crmUrl ?? (await crmFor(settings, folder, closer))
  const log = createLog({ level: settings.logLevel, name: 'coreintegrator', ...(walk ? { file: join(folder, 'service.log') } : {}) })
  const url = await startCoreIntegrator({ ...settings, database, crmUrl }, { log, closer, signal })

  output.say(`CoreIntegrator listens on ${url}; ERP database ${database.host}:${database.port}/${database.name}; CRM ${crmUrl}`)
  if (settings.crmUrl === null) output.say(`  The CRM is a SIMULATOR; it fails ${settings.failureRate * 100} % of its calls.`)
  output.say()
  if (walk) return walkThrough({ settings, output, closer, signal }, database, url)
  output.say('Try, in another terminal:')
  for (const line of [`curl ${url}/health`, `${client} -e "${insertRohit}"`, `curl -X POST ${url}/sync`, `curl ${url}/logs`])
    output.say(`  ${line}`)
  output.say('It also syncs by itself, every minute. Ctrl-C ends all of it.\n')
  output.result({ ok: true, url, crmUrl })
  output.end()
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

/** Does what the README tells a person to do, and looks at the answers. */
async function walkThrough({ output }: Context, database: DatabaseSettings, url: string): Promise<number> {
  const show = async (method: string, path: string): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, { method })
    const body: unknown = await answer.json()
    output.say(`$ curl ${method === 'GET' ? '' : `-X ${method} `}${url}${path}\n  ${answer.status} ${JSON.stringify(body)}`)
    return body
  }
  const health = await show('GET', '/health')
  output.say(`$ mysql erp_db -e "${insertRohit}"`)
  const { host, port, user, password, name } = database
  const connection = await mysql.createConnection({ host, port, user, password, database: name })
  await connection.query(insertRohit)
  await connection.end()
  let logs: LogRow[] = []
  const sent = () => logs.filter(({ status, payload }) => status === 'SUCCESS' && payload?.includes('"Rohit"')).length
  for (let i = 0; i < WALK_SYNCS && sent() === 0; i++) {
    if (i > 0) await sleep(100)
    await show('POST', '/sync')
    logs = (await show('GET', '/logs')) as LogRow[]
  }
  const ok = sent() === 1 && (health as { status?: string }).status === 'UP'
  output.say(ok ? '\nRohit is in the CRM, once.' : '\nThis did not end as it should.')
  output.result({ ok, url, logs })
  return ok ? 0 : 1
}

async function databaseFor(
  settings: CoreIntegratorSettings,
  folder: string,
  closer: Context['closer'],
): Promise<{ database: DatabaseSettings; client: string }> {
  if (settings.database !== null) {
    const { host, port, user, name } = settings.database
    return { database: settings.database, client: `mysql -h ${host} -P ${port} -u ${user} -p ${name}` }
  }
  const server = await startPrivateServer(folder, { instead: 'set DB_HOST, DB_USER, DB_PASSWORD and DB_NAME to a MySQL that runs' })
  closer.add(() => server.close())
  return { database: server.settings, client: `mysql --socket=${server.socket} ${server.settings.name}` }
}

async function crmFor(settings: CoreIntegratorSettings, folder: string, closer: Context['closer']): Promise<string> {
  const crm = await startCustomerCrm({ file: join(folder, 'effects.ndjson'), faults: { failureRate: settings.failureRate } })
  closer.add(() => crm.close())
  return crm.url
}
