/** `ponte demo-data`: a believable Brazilian ERP of any size, the same for the same seed. */
import type { Command } from 'commander'
import { execute } from '../../cli/command.ts'
import { installErp, openDatabases } from '../../cli/databases.ts'
import { seconds } from '../../cli/output.ts'
import { wholeNumber } from '../../cli/whole-number.ts'
import { openDemoDatabase } from '../demo-data/database/open-database.ts'
import { loadDemoData } from '../demo-data/load.ts'
import { writeSimulatorData } from '../demo-data/simulator-data.ts'

interface Options {
  branches: string
  seed: string
  today?: string
  replace?: boolean
  crmFile?: string
  json?: boolean
}

export function demoDataCommand(program: Command): void {
  program
    .command('demo-data')
    .description('fill an empty ERP with believable demo data')
    .option('--branches <n>', 'ERP branches', '2000')
    .option('--seed <n>', 'same seed and day, same data', '1')
    .option('--today <day>', 'the day that budgets and orders are dated around, YYYY-MM-DD (default: today)')
    .option('--replace', 'empty a demo ERP first, with all that was added to it; any other ERP is refused')
    .option('--crm-file <file>', 'also write the leads that the CRM holds already, for ponte simulator crm --load')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Examples:
  ponte demo-data --branches 2000 --seed 1
  ponte demo-data --branches 100000 --replace --crm-file crm.ndjson
  ponte simulator crm --load crm.ndjson
  MYSQL_URL=mysql://ponte@erp.example/erp ponte demo-data --branches 2000`,
    )
    .action((options: Options) =>
      execute(options, async ({ settings, output, closer, signal }) => {
        const demo = {
          branches: wholeNumber('--branches', options.branches),
          seed: wholeNumber('--seed', options.seed),
          today: options.today ?? new Date().toISOString().slice(0, 10),
        }
        const databases = await openDatabases(settings, closer)
        await installErp(databases.erpUrl, closer)
        const erp = await openDemoDatabase(databases.erpUrl)
        closer.add(() => erp.close())
        const bar = output.bar('loading branches')
        const loaded = await loadDemoData(erp, { ...demo, replace: options.replace ?? false, signal }, ({ branches, of }) =>
          bar.update(branches, of),
        )
        bar.stop()
        const crm = options.crmFile === undefined ? null : await writeSimulatorData(demo, options.crmFile)
        output.result({
          ok: true,
          ...loaded,
          ...(crm === null ? {} : { crmFile: options.crmFile, crmLeads: crm.leads, crmPersons: crm.persons }),
        })
        output.say(`${loaded.rows} rows in ${seconds(loaded.seconds * 1000)}:`)
        output.say(
          `  ${loaded.clients} clients, ${loaded.branches} branches, ${loaded.contacts} contacts, ${loaded.budgets} budgets, ${loaded.orders} orders`,
        )
        output.say(`  ${loaded.linked} branches linked to CRM leads, ${loaded.eligible} flagged and waiting to be sent`)
        if (crm) output.say(`  ${options.crmFile}: ${crm.leads} leads and ${crm.persons} persons for the CRM simulator`)
        return 0
      }),
    )
}
