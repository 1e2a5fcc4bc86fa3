/** What the routes of CoreIntegrator need. */
import type { Logger } from 'pino'
import type { Database } from '../../connectors/coreintegrator/database.ts'
import type { Syncer } from '../../jobs/coreintegrator/syncer.ts'

export interface CoreIntegratorDeps {
  readonly database: Database
  readonly syncer: Syncer
  readonly log: Logger
}
