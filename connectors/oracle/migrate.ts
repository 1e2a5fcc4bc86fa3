/**
 * Brings an Oracle schema up to the scripts of `sql/oracle`. DDL commits by itself there, so it is noted before each statement that it is
 * under way and after it that it was done: a kill at any point leaves a state from which running again goes on.
 */

import { createHash } from 'node:crypto'
import { PonteError } from '../../base/error.ts'
import { isOra } from '../erp/dialects/oracle/errors.ts'
import { EARLIER } from '../pg/earlier.ts'
import type { OracleScript } from './scripts.ts'
import type { Session } from './session.ts'
import { completeErp, fillKeys, takeOver } from './take-over.ts'

export interface MigrateResult {
  /** Names of the files that ran now, in order. */
  readonly applied: string[]
  /** How many files were in place already. */
  readonly unchanged: number
  /** What was there already and is not as a script would have made it: sentences. */
  readonly told: readonly string[]
}

interface Done {
  readonly md5: string
  readonly statements: number
  /** Place of the statement that was under way, from 1; 0: none. */
  readonly running: number
}

const BOOK = `create table ponte_migrations (
  name varchar2(100 char) primary key,
  md5 varchar2(32 char),
  statements number(10) not null,
  running number(10) not null,
  applied_on timestamp(6) default localtimestamp(6) not null
)`
const PRIVILEGES = ['CREATE TABLE', 'CREATE VIEW', 'CREATE SEQUENCE', 'CREATE PROCEDURE', 'CREATE TRIGGER']
/** Tables of the prototype ERP: where the ERP has its own they are left out. */
const PROTOTYPE = /^erp_/

/**
 * Runs each script that is not repeatable once, and all repeatable ones again when any of them changed.
 * @param locker a second session: it holds the lock, which the first one's DDL would let go
 * @throws PonteError `oracle.migration_privileges` (nothing was changed), `oracle.migration_edited` | `_failed` | `_busy` | `_invalid` | `_partial_erp`
 */
export async function migrate(session: Session, locker: Session, scripts: readonly OracleScript[]): Promise<MigrateResult> {
  await openBook(session)
  await lock(locker)
  const done = await readBook(session)
  const again = scripts.some((script) => script.repeatable && done.get(script.name)?.md5 !== md5Of(script))
  const applied: string[] = []
  const told: string[] = []
  let invalid = false
  for (const script of scripts) {
    const before = done.get(script.name)
    if (!script.repeatable && before !== undefined && !isSame(script, before)) throw edited(script)
    if (script.repeatable ? !again : before !== undefined && isWhole(script, before)) continue
    if (before === undefined && PROTOTYPE.test(script.name) && (await hasItsOwn(session, script))) {
      told.push(...(await completeErp(session, script.statements)))
      await note(session, script, { md5: md5Of(script), statements: script.statements.length, running: 0 })
      continue
    }
    if (applied.length === 0) await checkPrivileges(session)
    if (script.repeatable && script === scripts.at(-1)) await fillKeys(session)
    if (await runScript(session, script, script.repeatable ? undefined : before, told)) invalid = true
    applied.push(script.name)
  }
  if (invalid) await checkCompiled(session)
  return { applied, unchanged: scripts.length - applied.length, told }
}

const isWhole = (script: OracleScript, { statements, running }: Done): boolean => statements === script.statements.length && running === 0

const isSame = (script: OracleScript, { md5 }: Done): boolean => md5 === md5Of(script) || md5 === EARLIER[`oracle/${script.name}`]

/** @returns true when something was made that does not compile */
async function runScript(session: Session, script: OracleScript, before: Done | undefined, told: string[]): Promise<boolean> {
  // A repeatable script counts as done when all of it is: its md5 is written last.
  const md5 = script.repeatable ? '' : md5Of(script)
  let invalid = false
  for (let at = before?.statements ?? 0; at < script.statements.length; at += 1) {
    const statement = script.statements[at]!
    await note(session, script, { md5, statements: at, running: at + 1 })
    try {
      if ((await session.run(statement)).invalid) invalid = true
    } catch (cause) {
      const about = script.repeatable ? undefined : await takeOver(session, statement, cause)
      if (about === undefined) throw failed(script, statement, cause)
      told.push(...about)
    }
    // An insert and its note are one transaction.
    await note(session, script, { md5, statements: at + 1, running: 0 })
  }
  await note(session, script, { md5: md5Of(script), statements: script.statements.length, running: 0 })
  return invalid
}

/** What sql/oracle/owner.sql has the DBA give. @throws PonteError `oracle.migration_privileges` */
async function checkPrivileges(session: Session): Promise<void> {
  const held = new Set((await session.rows('select privilege from session_privs')).map(({ PRIVILEGE }) => PRIVILEGE))
  const quota = await session.rows('select tablespace_name from user_ts_quotas where max_bytes <> 0')
  const missing = PRIVILEGES.filter((privilege) => !held.has(privilege))
  if (quota.length === 0 && !held.has('UNLIMITED TABLESPACE')) missing.push('a quota on its tablespace')
  if (missing.length === 0) return
  throw new PonteError('oracle.migration_privileges', `the owner of the schema lacks ${missing.join(', ')}`, {
    hint: 'sql/oracle/owner.sql is what the DBA runs; ponte migrate logs in as the owner of the objects, not as the user that Ponte runs as',
    exitCode: 2,
  })
}

async function openBook(session: Session): Promise<void> {
  try {
    await session.rows('select 1 from ponte_migrations where 1 = 0')
    return
  } catch (error) {
    if (!isOra(error, 942)) throw error
  }
  await checkPrivileges(session)
  await session.run(BOOK).catch((error) => {
    if (!isOra(error, 955)) throw error
  })
  await session.run("insert into ponte_migrations (name, statements, running) values ('lock', 0, 0)").catch((error) => {
    if (!isOra(error, 1)) throw error
  })
  await session.commit()
}

async function lock(locker: Session): Promise<void> {
  try {
    await locker.rows("select name from ponte_migrations where name = 'lock' for update nowait")
  } catch (cause) {
    if (!isOra(cause, 54)) throw cause
    throw new PonteError('oracle.migration_busy', 'another migration of this schema is under way', {
      hint: 'wait for it, or end it, and run ponte migrate again',
      cause,
    })
  }
}

async function readBook(session: Session): Promise<Map<string, Done>> {
  const rows = await session.rows('select name, md5, statements, running from ponte_migrations')
  return new Map(rows.map((row) => [row.NAME!, { md5: row.MD5 ?? '', statements: Number(row.STATEMENTS), running: Number(row.RUNNING) }]))
}

/** Names and digests are ours: they need no binds. */
async function note(session: Session, { name }: OracleScript, { md5, statements, running }: Done): Promise<void> {
  await session.run(`delete from ponte_migrations where name = '${name}'`)
  await session.run(`insert into ponte_migrations (name, md5, statements, running) values ('${name}', '${md5}', ${statements}, ${running})`)
  await session.commit()
}

/** All tables of the script are there, and none of ours: the ERP's own. @throws PonteError `oracle.migration_partial_erp` when some are */
async function hasItsOwn(session: Session, script: OracleScript): Promise<boolean> {
  const tables = script.statements.flatMap((statement) => /^create table (\w+)/i.exec(statement)?.[1] ?? [])
  const missing: string[] = []
  for (const table of tables) {
    await session.rows(`select 1 from ${table} where 1 = 0`).catch((error) => {
      if (!isOra(error, 942)) throw error
      missing.push(table)
    })
  }
  if (missing.length === 0) return true
  if (missing.length === tables.length) return false
  throw new PonteError('oracle.migration_partial_erp', `the ERP has some of the tables of ${script.name}, but not ${missing.join(', ')}`, {
    hint: 'make views or synonyms of these names over the ERP’s own tables, then run ponte migrate again',
  })
}

/** What was made before something that it names compiles at its first use; what still has errors is told. @throws PonteError `oracle.migration_invalid` */
async function checkCompiled(session: Session): Promise<void> {
  const errors = await session.rows(
    "select type || ' ' || name || ' line ' || line || ': ' || text as told from user_errors where attribute = 'ERROR' order by name, sequence",
  )
  if (errors.length === 0) return
  throw new PonteError('oracle.migration_invalid', `the ERP database does not compile: ${errors.map(({ TOLD }) => TOLD).join('; ')}`, {
    hint: 'the ERP’s own tables may lack a column that sql/oracle names; mend that and run ponte migrate again',
  })
}

const md5Of = ({ statements }: OracleScript): string => createHash('md5').update(statements.join('\n/\n')).digest('hex')

function edited(script: OracleScript): PonteError {
  return new PonteError('oracle.migration_edited', `${script.name} was edited after it was applied`, {
    hint: 'restore the file as it was and put the change in a new file of install.sql',
  })
}

function failed({ name }: OracleScript, statement: string, cause: unknown): PonteError {
  const message = (cause as Error).message.split('\n')[0]
  return new PonteError('oracle.migration_failed', `${name} failed at "${statement.split('\n')[0]}": ${message}`, {
    hint: 'mend the cause and run ponte migrate again: it goes on from here',
    cause,
  })
}
