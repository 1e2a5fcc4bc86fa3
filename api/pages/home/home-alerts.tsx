/** What is wrong now, with what the runbook says; and how often both sides changed a field apart. */
import type { Child } from 'hono/jsx'
import type { OpenAlert } from '../../../jobs/watch/open-alerts.ts'
import { type Clock, number, plural } from '../format.ts'
import { Ago, Badge, type Tone } from '../parts.tsx'
import type { HomeData } from './home-data.ts'

export function Alerts({ data: { alerts: now, conflicts }, clock }: { data: HomeData; clock: Clock }) {
  const { watched, alerts } = now
  return (
    <>
      <section class={`card way ${toneOf(now)}`} data-live="alerts">
        <h2>
          Open alerts{' '}
          <a href="/ui/conflicts">
            {plural(conflicts.lastDay, 'conflict')} in 24 h, {number(conflicts.all)} in all
          </a>
        </h2>
        {watched ? null : (
          <p class="said warn">
            Nobody looks for alerts now. Restart <code>ponte api</code> or <code>ponte worker</code>; its log says why.
          </p>
        )}
        {alerts.length === 0 ? (
          <p>
            <Badge tone={watched ? 'ok' : 'idle'}>None</Badge>
          </p>
        ) : (
          alerts.map((alert) => <Raised alert={alert} clock={clock} />)
        )}
      </section>
      {/* Apart: what somebody reads is not refreshed, and the alerts are. */}
      <div data-live="runbook" class="runbook">
        {alerts.map((alert) => (
          <Runbook alert={alert} />
        ))}
      </div>
    </>
  )
}

function toneOf({ watched, alerts }: HomeData['alerts']): Tone {
  if (alerts.some(({ severity }) => severity === 'critical')) return 'bad'
  return alerts.length > 0 || !watched ? 'warn' : 'ok'
}

const Raised = ({ alert: { code, severity, meaning, open }, clock }: { alert: OpenAlert; clock: Clock }) => (
  <div class="alert">
    <p>
      <Badge tone={severity === 'critical' ? 'bad' : 'warn'}>{severity}</Badge> <b>{code}</b>
    </p>
    <ul>
      {open.map(({ summary, since }) => (
        <li>
          {summary}{' '}
          <small>
            for <Ago at={since} clock={clock} />
          </small>
        </li>
      ))}
    </ul>
    <p class="dim">{meaning}</p>
  </div>
)

const Runbook = ({ alert: { code, runbook } }: { alert: OpenAlert }) =>
  runbook.length === 0 ? null : (
    <details class="card">
      <summary>What to do about {code}</summary>
      {runbook.map(({ title, text }) => (
        <p>
          <b>{title}</b> {marked(text)}
        </p>
      ))}
    </details>
  )

/** The runbook's Markdown: `code` is code, of a link its words stand. */
function marked(text: string): Child[] {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .split('`')
    .map((piece, at) => (at % 2 === 1 ? <code>{piece}</code> : piece))
}
