/** `ponte coreintegrator`: the small MySQL-to-CRM service (mission H), alone, with its simulated CRM, or as a demonstration. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { readCoreIntegratorSettings } from '../deploy/coreintegrator-env.ts'
import { executeWith } from './command.ts'
import { openLog } from './log.ts'
import { wholeNumber } from './whole-number.ts'

interface CrmOptions {
  host: string
  port: string
  data?: string
  json?: boolean
}

export function coreIntegratorCommand(program: Command): void {
  const command = program
    .command('coreintegrator')
    .description('the small service that sends the customers of a MySQL database to a CRM')
    .addHelpText(
      'after',
      `
Settings: DB_HOST, DB_USER, DB_PASSWORD, DB_NAME, PORT (3000), CRM_URL and the others of deploy/coreintegrator/README.md.

Example:
  DB_HOST=127.0.0.1 DB_PASSWORD=... CRM_URL=http://127.0.0.1:3001/customers ponte coreintegrator serve`,
    )

  command
    .command('serve')
    .description('the service: GET /health, POST /sync, GET /logs, and a sync every minute')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      executeWith(readCoreIntegratorSettings, options, async ({ settings, output, closer, signal }) => {
        const { startCoreIntegrator } = await import('./coreintegrator-service.ts')
        const url = await startCoreIntegrator(settings, { log: openLog(settings), closer, signal })
        output.result({ ok: true, url })
        output.say(`CoreIntegrator listens on ${url}`)
        output.end()
        if (!signal.aborted) await once(signal, 'abort')
        return 0
      }),
    )

  command
    .command('crm')
    .description('a server that stands for the CRM, and fails on demand (FAILURE_RATE, 0.2 unless set)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'TCP port', '3001')
    .option('--data <file>', 'its effect log; without one it forgets everything when it ends')
    .option('--json', 'one JSON document on standard output')
    .action((options: CrmOptions) =>
      executeWith(readCoreIntegratorSettings, options, async ({ settings, output, closer, signal }) => {
        const { startCustomerCrm } = await import('../simulators/coreintegrator-crm/simulator.ts')
        const crm = await startCustomerCrm({
          host: options.host,
          port: wholeNumber('--port', options.port),
          file: options.data ?? null,
          faults: { failureRate: settings.failureRate },
        })
        closer.add(() => crm.close())
        output.result({ ok: true, url: crm.url })
        output.say(`CRM SIMULATOR of CoreIntegrator (not a real CRM) at ${crm.url}; it fails ${settings.failureRate * 100} % of its calls`)
        output.end()
        if (!signal.aborted) await once(signal, 'abort')
        return 0
      }),
    )
}
