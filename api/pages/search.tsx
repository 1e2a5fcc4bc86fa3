/** Everything that ever happened to one company. Asked by POST: a tax id does not belong into addresses, which are kept and logged. */
import type { Context, Hono } from 'hono'
import { PonteError } from '../../base/error.ts'
import type { Question } from '../../operations/who-is.ts'
import { type Happening, type History, why } from '../../operations/why.ts'
import type { ApiDeps } from '../deps.ts'
import { formOf } from '../http/input.ts'
import type { ApiEnv } from '../http/types.ts'
import { Csrf, page, type View } from './layout.tsx'
import { Badge, Empty, Said, Time, type Tone } from './parts.tsx'

const kinds = { taxId: 'Tax id (CNPJ, CPF)', leadId: 'Lead of the CRM', clientCode: 'Client code of the ERP' } as const
type Kind = keyof typeof kinds

export function registerSearch(pages: Hono<ApiEnv>, deps: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  const show = (c: Context<ApiEnv>, kind: Kind, value: string, history: History | null, problem: string | null) => {
    const view = viewOf(c)
    return page(
      c,
      view,
      { title: 'Search', status: problem === null ? 200 : 400 },
      <>
        <h1>Search: everything that happened</h1>
        <Said notice={problem === null ? null : { tone: 'bad', text: problem }} />
        <Form kind={kind} value={value} view={view} />
        {history === null ? (
          <Empty>
            Every change, delivery, refusal, webhook, conflict and operator’s action of one company, by any of its names in ERP and CRM; and
            what the ERP’s own logs say of it.
          </Empty>
        ) : (
          <Found history={history} view={view} />
        )}
      </>,
    )
  }
  pages.get('/ui/search', (c) => show(c, 'taxId', '', null, null))
  pages.post('/ui/search', async (c) => {
    const sent = await formOf(c)
    const kind = (Object.keys(kinds) as Kind[]).find((one) => one === sent.kind) ?? 'taxId'
    const value = typeof sent.value === 'string' ? sent.value.trim().slice(0, 40) : ''
    try {
      return show(c, kind, value, await why(deps, { [kind]: value } as unknown as Question), null)
    } catch (error) {
      if (error instanceof PonteError && error.code === 'why.bad_question') return show(c, kind, value, null, `${error.message}.`)
      throw error
    }
  })
}

const Form = ({ kind, value, view }: { kind: Kind; value: string; view: View }) => (
  <form class="filters" method="post" action="/ui/search">
    <Csrf person={view.person} />
    <label>
      By
      <select name="kind">
        {Object.entries(kinds).map(([name, words]) => (
          <option value={name} selected={name === kind}>
            {words}
          </option>
        ))}
      </select>
    </label>
    <label>
      Which
      <input name="value" value={value} required autocomplete="off" maxlength={40} />
    </label>
    <button type="submit">Search</button>
  </form>
)

function Found({ history: { who, happenings }, view }: { history: History; view: View }) {
  const facts = [
    ['names', who.names],
    ['tax ids', who.taxIds],
    ['leads in the CRM', who.leads],
    ['branches in the ERP', who.branches],
    ['contacts in the ERP', who.contacts],
    ['persons in the CRM', who.persons],
  ] as const
  return (
    <>
      <section class="card">
        <dl class="facts">
          {facts
            .filter(([, values]) => values.length > 0)
            .map(([name, values]) => (
              <>
                <dt>{name}</dt>
                <dd>{values.join(', ')}</dd>
              </>
            ))}
        </dl>
        {who.notes.map((note) => (
          <p class="said warn">{note}</p>
        ))}
      </section>
      <section class="card">
        <h2>What happened, newest first</h2>
        {happenings.length === 0 ? (
          <Empty>Nothing that Ponte remembers. That is normal for a company that neither side has changed.</Empty>
        ) : (
          <ol class="story">
            {happenings.toReversed().map((one) => (
              <Item one={one} view={view} />
            ))}
          </ol>
        )}
      </section>
    </>
  )
}

const tones: Readonly<Record<Happening['kind'], Tone>> = {
  change: 'busy',
  delivery: 'ok',
  refusal: 'bad',
  webhook: 'idle',
  event: 'ok',
  conflict: 'warn',
  operator: 'busy',
  task: 'idle',
  'erp log': 'idle',
}

const Item = ({ one: { at, kind, record, text, code, letter }, view }: { one: Happening; view: View }) => (
  <li>
    <span class="nowrap">
      <Time at={at} clock={view.clock} />
    </span>
    <span>
      <Badge tone={kind === 'erp log' && code !== null ? 'bad' : tones[kind]}>{kind}</Badge>
    </span>
    <span class="wrap">
      {text} <small>{record}</small>
      {code === null ? null : (
        <>
          {' '}
          <code>{code}</code>
        </>
      )}
      {kind === 'refusal' && letter !== null ? (
        <>
          {' '}
          <a href={`/ui/falhas/${encodeURIComponent(letter)}`}>the letter</a>
        </>
      ) : null}
    </span>
  </li>
)
