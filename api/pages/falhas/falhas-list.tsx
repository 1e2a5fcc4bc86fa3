/** The list of refused letters: filters, what to do with many at once, and keys that are held back. */

import type { Context } from 'hono'
import { type DeadFilter, type FoundLetter, findDead } from '../../../operations/find-dead.ts'
import { heldKeys } from '../../../operations/held.ts'
import { kindNames, letterKinds } from '../../../records/kinds.ts'
import type { ApiDeps } from '../../deps.ts'
import type { ApiEnv } from '../../http/types.ts'
import { said } from '../flash.ts'
import { plural } from '../format.ts'
import { HeldKeys } from '../held-keys.tsx'
import { Csrf, page, type View } from '../layout.tsx'
import { Empty, Said, Scroll, Time } from '../parts.tsx'
import { filterOf } from './falhas-filter.ts'

const PAGE = 50
const FORM = 'requeue'

export function showFalhas({ lanes, state }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View) {
  return async (c: Context<ApiEnv>) => {
    const filter = filterOf(c.req.query())
    const after = c.req.query('after')
    const [found, held] = await Promise.all([findDead(lanes, filter, { limit: PAGE, ...(after ? { after } : {}) }), heldKeys(state)])
    const view = viewOf(c)
    const isFiltered = Object.keys(filter).length > 0
    return page(
      c,
      view,
      { title: 'Falhas', live: after === undefined && view.person.role === 'viewer' },
      <>
        <h1>Falhas: what was refused</h1>
        <Said notice={said(c)} />
        <Filters filter={filter} />
        <section class="card" data-live="letters">
          {found.letters.length === 0 ? (
            <Empty>{isFiltered ? 'No refused letter matches.' : 'Nothing was refused. That is how it should be.'}</Empty>
          ) : (
            <>
              {view.person.role === 'operator' ? <Bulk matching={found.matching} filter={filter} view={view} /> : null}
              <Letters letters={found.letters} view={view} />
              {found.next === null ? null : (
                <p>
                  <a href={`?${nextPage(filter, found.next)}`}>Later ones</a>
                </p>
              )}
            </>
          )}
        </section>
        <div data-live="held">
          <HeldKeys held={held} view={view} />
        </div>
      </>,
    )
  }
}

const nextPage = (filter: DeadFilter, after: string): URLSearchParams => {
  const next = new URLSearchParams({ after })
  for (const [name, value] of Object.entries(filter)) next.set(name, String(value))
  return next
}

const Filters = ({ filter }: { filter: DeadFilter }) => (
  <form class="filters" method="get">
    <label>
      Kind of letter
      <select name="prefix">
        <option value="">any</option>
        {letterKinds.map(({ prefix }) => (
          <option value={prefix} selected={filter.prefix === prefix}>
            {prefix}
          </option>
        ))}
      </select>
    </label>
    <label>
      Lane
      <select name="lane">
        <option value="">both</option>
        {kindNames.map((lane) => (
          <option value={lane} selected={filter.lane === lane}>
            {lane}
          </option>
        ))}
      </select>
    </label>
    <label>
      Code
      <input name="code" value={filter.code ?? ''} placeholder="CRM_REFUSED" />
    </label>
    <label>
      Words of the reason
      <input name="text" value={filter.text ?? ''} />
    </label>
    <button type="submit" class="second">
      Filter
    </button>
  </form>
)

const Bulk = ({ matching, filter, view }: { matching: number; filter: DeadFilter; view: View }) => (
  <form class="bulk" id={FORM} method="post" action="/ui/falhas/requeue">
    <Csrf person={view.person} />
    {Object.entries(filter).map(([name, value]) => (
      <input type="hidden" name={name} value={String(value)} />
    ))}
    <label class="inline">
      <input type="radio" name="which" value="chosen" checked /> those chosen below
    </label>
    <label class="inline">
      <input type="radio" name="which" value="matching" /> all that match, up to {plural(matching, 'letter')}
    </label>
    <button type="submit" name="how" value="again">
      Requeue
    </button>
    <button type="submit" class="second" name="how" value="rebase" title="What is sent is recomputed from what the ERP holds now">
      Rebase and requeue
    </button>
  </form>
)

const Letters = ({ letters, view }: { letters: readonly FoundLetter[]; view: View }) => (
  <Scroll label="Refused letters">
    <table class="stack">
      <thead>
        <tr>
          {view.person.role === 'operator' ? (
            <th>
              <input type="checkbox" data-all="file" form={FORM} aria-label="All of this page" hidden />
            </th>
          ) : null}
          <th>refused</th>
          <th>letter</th>
          <th>about</th>
          <th>why</th>
        </tr>
      </thead>
      <tbody>
        {letters.map(({ dead, lines }) => {
          const first = lines?.[0]
          const reason = first?.reason ?? dead.letter.lines[0]
          const link = `/ui/falhas/${encodeURIComponent(dead.file)}`
          return (
            <tr>
              {view.person.role === 'operator' ? (
                <td>
                  <input type="checkbox" name="file" value={dead.file} form={FORM} aria-label={`Choose ${dead.file}`} />
                </td>
              ) : null}
              <td class="nowrap" data-label="refused">
                <Time at={new Date(dead.letter.failedAt)} clock={view.clock} />
              </td>
              <td data-label="letter">
                <a href={first && (dead.lines?.length ?? 1) > 1 ? `${link}?line=${first.reason.line}` : link}>
                  {dead.kind?.prefix ?? 'unknown'}
                </a>
                <br />
                <small>{plural(dead.lines?.length ?? 1, 'line')}</small>
              </td>
              <td data-label="about">
                {first?.about.name ?? <span class="dim">not said</span>}
                <br />
                <small class="nowrap">{first?.about.taxId ?? first?.about.key}</small>
                {lines && lines.length > 1 ? <small> and {lines.length - 1} more</small> : null}
              </td>
              <td class="wrap" data-label="why">
                <code>{reason?.code}</code>
                <br />
                {reason?.reason.slice(0, 200)}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  </Scroll>
)
