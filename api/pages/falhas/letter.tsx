/** One refused letter: what was sent, why it was refused, what ERP and CRM hold now, and what may be done. */
import type { Context } from 'hono'
import type { DeadLine } from '../../../operations/dead-line.ts'
import { linesNumbered, type OpenDead, openDead } from '../../../operations/open-dead.ts'
import { type LineView, type Side, showLines } from '../../../operations/show-dead.ts'
import type { ApiDeps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { ApiEnv } from '../../http/types.ts'
import { said } from '../flash.ts'
import { plural } from '../format.ts'
import { page, type View } from '../layout.tsx'
import { Badge, Said, Time } from '../parts.tsx'
import { Actions } from './letter-actions.tsx'
import { Fields } from './letter-fields.tsx'

const MOST_LINES = 100

export function showLetter({ lanes, state, erp, crm }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View) {
  return async (c: Context<ApiEnv>) => {
    const view = viewOf(c)
    const dead = await openDead(lanes, c.req.param('file') ?? '').catch(() => {
      throw new ApiError('NOT_FOUND', 'This letter is not in falhas (any more).', { hint: 'The page of falhas lists what is there.' })
    })
    const asked = c.req.query('line')
    const line = dead.lines === null ? null : asked === undefined ? dead.lines[0]! : linesNumbered(dead.lines, [Number(asked)])[0]!
    const [shown] = line === null ? [] : await showLines({ state }, dead, [line], { erp, crm })
    return page(
      c,
      view,
      { title: 'A refused letter' },
      <>
        <h1>{dead.kind?.prefix ?? 'A letter that no job takes'}</h1>
        <Said notice={said(c)} />
        <Head dead={dead} line={line} view={view} />
        {shown ? <Line dead={dead} shown={shown} view={view} /> : <Raw dead={dead} />}
        <Actions dead={dead} line={line} view={view} />
      </>,
    )
  }
}

const Head = ({ dead, line, view }: { dead: OpenDead; line: DeadLine | null; view: View }) => (
  <section class="card">
    <dl class="facts">
      <dt>refused</dt>
      <dd>
        <Time at={new Date(dead.letter.failedAt)} clock={view.clock} />
      </dd>
      <dt>letter</dt>
      <dd class="mono">{dead.file}</dd>
      <dt>job</dt>
      <dd>{dead.kind?.job ? <a href={`/ui/jobs/${dead.kind.job}`}>{dead.kind.job}</a> : 'none takes it'}</dd>
      {dead.lines && dead.lines.length > 1 ? (
        <>
          <dt>{plural(dead.lines.length, 'refused line')}</dt>
          <dd>
            {dead.lines.slice(0, MOST_LINES).map((one) => (
              <>
                <a href={`?line=${one.reason.line}`} aria-current={one === line ? 'true' : undefined} title={one.reason.code} class="tab">
                  {one.reason.line}
                </a>{' '}
              </>
            ))}
            {dead.lines.length > MOST_LINES ? '…' : null}
          </dd>
        </>
      ) : null}
    </dl>
  </section>
)

function Line({ dead, shown, view }: { dead: OpenDead; shown: LineView; view: View }) {
  const { line, standing } = shown
  const { reason, about } = line
  return (
    <>
      <section class="card">
        <h2>Why it was refused</h2>
        <p>
          <Badge tone="bad">{reason.code}</Badge>{' '}
          <span class="dim">
            {reason.httpStatus === undefined ? '' : `HTTP ${reason.httpStatus}, `}
            {plural(reason.attempts, 'attempt')}
          </span>
        </p>
        <p class="message">{reason.reason}</p>
        {reason.editedAt === undefined ? null : (
          <p class="dim">
            Corrected since, <Time at={new Date(reason.editedAt)} clock={view.clock} />, and not sent yet.
          </p>
        )}
        {standing === 'overtaken' ? (
          <p class="said warn">A newer change of this record waits or was delivered: requeued, this line ends without a call.</p>
        ) : null}
      </section>
      <section class="card">
        <h2>{about.name ?? about.taxId ?? about.key ?? 'What it says'}</h2>
        <Sides erp={shown.erp} crm={shown.crm} crmId={shown.crmId} />
        <Fields dead={dead} shown={shown} view={view} />
        <details>
          <summary>The line as it is in the file</summary>
          <pre>{line.text}</pre>
        </details>
      </section>
    </>
  )
}

const words = (side: Side, name: string): string | null => {
  switch (side.kind) {
    case 'read':
      return null
    case 'absent':
      return `The ${name} has no such record.`
    case 'unasked':
      return `The ${name} was not asked: the line does not say whom it is about.`
    case 'away':
      return `The ${name} cannot be asked now: ${side.why}`
  }
}

const Sides = ({ erp, crm, crmId }: { erp: Side; crm: Side; crmId: number | null }) => (
  <p class="dim">
    {[words(erp, 'ERP'), words(crm, 'CRM'), crmId === null ? null : `In the CRM it is number ${crmId}.`]
      .filter((text) => text !== null)
      .join(' ')}
  </p>
)

const Raw = ({ dead }: { dead: OpenDead }) => (
  <section class="card">
    <h2>Why it was refused</h2>
    {dead.letter.lines.map(({ code, reason }) => (
      <p>
        <Badge tone="bad">{code}</Badge> {reason}
      </p>
    ))}
    <p class="dim">The file is no text, so nothing of it can be shown or corrected here.</p>
  </section>
)
