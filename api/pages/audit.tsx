/** What operators did: who, what, to what, before and after. */

import type { Context, Hono } from 'hono'
import { type AuditEntry, listAudit } from '../../connectors/state/people/audit.ts'
import { kindNames } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../http/types.ts'
import { page, type View } from './layout.tsx'
import { Badge, Empty, Scroll, Time } from './parts.tsx'

const PAGE = 100
const actions = [
  'falhas',
  'held',
  'jobs',
  ...kindNames,
  'industries',
  'letters',
  'users',
  'tokens',
  'login',
  'logout',
  'painel',
  'erase',
  'restore',
] as const

export function registerAudit(pages: Hono<ApiEnv>, { state }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  pages.get('/ui/audit', async (c) => {
    const { actor = '', before = '' } = c.req.query()
    const action = actions.find((one) => one === c.req.query('action'))
    const older = /^\d{1,15}$/.test(before) ? Number(before) : null
    const entries = await listAudit(state, {
      ...(actor === '' ? {} : { actor }),
      ...(action ? { action } : {}),
      ...(older === null ? {} : { before: older }),
      limit: PAGE,
    })
    const view = viewOf(c)
    const last = entries.at(-1)
    const next = new URLSearchParams({ actor, action: action ?? '', before: String(last?.id) })
    return page(
      c,
      view,
      { title: 'Audit', live: older === null },
      <>
        <h1>Audit: what operators did</h1>
        <form class="filters" method="get">
          <label>
            Who
            <input name="actor" value={actor} placeholder="user:ana" />
          </label>
          <label>
            What
            <select name="action">
              <option value="">anything</option>
              {actions.map((one) => (
                <option value={one} selected={one === action}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="second">
            Filter
          </button>
        </form>
        <section class="card" data-live="audit">
          {entries.length === 0 ? <Empty>Nothing yet.</Empty> : <Entries entries={entries} view={view} />}
          {entries.length === PAGE ? (
            <p>
              <a href={`?${next}`}>Older ones</a>
            </p>
          ) : null}
        </section>
      </>,
    )
  })
}

const Entries = ({ entries, view }: { entries: readonly AuditEntry[]; view: View }) => (
  <Scroll label="Actions, newest first">
    <table class="stack">
      <thead>
        <tr>
          <th>when</th>
          <th>who</th>
          <th>what</th>
          <th>to what</th>
          <th>came to</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr>
            <td class="nowrap" data-label="when">
              <Time at={entry.at} clock={view.clock} />
            </td>
            <td class="nowrap" data-label="who">
              {entry.actor}
            </td>
            <td class="nowrap" data-label="what">
              {entry.action}
            </td>
            <td class="wrap" data-label="to what">
              {entry.target}
              {entry.reason === null ? null : <p class="reason">“{entry.reason}”</p>}
              <Values entry={entry} />
            </td>
            <td data-label="came to">
              <Outcome outcome={entry.outcome} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
)

const Outcome = ({ outcome }: { outcome: string | null }) =>
  outcome === 'done' ? (
    <Badge tone="ok">done</Badge>
  ) : outcome === null ? (
    <Badge tone="warn">not known</Badge>
  ) : (
    <Badge tone="bad">{outcome}</Badge>
  )

function Values({ entry: { before, after } }: { entry: AuditEntry }) {
  if (before === null && after === null) return null
  return (
    <details>
      <summary>before and after</summary>
      <pre>{`${before === null ? '' : `before ${JSON.stringify(before, null, 1)}\n`}${after === null ? '' : `after ${JSON.stringify(after, null, 1)}`}`}</pre>
    </details>
  )
}
