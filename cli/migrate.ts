/** `ponte migrate`: installs or upgrades the ERP's integration schema and Ponte's own state. */
import type { Command } from 'commander'
import { openState } from '../connectors/state/pool.ts'
import { execute } from './command.ts'
import { erpPool, migrateErp, openDatabases } from './databases.ts'

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('install or upgrade the database schemas; may be run again at any time')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExamples:\n  ponte migrate\n  DATABASE_URL=postgres://ponte@erp.example/erp ponte migrate --json')
    .action((options: { json?: boolean }) =>
      execute(options, async ({ settings, output, closer }) => {
        const databases = await openDatabases(settings, closer)
        const { applied, unchanged } = await migrateErp(erpPool(databases.erpUrl, closer))
        const state = await openState(databases.stateUrl)
        closer.add(() => state.end())
        output.result({ ok: true, applied, unchanged })
        for (const file of applied) output.say(`  applied ${file}`)
        output.say(
          `${applied.length} scripts applied, ${unchanged} unchanged (${databases.embeddedErp ? 'embedded demo ERP' : 'ERP database'}); state database ready`,
        )
        return 0
      }),
    )
}
