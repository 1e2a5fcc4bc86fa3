/** `ponte alerts`: what is wrong now, since when, and what the runbook says to do. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { openState } from '../../connectors/state/pool.ts'
import { type AlertsNow, alertsNow, byCode, type OpenAlert } from '../../jobs/watch/open-alerts.ts'
import { stateAwayFile, stateAwayRow } from '../../jobs/watch/state-away.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { since } from '../falhas/falhas-text.ts'
import { type Output, plural } from '../output.ts'

export function alertsCommand(program: Command): void {
  program
    .command('alerts')
    .description('alerts that are open: since when, what they mean, what to do about them')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Alerts are raised by ponte api, worker and up; this command reads what they found, and says when none of them looks.
An open alert is no failure of this command: it ends with 0. With Ponte's own database away it ends with 1.

Examples:
  ponte alerts
  watch -n 30 ponte alerts
  ponte alerts --json | jq -r '.alerts[].code'`,
    )
    .action((options: { json?: boolean }) => execute(options, show))
}

async function show({ settings, output, closer }: CommandContext): Promise<number> {
  const { alerts: watch } = settings.watch
  const { stateUrl } = await openDatabases(settings, closer)
  const { now, away } = await look(stateUrl, settings.stateDir)
  const alerts = now.alerts.map((alert) => ({ ...alert, runbookAt: `${watch.runbook}#${alert.code}` }))
  output.result({ ok: away === null, watched: away === null ? now.watched : null, alerts })
  const count = alerts.reduce((sum, { open }) => sum + open.length, 0)
  if (away !== null) output.note(`${away.message}: other alerts cannot be shown.`)
  else if (!now.watched) output.note(`Nobody looks for alerts now: no ponte api, worker or up is running, or none reaches this database.`)
  output.say(
    count === 0
      ? 'No open alerts.'
      : `${plural(count, 'open alert')}${watch.url === null ? '; nobody is told of them (ALERT_WEBHOOK_URL)' : ''}.`,
  )
  for (const alert of alerts) tell(output, alert, settings.schedule.zone)
  return away === null ? 0 : 1
}

/** With the database away, what a process of this machine noted beside it. */
async function look(stateUrl: string, stateDir: string): Promise<{ now: AlertsNow; away: PonteError | null }> {
  try {
    const state = await openState(stateUrl, 2)
    return { now: await alertsNow(state).finally(() => state.end()), away: null }
  } catch (error) {
    if (!(error instanceof PonteError) || error.code !== 'state.unreachable') throw error
    return { now: { watched: false, alerts: byCode([stateAwayRow(stateAwayFile(stateDir))]) }, away: error }
  }
}

function tell(
  output: Output,
  { code, severity, meaning, open, runbook, runbookAt }: OpenAlert & { readonly runbookAt: string },
  zone: string,
): void {
  output.say(`\n${severity.toUpperCase()}  ${code}`)
  for (const { summary, since: from } of open) output.say(`  ${summary} (since ${since(from.toISOString(), zone)})`)
  output.say(`  Means: ${meaning}`)
  for (const { title, text } of runbook) if (/^Do$|over when/.test(title)) output.say(`  ${title}: ${text}`)
  output.say(`  → ${runbookAt}`)
}
