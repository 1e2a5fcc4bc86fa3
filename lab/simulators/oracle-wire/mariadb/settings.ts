/** How MariaDB stands in for an Oracle. */
import type { Flashback } from './translate.ts'

export interface MariadbSettings {
  /** `mysql://user:password@host:port/database`; the database is what the driver sees as its schema. */
  readonly url: string
  /** Default: `kept`. */
  readonly flashback?: Flashback
  /** What MariaDB lacks of Oracle's DDL, mended before the statement is run; default: it goes as it came. */
  readonly ddl?: (statement: string) => string
}
