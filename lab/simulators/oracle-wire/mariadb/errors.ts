/** MariaDB's errors as the ORA errors that a real Oracle would give in their place. Values never go into a text. */
import { OracleError } from '../oracle-error.ts'

interface DriverError {
  readonly errno?: number
  readonly code?: string
  readonly sqlMessage?: string
}

type Told = readonly [number: number, text: string]

const TABLE: ReadonlyMap<number, Told> = new Map<number, Told>([
  [1040, [18, 'maximum number of sessions exceeded']],
  [1048, [1400, 'cannot insert NULL']],
  [1050, [955, 'name is already used by an existing object']],
  [1061, [955, 'name is already used by an existing object']],
  [1136, [947, 'not enough values']],
  [1142, [942, 'table or view does not exist']],
  [1143, [1031, 'insufficient privileges']],
  [1172, [1422, 'exact fetch returns more than requested number of rows']],
  [1205, [54, 'resource busy and acquire with NOWAIT specified or timeout expired']],
  [1213, [60, 'deadlock detected while waiting for resource']],
  [1242, [1427, 'single-row subquery returns more than one row']],
  [1264, [1438, 'value larger than specified precision allowed for this column']],
  [1292, [1861, 'literal does not match format string']],
  [1317, [1013, 'user requested cancel of current operation']],
  [1329, [1403, 'no data found']],
  [1364, [1400, 'cannot insert NULL']],
  [1365, [1476, 'divisor is equal to zero']],
  [1366, [1722, 'invalid number']],
  [1370, [1031, 'insufficient privileges']],
  [1406, [12899, 'value too large for column']],
  [1451, [2292, 'integrity constraint violated - child record found']],
  [1452, [2291, 'integrity constraint violated - parent key not found']],
  [1690, [1426, 'numeric overflow']],
  [1792, [1456, 'may not perform insert/delete/update operation inside a READ ONLY transaction']],
  [1927, [28, 'your session has been killed']],
  [4025, [2290, 'check constraint violated']],
])
/** Whose text names objects and syntax; it is what a developer needs. */
const TELLING: ReadonlyMap<number, Told> = new Map<number, Told>([
  [1054, [904, 'invalid identifier']],
  [1064, [900, 'invalid SQL statement']],
  [1109, [942, 'table or view does not exist']],
  [1146, [942, 'table or view does not exist']],
  [1305, [904, 'invalid identifier']],
])
const LOST = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ENOENT'])

/** `inPlsql`: an unknown name or a syntax error in a block is a compilation error. */
export function asOracleError(cause: unknown, inPlsql = false): OracleError {
  if (cause instanceof OracleError) return cause
  const { errno = 0, code = '', sqlMessage = '' } = cause as DriverError
  const raised = /^ORA-(\d{1,5}):\s*/.exec(sqlMessage)
  if (raised) return new OracleError(Number(raised[1]), sqlMessage.slice(raised[0].length), { cause })
  // RAISE_APPLICATION_ERROR's own range, by SIGNAL ... SET MYSQL_ERRNO.
  if (errno >= 20_000 && errno <= 20_999) return new OracleError(errno, sqlMessage, { cause })
  if (errno === 1062)
    return new OracleError(1, `unique constraint (${/for key '([^']*)'/.exec(sqlMessage)?.[1] ?? ''}) violated`, { cause })
  const telling = TELLING.get(errno)
  if (telling && inPlsql) return new OracleError(6550, `line 1, column 1: ${sqlMessage}`, { cause })
  if (telling) return new OracleError(telling[0], `${telling[1]} (MariaDB: ${sqlMessage})`, { cause })
  const told = TABLE.get(errno)
  if (told) return new OracleError(told[0], `${told[1]} (MariaDB ${errno})`, { cause })
  if (LOST.has(code) || errno === 2006 || errno === 2013) return new OracleError(3113, 'end-of-file on communication channel', { cause })
  return new OracleError(604, `error occurred at recursive SQL level 1 (MariaDB ${errno} ${code})`, { cause })
}

/** At the logon MariaDB's own refusal of user and password is Oracle's. */
export function asLogonError(cause: unknown): OracleError {
  if ((cause as DriverError).errno === 1045) return new OracleError(1017, 'invalid username/password; logon denied', { cause })
  const error = asOracleError(cause)
  return error.number === 3113 ? new OracleError(1034, 'the Oracle instance is not available for use', { cause }) : error
}
