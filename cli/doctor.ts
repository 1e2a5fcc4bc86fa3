/** `ponte doctor`: can this installation work? Each part is tried for real and says what to do when it cannot. */
import { mkdir, statfs } from 'node:fs/promises'
import type { Command } from 'commander'
import { PonteError } from '../base/error.ts'
import { postgresErp } from '../connectors/erp/postgres.ts'
import { openState } from '../connectors/state/pool.ts'
import type { Settings } from '../deploy/env.ts'
import { entities } from '../jobs/entities.ts'
import { openLane } from '../queue-dirs/lane.ts'
import { execute } from './command.ts'
import { type Closer, commandLog, openCrm, openDatabases } from './wire.ts'

interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  readonly hint?: string
}

const lowDiskBytes = 1024 ** 3

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, folders, databases and the CRM')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  ponte doctor\n\nExit code 0 when nothing failed (warnings allowed), 1 otherwise, 2 when the configuration cannot be read.',
    )
    .action((options: { json?: boolean }) =>
      execute(options, async ({ settings, output, closer }) => {
        const checks = [
          await check('node', async () => `${process.version} on ${process.platform}-${process.arch}`),
          await check('queue folders', () => queueFolders(settings)),
          await disk(settings),
          ...(await databases(settings, closer)),
        ]
        const failed = checks.filter((one) => one.status === 'failed')
        output.result({ ok: failed.length === 0, checks })
        for (const one of checks) {
          output.say(`  ${{ ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' }[one.status]}  ${one.name.padEnd(16)} ${one.detail}`)
          if (one.hint) output.say(`           ${' '.repeat(16)} → ${one.hint}`)
        }
        output.say(failed.length === 0 ? '\nReady.' : `\n${failed.length} of ${checks.length} checks failed.`)
        return failed.length === 0 ? 0 : 1
      }),
    )
}

async function check(name: string, body: () => Promise<string>): Promise<Check> {
  try {
    return { name, status: 'ok', detail: await body() }
  } catch (error) {
    if (error instanceof PonteError) return { name, status: 'failed', detail: error.message, hint: error.hint }
    return { name, status: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

async function queueFolders(settings: Settings): Promise<string> {
  for (const name of ['leads', 'contacts'] as const) await openLane({ root: settings.queueRoot, name })
  return settings.queueRoot
}

async function disk(settings: Settings): Promise<Check> {
  await mkdir(settings.stateDir, { recursive: true, mode: 0o750 })
  const { bavail, bsize } = await statfs(settings.stateDir)
  const free = bavail * bsize
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${settings.stateDir}`
  return free < lowDiskBytes
    ? { name: 'disk', status: 'warning', detail, hint: 'Free some space: nothing is lost on a full disk, but nothing goes on either.' }
    : { name: 'disk', status: 'ok', detail }
}

async function databases(settings: Settings, closer: Closer): Promise<Check[]> {
  let urls: Awaited<ReturnType<typeof openDatabases>>
  try {
    urls = await openDatabases(settings, closer)
  } catch (error) {
    return [await check('embedded server', () => Promise.reject(error))]
  }
  const erp = postgresErp({ url: urls.erpUrl })
  closer.add(() => erp.close())
  const kind = urls.embeddedErp ? 'embedded demo ERP' : 'PostgreSQL'
  const checks = [
    await check('ERP', async () => {
      await erp.ping()
      return `${kind} answers`
    }),
    await check('ERP schema', async () => {
      const extract = await erp.openExtract(1)
      try {
        for (const { desired, known, columns } of entities)
          for (const view of [desired, known])
            if (view)
              await extract.source(
                view,
                columns.map((column) => column.name),
              )
      } finally {
        await extract.close()
      }
      return 'all views are there and may be read'
    }),
  ]
  let state: Awaited<ReturnType<typeof openState>> | null = null
  checks.push(
    await check('state database', async () => {
      state = await openState(urls.stateUrl)
      return settings.stateUrl ? 'PostgreSQL answers, schema up to date' : 'embedded, schema up to date'
    }),
  )
  if (state) closer.add(() => state!.end())
  checks.push(await crm(settings, state))
  return checks
}

async function crm(settings: Settings, state: Awaited<ReturnType<typeof openState>> | null): Promise<Check> {
  if (!settings.crm)
    return {
      name: 'CRM',
      status: 'warning',
      detail: 'not configured',
      hint: 'Set API_URL and API_TOKEN; until then Ponte compares and queues, but delivers nothing.',
    }
  if (!state) return { name: 'CRM', status: 'failed', detail: 'not tried: the request quota lives in the state database' }
  const client = openCrm(settings, state, commandLog(settings))
  try {
    return await check('CRM', async () => {
      await client.industries()
      return `${new URL(settings.crm!.url).host} answers and accepts the token`
    })
  } finally {
    await client.close()
  }
}
