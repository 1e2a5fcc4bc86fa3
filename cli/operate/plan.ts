/** `ponte plan [entity]`: what would change, field by field, how many calls, how long under the quota. Changes nothing. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { visibleValue } from '../../base/visible.ts'
import { allCalls, type Plan, plan, plannedNames, timeUnderQuota } from '../../jobs/detect/plan.ts'
import type { Calls } from '../../jobs/detect/plan-calls.ts'
import { execute } from '../command.ts'
import { duration, type Output, table } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { explainGuard } from './guards.ts'

export function planCommand(program: Command): void {
  program
    .command('plan')
    .argument('[entity]', `one of ${plannedNames.join(', ')}; default all`)
    .description('show what the next compare would queue, and what delivering it and all that waits would cost; changes nothing')
    .option('--json', 'one JSON document on standard output')
    .option('--limit <n>', 'changes shown per entity', '20')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte plan\n  ponte plan leads.update --limit 100 --json\n\nExit code 3 when a guard would stop the compare.',
    )
    .action((name: string | undefined, options: { json?: boolean; limit: string }) =>
      execute(options, async ({ settings, output, closer, signal }) => {
        const only = known(name)
        const sample = wholeNumber('--limit', options.limit)
        const { wire } = await import('../wire.ts')
        const plans = await plan(await wire(settings, closer), { ...(only === undefined ? {} : { only }), sample, signal })
        const calls = allCalls(plans)
        const { limit, windowMs } = settings.crmLimits
        const ms = timeUnderQuota(calls.most, limit, windowMs)
        const stopped = plans.some((one) => one.guards.length > 0)
        output.result({ ok: !stopped, calls, quota: { limit, windowMs }, estimatedMs: ms, plans })
        for (const one of plans) showChanges(output, one)
        output.say(
          table(
            ['entity', 'changed', 'to send', 'waiting', 'held', 'discarded', 'vanished', 'CRM calls'],
            plans.map((one) => [
              ...[one.entity, one.changed, one.send, one.waiting, one.held, one.discarded, one.vanished],
              range(one.calls),
            ]),
            ['waiting', 'held', 'discarded', 'vanished'],
          ),
        )
        const time = limit === 0 ? 'without a limit of requests' : `about ${duration(ms)} at ${limit} requests per ${windowMs / 1000} s`
        output.say(`\n${range(calls)} CRM ${calls.most === 1 ? 'call' : 'calls'} for what is to be sent and what waits, ${time}.`)
        if (plans.some(({ entity, calls: { most } }) => entity.startsWith('leads.') && most > 0))
          output.say('The contacts of new leads are in it, and one call for the list of sales reps when leads are sent.')
        for (const guard of plans.flatMap((one) => one.guards))
          for (const line of ['', 'A guard would stop this compare:', ...explainGuard(guard)]) output.say(line)
        return stopped ? 3 : 0
      }),
    )
}

/** Lines in flight together share reads, so that fewer calls are made than one line after another would make. */
const range = ({ least, most }: Calls): string => (least === most ? `${most}` : `${least} to ${most}`)

function known(name: string | undefined): string | undefined {
  if (name === undefined || plannedNames.includes(name)) return name
  throw new PonteError('plan.unknown_entity', `there is no entity called "${name}"`, {
    hint: `entities: ${plannedNames.join(', ')}`,
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
