/** `ponte migrate`: installs or upgrades the ERP's integration schema and Ponte's own state. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { dialectOf } from '../../connectors/erp/open.ts'
import { openState } from '../../connectors/state/pool.ts'
import { execute } from '../command.ts'
import { installErp, openDatabases } from '../databases.ts'

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('install or upgrade the database schemas; may be run again at any time')
    .option('--dialect <name>', 'postgres, mysql or oracle: refuse when the configured ERP is another')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte migrate\n  DATABASE_URL=postgres://ponte@erp.example/erp ponte migrate --json\n  MYSQL_URL=mysql://ponte@erp.example/erp ponte migrate --dialect mysql\n  ORACLE_URL=oracle://owner@erp.example/service ponte migrate --dialect oracle',
    )
    .action((options: { json?: boolean; dialect?: string }) =>
      execute(options, async ({ settings, output, closer }) => {
        const databases = await openDatabases(settings, closer)
        const dialect = dialectOf(databases.erpUrl)
        if (options.dialect !== undefined && options.dialect !== dialect)
          throw new PonteError('command.dialect', `the configured ERP is on ${dialect}, not on what --dialect names`, {
            hint: 'set ERP_DIALECT, and DATABASE_URL, MYSQL_URL or ORACLE_URL; nothing was changed',
            exitCode: 2,
          })
        const { applied, unchanged, told } = await installErp(databases.erpUrl, closer)
        const state = await openState(databases.stateUrl)
        closer.add(() => state.end())
        output.result({ ok: true, applied, unchanged, told })
        for (const file of applied) output.say(`  applied ${file}`)
        for (const one of told) output.say(`  note: ${one}`)
        output.say(
          `${applied.length} scripts applied, ${unchanged} unchanged (${databases.embeddedErp ? 'embedded demo ERP' : 'ERP database'}); state database ready`,
        )
        return 0
      }),
    )
}
