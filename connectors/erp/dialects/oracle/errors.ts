/** What an error of Oracle or its driver means for the person on call. Messages name objects, never values of rows or passwords. */
import { PonteError } from '../../../../base/error.ts'
import {
  DEADLOCK,
  type Meaning,
  meant,
  NO_SPACE,
  REFUSED_INSERT,
  REFUSED_MIRROR,
  REFUSED_UPDATE,
  TIMEOUT,
  VALUE,
} from '../../error-meanings.ts'

const REFUSED: Meaning = {
  code: 'erp.login_refused',
  message: 'the ERP database refuses the login',
  hint: 'check user and password (DB_USER, DB_PASSWD or ORACLE_URL); a user that is locked or expired is unlocked by the DBA',
  exitCode: 2,
}
const UNREACHABLE: Meaning = {
  code: 'erp.unreachable',
  message: 'the ERP database does not answer',
  hint: 'check host and port (DB_HOST, DB_PORT or ORACLE_URL), and whether listener and instance run and let this machine in',
}
/** An instance that starts registers its services last; a wrong name looks the same, so the worker goes on trying. */
const NOT_OPEN: Meaning = {
  code: 'erp.unreachable',
  message: 'the ERP database does not let anybody in: it starts, stops, is not open, or its listener does not know the service',
  hint: 'it is tried again; when it lasts, see whether the instance is open (lsnrctl status lists services) and check DB_SERVICE_NAME or ORACLE_URL (the service name, not the SID)',
}
const NO_ALIAS: Meaning = {
  code: 'erp.database_missing',
  message: 'the connect string of the ERP database leads nowhere',
  hint: 'check ORACLE_URL or DB_SERVICE_NAME; a TNS alias is looked up in tnsnames.ora of the folder that TNS_ADMIN names',
  exitCode: 2,
}
const SHUT_OUT: Meaning = {
  code: 'erp.login_refused',
  message: 'the listener of the ERP database does not let this machine use the service',
  hint: "the DBA adds this machine to the service's access list, or to tcp.invited_nodes of the listener's sqlnet.ora",
  exitCode: 2,
}
const CHARSET: Meaning = {
  code: 'erp.needs_client',
  message: "the ERP database's national character set is UTF8, which only Oracle's own client library understands",
  hint: 'install Oracle Instant Client and let ORACLE_CLIENT_DIR name its folder',
  exitCode: 2,
}
const TLS: Meaning = {
  code: 'erp.tls',
  message: 'the encrypted connection to the ERP database could not be made',
  hint: 'check ORACLE_WALLET_DIR (it holds ewallet.pem) and ORACLE_WALLET_PASSWORD, and that the certificate names the host in DB_HOST or ORACLE_URL',
  exitCode: 2,
}
const THICK: Meaning = {
  code: 'erp.needs_client',
  message: "the ERP database speaks in a way that only Oracle's own client library understands",
  hint: 'install Oracle Instant Client and let ORACLE_CLIENT_DIR name its folder. That is for encryption by sqlnet.ora, a password that is kept in the form of 10g (setting it anew on a 12c or later mends it too), and servers older than 12.1',
  exitCode: 2,
}
const INCOMPLETE: Meaning = {
  code: 'erp.view_missing',
  message: 'the ERP database lacks an object that Ponte needs, or does not show it to this user',
  hint: 'run ponte migrate, or sql/oracle/grants.sql when the schema belongs to another user',
}
const DENIED: Meaning = {
  code: 'erp.permission_denied',
  message: 'the ERP database denies permission',
  hint: 'grant the user what sql/oracle/grants.sql lists; the cause names the object',
}
const FULL: Meaning = {
  code: 'erp.too_many_connections',
  message: 'no connection to the ERP database is free',
  hint: 'look whether the instance hangs; if not, raise sessions and processes there, or lower the number of readers and CRM_CONCURRENCY here',
}
const TOO_OLD: Meaning = {
  code: 'erp.snapshot_lost',
  message: 'the moment that was to be read is gone: the ERP database does not hold it any more',
  hint: 'nothing was changed: run again; when it happens often, raise undo_retention there or read with more readers (ORA-01555); after a table was altered or truncated (ORA-01466, ORA-08103) the next run reads it as it is now',
}

type Meanings = readonly (readonly [meaning: Meaning, numbers: readonly number[]])[]

/** By ORA number (Oracle Database Error Messages 19c); the last three are raised by sql/oracle. */
const BY_ORA: Meanings = [
  [REFUSED, [1005, 1017, 1045, 28000, 28001, 28002]],
  [NO_ALIAS, [12154]],
  [NOT_OPEN, [1033, 1034, 1035, 1089, 1090, 1092, 1109, 12505, 12514, 12521, 12526, 12527, 12528]],
  [SHUT_OUT, [12506, 12529]],
  [
    UNREACHABLE,
    [
      28, 1012, 2396, 3113, 3114, 3135, 12170, 12516, 12518, 12519, 12520, 12535, 12537, 12541, 12543, 12545, 12547, 12560, 12570, 12571,
      12606, 12609,
    ],
  ],
  [NO_SPACE, [257, 1536, 1628, 1631, 1650, 1652, 1653, 1654, 1655, 1658, 1659, 1683, 1688, 1691, 1692, 1693, 19809, 19815, 30036]],
  [TLS, [28759, 28860, 29002, 29024]],
  [THICK, [12660, 28040]],
  [FULL, [18, 20, 2391]],
  [INCOMPLETE, [904, 942, 4043, 6550, 4063, 4067]],
  [DENIED, [1031, 1720, 41900]],
  [TIMEOUT, [54, 1013, 4021, 30006]],
  [TOO_OLD, [1466, 1555, 8103, 8180, 8181, 22924]],
  [DEADLOCK, [60, 8177]],
  [VALUE, [1, 1400, 1407, 1426, 1438, 1461, 1489, 1722, 1830, 1839, 1841, 1843, 1847, 1858, 1861, 2290, 2291, 2292, 6502, 12899, 29275]],
  [REFUSED_MIRROR, [20020]],
  [REFUSED_UPDATE, [20012]],
  [REFUSED_INSERT, [20001]],
]

/** By the driver's own number (node-oracledb, NJS-...). */
const BY_NJS: Meanings = [
  [UNREACHABLE, [500, 501, 503, 510, 511, 521, 530]],
  [NOT_OPEN, [518, 519]],
  [NO_ALIAS, [514, 515, 516, 517, 520, 522]],
  [CHARSET, [100]],
  // 512, a bad parameter of the connect string, which is ours: the wallet cannot be read.
  [TLS, [505, 506, 507, 508, 512, 529]],
  [THICK, [116, 138, 531, 532, 533]],
  [FULL, [40, 76]],
  [TIMEOUT, [123]],
]

/** What oracledb throws, as far as it is used here. */
export interface OracleFailure {
  readonly code?: string
  readonly message?: string
  readonly isRecoverable?: boolean
}

/** `ORA` or `NJS` and the number; undefined when it is no error of Oracle or its driver. */
export function numberOf(error: unknown): { readonly kind: 'ORA' | 'NJS'; readonly number: number } | undefined {
  const { code = '', message = '' } = (error ?? {}) as OracleFailure
  // Entries of batchErrors carry no code.
  const found = /^(ORA|NJS)-(\d+)/.exec(code) ?? /^(ORA|NJS)-(\d+):/.exec(message)
  return found ? { kind: found[1] as 'ORA' | 'NJS', number: Number(found[2]) } : undefined
}

export function isOra(error: unknown, ...numbers: readonly number[]): boolean {
  const found = numberOf(error)
  return found?.kind === 'ORA' && numbers.includes(found.number)
}

/** The line is gone, and whatever was not committed with it: another connection may be tried. */
export function isLost(error: unknown): boolean {
  if ((error as OracleFailure | null)?.isRecoverable === true) return true
  const found = numberOf(error)
  return found?.kind === 'NJS' && [500, 501, 503].includes(found.number)
}

/** The PonteError for whatever a statement or a connection threw; a PonteError passes through. */
export function erpError(error: unknown): PonteError {
  if (error instanceof PonteError) return error
  const found = numberOf(error)
  const table = found?.kind === 'NJS' ? BY_NJS : BY_ORA
  const meaning = found && table.find(([, numbers]) => numbers.includes(found.number))?.[0]
  const cause = withoutValues(error)
  const name = found ? ` (${found.kind}-${String(found.number).padStart(found.kind === 'ORA' ? 5 : 3, '0')})` : ''
  if (meaning === undefined) {
    return new PonteError('erp.failed', `the ERP database failed${name}`, { hint: 'the cause holds what the server said', cause })
  }
  const object = meaning === INCOMPLETE ? `: ${firstLine((cause as Error).message)}` : ''
  return meant(meaning, object, cause)
}

const firstLine = (text: string): string => text.split('\n')[0]!

/** Since 23ai some messages quote the value or the whole row, and the driver adds a line of help: only the first line stays, without what is quoted. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error) || numberOf(error) === undefined) return error
  const quotes = isOra(error, 1722, 1858, 1861, 1)
  error.message = quotes ? firstLine(error.message).replace(/'[^']*'/g, '?') : firstLine(error.message)
  error.stack = error.message
  return error
}
