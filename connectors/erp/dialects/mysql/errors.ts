/** What an error of MySQL or MariaDB means for the person on call. Messages name objects, never values of rows or passwords. */
import { PonteError } from '../../../../base/error.ts'
import { isTls } from '../../../tls.ts'
import {
  DEADLOCK,
  type Meaning,
  meant,
  NO_SPACE,
  REFUSED_INSERT,
  REFUSED_MIRROR,
  REFUSED_UPDATE,
  readOnly,
  TIMEOUT,
  tls,
  VALUE,
} from '../../error-meanings.ts'

const REFUSED: Meaning = {
  code: 'erp.login_refused',
  message: 'the ERP database refuses the login',
  hint: 'check user and password (DB_USER, DB_PASSWD or MYSQL_URL) and from which hosts the server lets this user in',
  exitCode: 2,
}
const UNREACHABLE: Meaning = {
  code: 'erp.unreachable',
  message: 'the ERP database does not answer',
  hint: 'check host and port (DB_HOST, DB_PORT or MYSQL_URL), and whether the server runs and lets this machine in',
}
const TLS = tls('MYSQL_URL')
const READ_ONLY = readOnly('MYSQL_URL')
const INCOMPLETE: Meaning = {
  code: 'erp.view_missing',
  message: 'the ERP database lacks an object that Ponte needs',
  hint: 'run ponte migrate',
}
const DENIED: Meaning = {
  code: 'erp.permission_denied',
  message: 'the ERP database denies permission',
  hint: 'grant the user what sql/mysql/README.md lists; the cause names the object',
}
const FULL: Meaning = {
  code: 'erp.too_many_connections',
  message: 'the ERP database has no connection left',
  hint: 'raise max_connections there, or lower the number of readers',
}

/** By the server's error number (MySQL 8 reference manual, server error messages; MariaDB error codes). */
const BY_NUMBER: Readonly<Record<number, Meaning>> = {
  1040: FULL,
  1203: FULL,
  1226: FULL,
  1045: REFUSED,
  1130: REFUSED,
  1251: REFUSED,
  1698: REFUSED,
  1049: {
    code: 'erp.database_missing',
    message: 'the ERP database does not exist on its server',
    hint: 'check its name (DB_SERVICE_NAME or MYSQL_URL), or create it',
    exitCode: 2,
  },
  1129: {
    code: 'erp.login_refused',
    message: 'the ERP database has shut this machine out after too many broken connections',
    hint: 'run FLUSH HOSTS there, and find out what broke them; max_connect_errors says how many are allowed',
  },
  1021: NO_SPACE,
  1037: NO_SPACE,
  1038: NO_SPACE,
  1041: NO_SPACE,
  1114: NO_SPACE,
  1290: READ_ONLY,
  1792: READ_ONLY,
  1836: READ_ONLY,
  1053: UNREACHABLE,
  1927: UNREACHABLE,
  4031: UNREACHABLE,
  1044: DENIED,
  1142: DENIED,
  1143: DENIED,
  1227: DENIED,
  1370: DENIED,
  1054: INCOMPLETE,
  1146: INCOMPLETE,
  1305: INCOMPLETE,
  1356: INCOMPLETE,
  1205: TIMEOUT,
  1213: DEADLOCK,
  1317: TIMEOUT,
  1969: TIMEOUT,
  3024: TIMEOUT,
  1048: VALUE,
  1062: VALUE,
  1264: VALUE,
  1265: VALUE,
  1292: VALUE,
  1366: VALUE,
  1406: VALUE,
  // A character that the column's character set lacks, a date that is none, an overflow.
  1300: VALUE,
  1411: VALUE,
  1441: VALUE,
  1690: VALUE,
  3854: VALUE,
  3988: VALUE,
  1452: VALUE,
  3819: VALUE,
  4025: VALUE,
}

/** By SQLSTATE: what procedures and triggers of sql/mysql raise. */
const BY_STATE: Readonly<Record<string, Meaning>> = {
  P2020: REFUSED_MIRROR,
  P2012: REFUSED_UPDATE,
  P2001: REFUSED_INSERT,
}

/** Fields of mysql2's errors. */
export interface MysqlError {
  readonly code?: string
  readonly errno?: number
  readonly sqlState?: string
  readonly message?: string
}

/** The PonteError for whatever a query or a connection threw; a PonteError passes through. */
export function erpError(error: unknown): PonteError {
  if (error instanceof PonteError) return error
  const { code = '', errno = 0, sqlState = '', message = '' } = error as MysqlError
  const meaning = BY_STATE[sqlState] ?? BY_NUMBER[errno] ?? (isTls(error) ? TLS : isConnection(code, message) ? UNREACHABLE : undefined)
  const cause = withoutValues(error)
  if (meaning !== undefined) {
    const object = meaning === INCOMPLETE ? `: ${message}` : ''
    return meant(meaning, object, cause)
  }
  return new PonteError('erp.failed', `the ERP database failed${errno > 0 ? ` (error ${errno})` : ''}`, {
    hint: 'the cause holds what the server said',
    cause,
  })
}

/** The line broke, or nobody answered on it: whether the last statement was done is not known. */
export const isLost = (error: unknown): boolean => {
  const { code = '', message = '' } = error as MysqlError
  return isConnection(code, message)
}

function isConnection(code: string, message: string): boolean {
  return (
    /^PROTOCOL_(CONNECTION_LOST|SEQUENCE_TIMEOUT|ENQUEUE_AFTER)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE'].includes(code) ||
    /closed state|Connection lost|server closed the connection/i.test(message)
  )
}

/** The driver's error carries the statement with its values, and some messages quote the row; both are taken off before anyone can print them. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error) || !('sql' in error || 'sqlMessage' in error)) return error
  const { errno = 0 } = error as MysqlError
  Object.assign(error, { sql: undefined, sqlMessage: undefined })
  if ([1062, 1292, 1366].includes(errno)) {
    error.message = error.message.replace(
      /^(Duplicate entry|Incorrect \w+ value:|Truncated incorrect \w+ value:) '.*?'(?= for | at |$)/,
      '$1 ?',
    )
    error.stack = error.message
  }
  return error
}
