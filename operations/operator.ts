/** What every action of an operator is given: by the command line, the API and the pages alike. */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Audited } from '../connectors/state/people/audit.ts'
import type { Lanes } from './open-dead.ts'

export interface Operator {
  readonly lanes: Lanes
  readonly state: pg.Pool
  readonly log: Logger
  /** `user:<name>`, `token:<name>` or `cli:<login of the machine>`. */
  readonly actor: string
  readonly audited: Audited
}
