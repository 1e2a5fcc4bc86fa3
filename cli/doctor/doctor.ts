/** `ponte doctor`: can this installation work? Each part is tried for real and says what to do when it cannot. */
import type { Command } from 'commander'
import { execute } from '../command.ts'
import { plural } from '../output.ts'
import { examine } from './doctor-checks.ts'

const marks = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' }

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, folders, databases and the CRM')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte doctor\n  ponte doctor --json\n\nExit code 0 when nothing failed (warnings allowed), 1 otherwise, 2 when the configuration cannot be read.',
    )
    .action((options: { json?: boolean }) =>
      execute(options, async ({ settings, output, closer }) => {
        const checks = await examine(settings, closer)
        const failed = checks.filter((one) => one.status === 'failed').length
        const warnings = checks.filter((one) => one.status === 'warning').length
        output.result({ ok: failed === 0, checks })
        for (const { name, status, detail, hint } of checks) {
          output.say(`  ${marks[status]}  ${name.padEnd(15)} ${detail}`)
          if (hint) output.say(`${' '.repeat(11)}→ ${hint}`)
        }
        const summary = failed > 0 ? `${failed} of ${checks.length} checks failed` : 'Ready'
        output.say(`\n${summary}${warnings > 0 ? `, ${plural(warnings, 'warning')}` : ''}.`)
        return failed === 0 ? 0 : 1
      }),
    )
}
