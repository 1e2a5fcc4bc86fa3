/** A process that works on hand-overs until it is killed. Its argument says where everything is; it writes a line when it starts one. */
import pg from 'pg'
import { createLog } from '../../base/log/log.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { postgresErp } from '../../connectors/erp/dialects/postgres/erp.ts'
import { openHandovers } from '../deals/handover.ts'

const { crmUrl, token, stateUrl, erpUrl, leadId, answers, pauseMs, leaseMs } = JSON.parse(process.argv[2]!)
const handovers = openHandovers({
  crm: spotter({ baseUrl: crmUrl, token, quota: null }),
  erp: postgresErp({ url: erpUrl }),
  state: new pg.Pool({ connectionString: stateUrl }),
  log: createLog({ name: 'child', level: 'silent' }),
  answers,
  pauseMs,
  leaseMs,
})
const { id } = await handovers.start(leadId)
process.stdout.write(`${id}\n`)
setInterval(() => {}, 1_000)
