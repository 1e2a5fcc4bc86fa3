/** `ponte plan [entity]`: what would change, field by field, how many calls, how long under the quota. Changes nothing. */
import type { Command } from 'commander'
import { PonteError } from '../base/error.ts'
import { visibleValue } from '../base/visible.ts'
import { entities } from '../jobs/entities.ts'
import { type Plan, plan, timeUnderQuota } from '../jobs/plan.ts'
import { execute } from './command.ts'
import { explainGuard } from './guards.ts'
import { duration, type Output, plural, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

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
        const wanted = entitiesCalled(name)
        const sample = wholeNumber('--limit', options.limit)
        const { wire } = await import('./wire.ts')
        const plans = await plan(await wire(settings, closer), wanted, sample, signal)
        const calls = plans.reduce((sum, one) => sum + one.calls, 0)
        const { limit, windowMs } = settings.crmLimits
        const ms = timeUnderQuota(calls, limit, windowMs)
        const stopped = plans.some((one) => one.guards.length > 0)
        output.result({ ok: !stopped, calls, quota: { limit, windowMs }, estimatedMs: ms, plans })
        for (const one of plans) showChanges(output, one)
        output.say(
          table(
            ['entity', 'changed', 'to send', 'waiting', 'held', 'discarded', 'vanished', 'CRM calls'],
            plans.map((one) => [one.entity, one.changed, one.send, one.suppressed, one.held, one.discarded, one.vanished, one.calls]),
            ['waiting', 'held', 'discarded', 'vanished'],
          ),
        )
        const time = limit === 0 ? 'without a limit of requests' : `about ${duration(ms)} at ${limit} requests per ${windowMs / 1000} s`
        output.say(`\n${plural(calls, 'CRM call')}, ${time}.`)
        if (plans.some((one) => one.entity === 'leads.insert' && one.send > 0))
          output.say('Each new lead adds two calls per contact with an e-mail.')
        for (const guard of plans.flatMap((one) => one.guards))
          for (const line of ['', 'A guard would stop this compare:', ...explainGuard(guard)]) output.say(line)
        return stopped ? 3 : 0
      }),
    )
}

function entitiesCalled(name: string | undefined): typeof entities {
  const wanted = entities.filter((entity) => name === undefined || entity.name === name)
  if (wanted.length > 0) return wanted
  throw new PonteError('plan.unknown_entity', `there is no entity called "${name}"`, {
    hint: `entities: ${entities.map((entity) => entity.name).join(', ')}`,
    exitCode: 2,
  })
}

function showChanges(output: Output, one: Plan): void {
  for (const change of one.changes) {
    const why = {
      send: '',
      suppressed: ' (already waiting in the queue)',
      held: ' (held: three sends did not make both sides equal)',
      discarded: ' (discarded by an operator: not sent with these values)',
    }
    output.say(`${one.entity} ${change.key}${why[change.decision]}`)
    for (const { field, from, to } of change.fields) output.say(`    ${field.padEnd(20)} ${visibleValue(`${from ?? '—'} → ${to ?? '—'}`)}`)
  }
  if (one.changed > one.changes.length) output.say(`  … and ${one.changed - one.changes.length} more of ${one.entity} (--limit shows more)`)
  if (one.changed > 0) output.say()
}
