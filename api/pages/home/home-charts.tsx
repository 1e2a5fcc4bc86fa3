/** The two charts of the home page. */
import type { Run } from '../../../connectors/state/runs/runs.ts'
import { type Clock, fullTime, number, plural, shortTime, took } from '../format.ts'
import { Empty } from '../parts.tsx'
import { Bars } from './charts.tsx'
import type { HomeData } from './home-data.ts'

type Props = { data: HomeData; clock: Clock }

export function HoursChart({ data: { hours }, clock }: Props) {
  const sum = (name: 'delivered' | 'refused' | 'applied' | 'rejected') => hours.reduce((total, hour) => total + hour[name], 0)
  const [out, into, refused] = [sum('delivered'), sum('applied'), sum('refused') + sum('rejected')]
  if (out + into + refused === 0) return <Empty>Nothing went either way. That is normal while nobody changes anything.</Empty>
  return (
    <>
      <ul class="legend">
        <li class="one">to the CRM {number(out)}</li>
        <li class="two">to the ERP {number(into)}</li>
        <li class="bad">refused {number(refused)}</li>
      </ul>
      <Bars
        label={`In 24 hours ${plural(out, 'change')} delivered to the CRM, ${plural(into, 'event')} applied to the ERP, ${number(refused)} refused.`}
        unit="to the CRM + to the ERP + refused"
        from={shortTime(hours[0]!.at, clock)}
        to="now"
        bars={hours.map(({ at, delivered, applied, refused, rejected }) => ({
          title: fullTime(at, clock.zone),
          parts: [
            { value: delivered, tone: 'one' },
            { value: applied, tone: 'two' },
            { value: refused + rejected, tone: 'bad' },
          ],
        }))}
      />
    </>
  )
}

export function ComparesChart({ data: { compares }, clock }: Props) {
  const last = compares.at(-1)
  if (!last) return <Empty>No compare has run yet. Its schedule will run it, or you do, under Jobs.</Empty>
  const changed = (run: Run) => Number(run.counts.changed ?? 0)
  const ms = (run: Run) => (run.endedAt === null ? null : run.endedAt.getTime() - run.startedAt.getTime())
  const rows = ((last.counts.detectors ?? []) as { rows?: { desired: number } }[]).reduce((sum, { rows }) => sum + (rows?.desired ?? 0), 0)
  const duration = ms(last)
  return (
    <>
      <p class="figures">
        <b>{number(changed(last))}</b> differed of {plural(rows, 'row')}
        {duration === null ? ', still running' : `, in ${took(duration)}`}
      </p>
      <Bars
        label={`Changes found by the last ${compares.length} compares; the newest found ${number(changed(last))}.`}
        unit="changes"
        from={shortTime(compares[0]!.startedAt, clock)}
        to={shortTime(last.startedAt, clock)}
        bars={compares.map((run) => ({
          title: `${fullTime(run.startedAt, clock.zone)}, ${run.status}${ms(run) === null ? '' : `, ${took(ms(run)!)}`}`,
          href: `/ui/runs/${run.id}`,
          parts: [
            run.status === 'failed' || run.status === 'stopped'
              ? { value: Math.max(1, changed(run)), tone: 'bad' as const }
              : { value: changed(run), tone: 'one' as const },
          ],
        }))}
      />
    </>
  )
}
