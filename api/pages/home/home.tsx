/** The operations home: what is wrong, both directions at a glance, what waits, what was refused, what went, what ran. */
import type { Context, Hono } from 'hono'
import type { ApiDeps } from '../../deps.ts'
import type { ApiEnv } from '../../http/types.ts'
import { page, type View } from '../layout.tsx'
import { sharedLook } from '../shared-look.ts'
import { Alerts } from './home-alerts.tsx'
import { ComparesChart, HoursChart } from './home-charts.tsx'
import { compareJob, type HomeData, homeData } from './home-data.ts'
import { Direction, Kinds, Quotas, Runs } from './home-parts.tsx'

const TTL_MS = 2_000

export function registerHome(pages: Hono<ApiEnv>, deps: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  const look = sharedLook(() => homeData(deps), TTL_MS)
  pages.get('/ui', async (c) => {
    const view = viewOf(c)
    return page(c, view, { title: 'Home', live: true }, <Home view={view} data={await look()} />)
  })
}

const Home = ({ view: { clock }, data }: { view: View; data: HomeData }) => (
  <>
    <h1>Home</h1>
    <Alerts data={data} clock={clock} />
    <div class="ways" data-live="ways">
      <Direction way="out" data={data} clock={clock} />
      <Direction way="in" data={data} clock={clock} />
    </div>
    <div class="columns">
      <section class="card" data-live="hours">
        <h2>The last 24 hours</h2>
        <HoursChart data={data} clock={clock} />
      </section>
      <section class="card" data-live="compares">
        <h2>
          The last compares <a href={`/ui/jobs/${compareJob}`}>all</a>
        </h2>
        <ComparesChart data={data} clock={clock} />
      </section>
    </div>
    <section class="card" data-live="kinds">
      <h2>
        The queue <a href="/ui/falhas">falhas</a>
      </h2>
      <Kinds kinds={data.kinds} clock={clock} />
    </section>
    <div class="columns">
      <section class="card" data-live="runs">
        <h2>
          Last run of each job <a href="/ui/jobs">all jobs</a>
        </h2>
        <Runs runs={data.runs} clock={clock} />
      </section>
      <section class="card" data-live="quota">
        <h2>The CRM’s quota</h2>
        <Quotas quotas={data.quotas} clock={clock} />
      </section>
    </div>
  </>
)
