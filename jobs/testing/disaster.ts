/** What a disaster leaves: ERP, CRM and the backups. State, queue and snapshots are gone; a new state database takes their place. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { jobNamed, recordJobs } from '../catalogue.ts'
import { type Restored, restore } from '../keep/restore.ts'
import { type RunOptions, type RunReport, runJob } from '../run/run-job.ts'
import { type Bridge, openContext } from './bridge.ts'

const stateSchema = new URL('../../sql/state/', import.meta.url)

export interface Survivor extends Bridge {
  readonly restored: Restored
}

/** The same bridge with a restored memory. Close both, this one first. */
export async function destroyAndRestore(bridge: Bridge, file: string, identity: string): Promise<Survivor> {
  for (const gone of ['queue', 'snapshots']) rmSync(join(bridge.folder, gone), { recursive: true, force: true })
  await bridge.state.query('drop schema public cascade')
  const database = await testDatabase({ migrate: [stateSchema] })
  const places = { state: database.pool, queueRoot: join(bridge.folder, 'queue'), stateDir: bridge.folder }
  const restored = await restore(file, identity, places, false)
  const where = { ...bridge.where, stateUrl: database.url }
  const { context, close } = await openContext(where)
  const run = (job: string, options: RunOptions = {}) => runJob(context, jobNamed(job), options)
  return {
    ...bridge,
    restored,
    context,
    where,
    state: database.pool,
    run,
    async cycle() {
      const reports: RunReport[] = []
      for (const job of recordJobs) reports.push(await run(job.name))
      return reports
    },
    async close() {
      await close()
      await database.drop()
    },
  }
}
