/** `ponte plan [entity]`: what would change, field by field, how many calls, how long under the quota. Changes nothing. */
import type { Command } from 'commander'
import { PonteError } from '../base/error.ts'
import { entities } from '../jobs/entities.ts'
import { type Plan, plan, timeUnderQuota } from '../jobs/plan.ts'
import { execute } from './command.ts'
import { duration, type Output, table } from './output.ts'
import { wire } from './wire.ts'

export function planCommand(program: Command): void {
  program
    .command('plan')
    .argument('[entity]', `one of ${entities.map((entity) => entity.name).join(', ')}; default all`)
    .description('show what the next compare would queue; changes nothing')
    .option('--json', 'one JSON document on standard output')
    .option('--limit <n>', 'changes shown per entity', '20')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte plan\n  ponte plan leads.update --limit 100 --json\n\nExit code 3 when a guard would stop the compare.',
    )
    .action((name: string | undefined, options: { json?: boolean; limit: string }) =>
      execute(options, async ({ settings, output, closer, signal }) => {
        const wanted = entities.filter((entity) => name === undefined || entity.name === name)
        if (wanted.length === 0)
          throw new PonteError('plan.unknown_entity', `There is no entity called "${name}".`, {
            hint: `Entities: ${entities.map((entity) => entity.name).join(', ')}.`,
            exitCode: 2,
          })
        const sample = Number(options.limit)
        if (!Number.isSafeInteger(sample) || sample < 0)
          throw new PonteError('plan.bad_limit', '--limit must be a whole number.', { hint: 'For example --limit 50.', exitCode: 2 })
        const context = await wire(settings, closer)
        const plans = await plan(context, wanted, sample, signal)
        const calls = plans.reduce((sum, one) => sum + one.calls, 0)
        const { limit, windowMs } = settings.crmLimits
        const ms = timeUnderQuota(calls, limit, windowMs)
        output.result({ ok: true, calls, quota: { limit, windowMs }, estimatedMs: ms, plans })
        for (const one of plans) show(output, one)
        output.say(
          table(
            ['entity', 'changed', 'to send', 'pending', 'held', 'vanished', 'CRM calls'],
            plans.map((one) => [one.entity, one.changed, one.send, one.suppressed, one.held, one.vanished, one.calls]),
          ),
        )
        output.say(
          `\n${calls} CRM calls, ${limit === 0 ? 'no limit set' : `${duration(ms)} at ${limit} per ${windowMs / 1000} s`}; each new lead adds two calls per contact with an e-mail.`,
        )
        return plans.some((one) => one.guards.length > 0) ? 3 : 0
      }),
    )
}

function show(output: Output, one: Plan): void {
  for (const guard of one.guards) output.say(`${one.entity}: a guard would stop this: ${guard.message}`)
  for (const change of one.changes) {
    output.say(`${one.entity} ${change.key}${change.decision === 'send' ? '' : ` (${change.decision})`}`)
    for (const { field, from, to } of change.fields) output.say(`    ${field.padEnd(20)} ${from ?? '—'} → ${to ?? '—'}`)
  }
  if (one.changed > one.changes.length) output.say(`  … and ${one.changed - one.changes.length} more of ${one.entity}`)
  if (one.changed > 0) output.say()
}
