/** `ponte coreintegrator`: the small MySQL-to-CRM service, alone, with its simulated CRM, or as a demonstration. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { readCoreIntegratorSettings } from '../../deploy/env/coreintegrator.ts'
import { executeWith } from '../command.ts'
import { openLog } from '../log.ts'
import { wholeNumber } from '../whole-number.ts'

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

Examples:
  ponte coreintegrator demo
  DB_HOST=127.0.0.1 DB_PASSWORD=... CRM_URL=http://127.0.0.1:3001/customers ponte coreintegrator serve`,
    )

  command
    .command('demo', { isDefault: true })
    .description('database, simulated CRM and service together, without Docker; prints what to try (the default)')
    .option('--walk', 'try it all at once, then end')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
With DB_HOST set it uses that MySQL; else it starts a MariaDB of its own (Debian: apt-get install mariadb-server) in
./data/coreintegrator, which it empties first. With CRM_URL set it uses that CRM; else it starts the simulated one, which
fails 20 % of its calls (FAILURE_RATE).

Examples:
  ponte coreintegrator demo
  PORT=3100 ponte coreintegrator demo --walk`,
    )
    .action((options: { walk?: boolean; json?: boolean }) =>
      executeWith(readCoreIntegratorSettings, options, async (context) => {
        const { coreIntegratorDemo } = await import('../../lab/demo/coreintegrator-demo.ts')
        return coreIntegratorDemo(context, options.walk ?? false)
      }),
    )

  command
    .command('serve')
    .description('the service: GET /health, POST /sync, GET /logs, and a sync every minute')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  DB_HOST=127.0.0.1 DB_PASSWORD=... CRM_URL=http://127.0.0.1:3001/customers ponte coreintegrator serve',
    )
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
    .addHelpText('after', '\nExample:\n  FAILURE_RATE=0 ponte coreintegrator crm --port 3001 --data effects.ndjson')
    .action((options: CrmOptions) =>
      executeWith(readCoreIntegratorSettings, options, async ({ settings, output, closer, signal }) => {
        const { startCustomerCrm } = await import('../../lab/simulators/coreintegrator-crm/simulator.ts')
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
