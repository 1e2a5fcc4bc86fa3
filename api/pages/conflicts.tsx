/** Fields that both sides changed apart, and who won. */

import type { Context, Hono } from 'hono'
import { type ListedConflict, listConflicts } from '../../connectors/state/changes/agreed.ts'
import { kinds } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../http/types.ts'
import { page, type View } from './layout.tsx'
import { Badge, Empty, Scroll, Time } from './parts.tsx'

const LIMIT = 200

export function registerConflicts(pages: Hono<ApiEnv>, { state }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  pages.get('/ui/conflicts', async (c) => {
    const conflicts = await listConflicts(state, LIMIT)
    const view = viewOf(c)
    return page(
      c,
      view,
      { title: 'Conflicts', live: true },
      <>
        <h1>Conflicts</h1>
        <p class="dim">
          Both sides changed a field apart. Its owner’s value stands on both; what does not stand was overwritten: to have it after all,
          enter it again on either side.
        </p>
        <section class="card" data-live="conflicts">
          {conflicts.length === 0 ? (
            <Empty>None. Wherever both sides changed a field, they changed it to the same.</Empty>
          ) : (
            <Table conflicts={conflicts} view={view} />
          )}
        </section>
      </>,
    )
  })
}

const Table = ({ conflicts, view }: { conflicts: readonly ListedConflict[]; view: View }) => (
  <Scroll label={`The last ${conflicts.length} conflicts, newest first`}>
    <table class="stack">
      <thead>
        <tr>
          <th>when</th>
          <th>record</th>
          <th>field</th>
          <th>agreed before</th>
          <th>ERP</th>
          <th>CRM</th>
        </tr>
      </thead>
      <tbody>
        {conflicts.map(({ createdAt, entity, key, field, agreed, erp, crm, winner }) => (
          <tr>
            <td class="nowrap" data-label="when">
              <Time at={createdAt} clock={view.clock} />
            </td>
            <td class="nowrap" data-label="record">
              {kinds[entity].label} {key}
            </td>
            <td data-label="field">{field.toLowerCase().replaceAll('_', ' ')}</td>
            <td data-label="agreed before">{agreed ?? '–'}</td>
            <td data-label="ERP">
              {erp ?? '–'} {winner === 'erp' ? <Badge tone="ok">stands</Badge> : null}
            </td>
            <td data-label="CRM">
              {crm ?? '–'} {winner === 'crm' ? <Badge tone="ok">stands</Badge> : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
)
